"""The state of what the wallet holds, from what it knows without asking anybody."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from credentials.formats import FORMATS
from credentials.status.token_status_list import INVALID, SUSPENDED
from did.errors import IdError
from wallet_cli import copies as pools
from wallet_cli.errors import NotFound
from wallet_cli.model import Copy, Credential
from wallet_cli.text import clean
from wallet_cli.views import day

if TYPE_CHECKING:
    from wallet_cli.session import Session

STATES: Final = {
    "valid": "valid",
    "pin2_initial": "PIN2 not changed",
    "empty": "no copy left",
    "expired": "run out",
    "suspended": "suspended",
    "revoked": "revoked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One credential as lists show it."""

    id: str
    type: str
    issuer: str
    issuer_id: str
    copies: int
    end: datetime | None
    end_words: str
    state: str

    @property
    def state_words(self) -> str:
        """The state for people."""
        return STATES[self.state]


def holdings(session: "Session") -> list[Holding]:
    """Every credential, in the order they came."""
    return [holding(session, credential) for credential in session.wallet.credentials]


def holding(session: "Session", credential: Credential) -> Holding:
    """One credential as lists show it."""
    usable = usable_copies(credential)
    ends = [copy.valid_until for copy in usable if copy.valid_until is not None]
    end = min(ends) if ends else None
    return Holding(
        id=credential.id,
        type=clean(credential.type, limit=30),
        issuer=clean(credential.issuer_name, limit=40),
        issuer_id=credential.issuer,
        copies=len(usable),
        end=end,
        end_words=day(end, session.wallet.language) if end is not None else "-",
        state=_state(session, credential, usable),
    )


def usable_copies(credential: Credential) -> list[Copy]:
    """Copies that could be shown: unused ones, or the one that serves for all."""
    return pools.unused(credential) if credential.single_use else list(credential.copies)


def _state(session: "Session", credential: Credential, usable: list[Copy]) -> str:
    told = kept_status(session, (usable or credential.copies)[0]) if credential.copies else None
    if told == INVALID:
        return "revoked"
    if told == SUSPENDED:
        return "suspended"
    if not usable:
        return "empty"
    if all(copy.valid_until is not None and copy.valid_until <= session.now() for copy in usable):
        return "expired"
    gate = session.wallet.gates.get("sign")
    if credential.role == "sign" and gate is not None and gate.initial:
        return "pin2_initial"
    return "valid"


def kept_status(session: "Session", copy: Copy, *, format: str = "dc+sd-jwt") -> int | None:
    """What the kept status list says of a copy; None where none is kept. For display: not checked again here."""
    from credentials.status.token_status_list import StatusList, parse_token

    reference = FORMATS[format].parse(copy.text).status
    kept = session.wallet.statuses.get(reference.uri) if reference is not None else None
    if reference is None or kept is None:
        return None
    try:
        token = parse_token(kept.body)
        return StatusList.from_compressed(token.bits, token.compressed).get(reference.index)
    except IdError:
        return None


def find(session: "Session", credential_id: str) -> Credential:
    """Return a credential by its id, or by its type where there is one of that type. Raises NotFound."""
    wallet = session.wallet
    named = [one for one in wallet.credentials if one.id == credential_id]
    named = named or [one for one in wallet.credentials if one.type == credential_id]
    if len(named) == 1:
        return named[0]
    raise NotFound(
        f"The wallet holds no credential {clean(credential_id, limit=40)}."
        if not named
        else f"The wallet holds several credentials of type {clean(credential_id, limit=40)}.",
        hint="wallet list shows the ids",
    )
