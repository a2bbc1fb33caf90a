"""From an accepted offer to stored credentials, so that a power cut loses nothing that cannot be had again.

token -> [stored: token, keys] -> credentials -> checked -> [stored] -> notified. What is in brackets
is on disk before the next step begins: after a crash `wallet receive` goes on with the same token and
the same keys. A token answer that never arrived is lost; the office makes a new offer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from credentials.openid.metadata import CredentialConfiguration
from did.errors import IdError
from did.signing import LocalSigner
from wallet_cli import copies as pools
from wallet_cli.checking import CheckedCopy, check_batch
from wallet_cli.errors import WalletError
from wallet_cli.issuing import Access, Issuing, read_issuer, read_server
from wallet_cli.model import Copy, Credential, Event, Pending, PendingItem, Role
from wallet_cli.offering import type_name
from wallet_cli.redeeming import renew
from wallet_cli.services import KnownIssuer

if TYPE_CHECKING:
    from wallet_cli.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What one request brought: type, number of new copies, and the credential they went into."""

    type: str
    copies: int
    credential: str


def finish(session: "Session", pending: Pending, *, told: Callable[[Received], None] | None = None) -> list[Received]:
    """Ask for everything that is still open, check it, store it, tell the issuer. Safe to run again after a crash."""
    metadata = read_issuer(session, pending.issuer)
    issuing = Issuing(session, metadata, read_server(session, metadata.server))
    issuer = session.services.issuer(pending.issuer)
    key = _signer(session, "auth", pending.dpop_key) if pending.dpop_key else None
    access = Access(token=pending.access_token, key=key)
    brought: list[Received] = []
    for item in pending.items:
        if not item.done:
            brought.append(_one(session, pending, item, issuing=issuing, issuer=issuer, access=access))
            if told is not None:
                told(brought[-1])
    for notification_id in list(pending.notices):
        issuing.notify(access, notification_id, "credential_accepted")
    forget(session, pending)
    session.save()
    return brought


def _one(
    session: "Session", pending: Pending, item: PendingItem, *, issuing: Issuing, issuer: KnownIssuer, access: Access
) -> Received:
    configuration = issuing.metadata.configurations.get(item.configuration_id)
    if configuration is None or configuration.type is None:
        raise WalletError("The issuer no longer offers what was asked for.", hint="ask the issuing office")
    session.services.learn_type(configuration.type)
    signers = [_signer(session, item.role, key_id) for key_id in item.keys]
    response = issuing.credentials(access, configuration=configuration, identifier=item.identifier, keys=signers)
    try:
        checked = check_batch(
            session,
            response.credentials,
            format=configuration.format,
            vct=configuration.type,
            issuer=issuing.issuer_id,
            keys={signer.public_key.thumbprint(): signer.public_key for signer in signers},
        )
    except IdError:
        if response.notification_id is not None:
            issuing.notify(access, response.notification_id, "credential_failure")
        raise
    received = _store(session, pending, item, checked, configuration=configuration, issuer=issuer)
    if response.notification_id is not None:
        pending.notices.append(response.notification_id)
    item.done = True
    for key_id in item.keys:
        pools.drop_key(session.wallet, key_id)  # the issuer made fewer copies than keys were proven
    session.save()
    return received


def _store(
    session: "Session",
    pending: Pending,
    item: PendingItem,
    checked: Sequence[CheckedCopy],
    *,
    configuration: CredentialConfiguration,
    issuer: KnownIssuer,
) -> Received:
    wallet = session.wallet
    now = session.now()
    credential = _credential_for(session, pending, item, configuration=configuration, issuer=issuer)
    replaced = [copy for copy in credential.copies if copy.identifier == item.identifier]
    credential.copies = [copy for copy in credential.copies if copy.identifier != item.identifier]
    credential.copies += [
        Copy(
            text=copy.text,
            key=copy.key,
            number=number,
            batch=len(checked),
            received_at=now,
            valid_until=copy.parsed.valid_until,
            identifier=item.identifier,
        )
        for number, copy in enumerate(checked, start=1)
    ]
    for copy in replaced:
        pools.drop_key(wallet, copy.key)
    credential.received_at = now
    credential.single_use = item.role != "sign"
    wallet.history.append(
        Event(
            at=now,
            kind="received",
            who=issuer.name,
            who_id=issuer.did,
            what=f"{credential.type}: {len(checked)} {'copies' if len(checked) != 1 else 'copy'}",
            outcome="refreshed" if item.into else "received",
        )
    )
    return Received(type=credential.type, copies=len(checked), credential=credential.id)


def _credential_for(
    session: "Session",
    pending: Pending,
    item: PendingItem,
    *,
    configuration: CredentialConfiguration,
    issuer: KnownIssuer,
) -> Credential:
    wallet = session.wallet
    for credential in wallet.credentials:
        if credential.id == item.into:
            return credential
    name = type_name(configuration)
    credential = Credential(
        id=new_credential_id([one.id for one in wallet.credentials], name),
        type=name,
        configuration_id=configuration.id,
        format=configuration.format,
        vct=configuration.type or "",
        issuer=issuer.id,
        issuer_name=issuer.name,
        role=item.role,
        received_at=session.now(),
        grant=pending.grant,
    )
    wallet.credentials.append(credential)
    return credential


def new_credential_id(taken: Sequence[str], type_name: str) -> str:
    """A short id for people to type: the type's first letter and a number, `e1`."""
    letter = next((char for char in type_name.lower() if char.isascii() and char.isalpha()), "c")
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"


def forget(session: "Session", pending: Pending) -> None:
    """Drop an issuance that is over, with the keys that nothing is bound to; the caller saves."""
    wallet = session.wallet
    if pending in wallet.pending:
        wallet.pending.remove(pending)
    pools.tidy(wallet)


def _signer(session: "Session", role: Role, key_id: str) -> LocalSigner:
    return session.gates.signer(session.open_role(role), key_id)


# --- refilling -----------------------------------------------------------------------------------


def refill(session: "Session", wanted: Sequence[tuple[Credential, str]]) -> list[Received]:
    """Fetch new batches for (credential, identifier) pairs, grouped by what lets us ask. The auth role must be open."""
    brought: list[Received] = []
    by_grant: dict[str, list[tuple[Credential, str]]] = {}
    for credential, identifier in wanted:
        by_grant.setdefault(credential.grant, []).append((credential, identifier))
    for grant_id, pairs in by_grant.items():
        grant = next((one for one in session.wallet.grants if one.id == grant_id), None)
        if grant is None:
            continue
        key = _signer(session, "auth", grant.key)
        brought += finish(session, renew(session, grant, pairs, key=key))
    return brought


def resume(session: "Session", *, told: Callable[[Received], None] | None = None, ask: bool = True) -> list[Received]:
    """Go on with every issuance that was interrupted; one whose token has run out is dropped.

    What was dropped can be fetched again with `wallet refresh` where the issuer gave a refresh token. Without
    `ask`, one that would need a PIN that was not given stays for later.
    """
    brought: list[Received] = []
    for pending in list(session.wallet.pending):
        open_items = [item for item in pending.items if not item.done]
        if open_items and session.now() >= pending.expires_at - timedelta(seconds=5):
            forget(session, pending)
            session.save()
        elif ask or all(session.role_is_open(role) for role in {"auth", *(item.role for item in open_items)}):
            brought += finish(session, pending, told=told)
    return brought


def lost_items(session: "Session") -> int:
    """How many requests are waiting under tokens that have run out."""
    late = [one for one in session.wallet.pending if session.now() >= one.expires_at - timedelta(seconds=5)]
    return sum(1 for pending in late for item in pending.items if not item.done)
