"""Fresh copies under the refresh token, and fresh lists (contract, keys and times)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from credentials.formats import FORMATS
from wallet_cli import copies as pools
from wallet_cli import receiving
from wallet_cli.errors import NotFound, Unavailable
from wallet_cli.model import Credential
from wallet_cli.receiving import Received
from wallet_cli.statuses import CachedStatuses

if TYPE_CHECKING:
    from wallet_cli.session import Session


def refresh_copies(session: "Session", wanted: Sequence[Credential] | None) -> list[Received]:
    """Replace the copies of these credentials, or of all that can be refreshed. Raises NotFound."""
    chosen = [one for one in session.wallet.credentials if one.grant] if wanted is None else list(wanted)
    for credential in chosen:
        if not credential.grant:
            raise NotFound(
                f"{credential.type} cannot be refreshed: the issuer gave no refresh token for it.",
                hint="ask the issuing office for a new offer",
            )
    if not chosen:
        raise NotFound("The wallet holds nothing that can be refreshed.", hint="wallet list")
    pairs = [(credential, identifier) for credential in chosen for identifier in _identifiers(session, credential)]
    if any(credential.role == "sign" for credential in chosen):
        session.open_role("sign")
    return receiving.refill(session, pairs)


def _identifiers(session: "Session", credential: Credential) -> list[str]:
    """Every slot the wallet uses, or a new one; or the configuration itself, for a type without slots."""
    held = {copy.identifier for copy in credential.copies}
    tied = pools.ties(session.wallet, credential)
    if not tied and not any("/" in name for name in held):
        return [next(iter(held), "")]
    return [*sorted(tied), *(pools.free_slots(session.wallet, credential) or [pools.NEW_SLOT])]


def status_uris(session: "Session") -> list[str]:
    """The status lists that the wallet's copies stand in."""
    found: dict[str, None] = {}
    for credential in session.wallet.credentials:
        for copy in credential.copies:
            reference = FORMATS[credential.format].parse(copy.text).status
            if reference is not None:
                found[reference.uri] = None
    return list(found)


def refresh_lists(session: "Session") -> dict[str, Any]:
    """Fetch every status list and every signed list now. Raises Unavailable when one cannot be had."""
    session.services.refresh_all()
    uris = status_uris(session)
    source = CachedStatuses(session, renew=True)
    before = {uri: session.wallet.statuses.get(uri) for uri in uris}
    for uri in uris:
        source.get(uri, now=session.now())
    stale = [uri for uri in uris if session.wallet.statuses.get(uri) is before[uri]]
    for uri in set(session.wallet.statuses) - set(uris):
        del session.wallet.statuses[uri]
    session.save()
    if stale:
        raise Unavailable(
            "A status list could not be fetched.",
            why="The kept one is used while it is fresh enough.",
            hint="try again in a minute",
        )
    return {"status_lists": len(uris), "signed_lists": len(session.wallet.services)}
