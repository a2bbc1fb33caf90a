"""Which copy is shown to whom: single use, and one pairwise slot for each agency (contract, keys; T62, T63).

A slot is a credential identifier of the issuer (`e-residency/17`); its copies share one
`pairwise_sub`. A slot is tied to an agency when that agency first asks for the claim, and the claim
is never disclosed to another. Copies of slots that are not tied yet serve everybody else.
"""

from collections.abc import Sequence
from typing import Final

from wallet_cli.errors import WalletError
from wallet_cli.model import Copy, Credential, Wallet

LOW_COPIES: Final = 3
"""At this many unused copies or fewer the wallet fetches a new batch after a presentation."""
PAIRWISE_CLAIM: Final = "pairwise_sub"


def unused(credential: Credential, identifier: str | None = None) -> list[Copy]:
    """Copies that were not shown yet; of one identifier, if given."""
    return [
        copy
        for copy in credential.copies
        if copy.used_at is None and (identifier is None or copy.identifier == identifier)
    ]


def ties(wallet: Wallet, credential: Credential) -> dict[str, str]:
    """The slots of this credential's type that belong to an agency: slot -> DID."""
    prefix = f"{credential.configuration_id}/"
    tied = wallet.slots.get(credential.issuer, {})
    return {slot: did for slot, did in tied.items() if slot.startswith(prefix)}


def tie(wallet: Wallet, credential: Credential, slot: str, verifier_did: str) -> None:
    """Give a slot to an agency, for good; the caller saves."""
    wallet.slots.setdefault(credential.issuer, {})[slot] = verifier_did


def slot_of(wallet: Wallet, credential: Credential, verifier_did: str) -> str | None:
    """The slot that is tied to this agency for this credential, if there is one."""
    return next((slot for slot, did in ties(wallet, credential).items() if did == verifier_did), None)


def free_slots(wallet: Wallet, credential: Credential) -> list[str]:
    """Slots with unused copies that are not tied to anybody."""
    tied = ties(wallet, credential)
    return sorted({copy.identifier for copy in unused(credential) if "/" in copy.identifier} - tied.keys())


def pick(wallet: Wallet, credential: Credential, *, pairwise_for: str | None, taken: Sequence[Copy] = ()) -> Copy:
    """Return the copy to show. `pairwise_for` is the agency's DID when it asks for the pairwise claim.

    `taken` are copies that the same answer shows already.

    A copy that was shown before is given only where the credential cannot be refreshed and nothing
    else is left; the caller has to say so to the person (`used_at` is set). Raises NoCopyLeft.
    """
    if not credential.single_use:
        return credential.copies[0]
    candidates: Sequence[Copy]
    if pairwise_for is not None:
        slot = slot_of(wallet, credential, pairwise_for) or next(iter(free_slots(wallet, credential)), None)
        candidates = unused(credential, slot) if slot is not None else ()
    else:
        tied = ties(wallet, credential)
        candidates = [copy for copy in unused(credential) if copy.identifier not in tied]
        candidates = candidates or unused(credential)
    candidates = [copy for copy in candidates if copy not in taken]
    if candidates:
        return min(candidates, key=lambda copy: copy.number)
    if pairwise_for is None and credential.copies and not credential.grant:
        return min(credential.copies, key=lambda copy: copy.used_at or copy.received_at)
    raise NoCopyLeft(
        f"No unused copy of {credential.type} is left.",
        why="Each copy is shown once, so that nobody can put your visits together.",
        hint=f"wallet refresh {credential.id}" if credential.grant else "ask the issuing office for a new offer",
    )


class NoCopyLeft(WalletError):
    """Every copy that could be shown was shown."""

    code = "not_found"


def prune(wallet: Wallet, credential: Credential) -> None:
    """Forget copies that were shown, and their keys: what is gone cannot be shown twice.

    The last one of a credential that nobody refreshes stays, marked as shown.
    """
    used = [copy for copy in credential.copies if copy.used_at is not None]
    if not credential.single_use or not used:
        return
    if not credential.grant and len(used) == len(credential.copies):
        used = sorted(used, key=lambda copy: copy.used_at or copy.received_at)[:-1]
    for copy in used:
        credential.copies.remove(copy)
        drop_key(wallet, copy.key)


def drop_key(wallet: Wallet, key_id: str) -> None:
    """Forget a copy's key, unless something else still uses it."""
    stored = wallet.keys.get(key_id)
    still = any(copy.key == key_id for credential in wallet.credentials for copy in credential.copies)
    waiting = any(key_id in item.keys for pending in wallet.pending for item in pending.items if not item.done)
    if stored is not None and stored.use == "copy" and not still and not waiting:
        del wallet.keys[key_id]


def tidy(wallet: Wallet) -> None:
    """Forget refresh tokens that no credential needs, and application keys that nothing refers to; the caller saves."""
    needed = {one.grant for one in wallet.credentials} | {one.grant for one in wallet.pending}
    wallet.grants = [grant for grant in wallet.grants if grant.id in needed]
    kept = {key for one in wallet.applications for key in (one.auth_key, one.sign_key)}
    kept |= {grant.key for grant in wallet.grants} | {one.dpop_key for one in wallet.pending}
    kept |= {key for one in wallet.pending for item in one.items for key in item.keys}
    kept |= {copy.key for one in wallet.credentials for copy in one.copies}
    wallet.keys = {id_: key for id_, key in wallet.keys.items() if id_ in kept}


def needs_refill(wallet: Wallet, credential: Credential) -> list[str]:
    """Identifiers of which a new batch is due; an empty identifier means the configuration itself.

    For slots: one untied slot is kept ahead, so that no fetch betrays a visit; a tied slot is filled up
    when it runs low.
    """
    if not credential.grant or not credential.single_use:
        return []
    identifiers = {copy.identifier for copy in credential.copies}
    tied = ties(wallet, credential)
    if not tied and not any("/" in name for name in identifiers):
        return [next(iter(identifiers), "")] if len(unused(credential)) <= LOW_COPIES else []
    low = [slot for slot in sorted(tied) if len(unused(credential, slot)) <= LOW_COPIES]
    spare = free_slots(wallet, credential)
    if not spare:
        low.append(NEW_SLOT)
    elif all(len(unused(credential, name)) <= LOW_COPIES for name in spare):
        low.append(spare[0])
    return low


NEW_SLOT: Final = "*"
"""Stands for a slot still to be drawn from those that the issuer offers."""
