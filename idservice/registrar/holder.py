"""What a resident does alone, proven by a DPoP proof of a key of the case: follow, answer, freeze, revoke (S01, S05).

Whether an id is unknown or belongs to somebody else is never told apart (T66): the same work is done and
the same refusal given.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.engine import Connection

from credentials.errors import ProtocolError
from credentials.openid.oauth import DpopProof, check_dpop_proof
from idservice import limits, single_use
from idservice.database import transaction
from idservice.problems import Refused
from idservice.service import Service

from . import decide, events, rows, suspend
from .settle import settle
from .states import REVOKED, UNDECIDED

MISSES: Final = 30
WINDOW: Final = timedelta(minutes=10)
_HINT: Final = "send a fresh DPoP proof for this method and address, signed by the auth key of the case"


def prove(service: Service, header: str | None, *, method: str, path: str) -> DpopProof:
    """Return the DPoP proof of a request without an access token. Spends its `jti` in a transaction of its own.

    Raises Refused: `unauthenticated` (none, or not good for this request), `request_replayed`.
    """
    if header is None:
        raise Refused("unauthenticated", "this needs proof of the key of the case", hint=_HINT)
    try:
        proof = check_dpop_proof(header, method=method, url=service.url(path), now=service.clock.now())
    except ProtocolError as exc:
        raise Refused("unauthenticated", exc.detail, hint=_HINT) from exc
    with transaction(service.engine) as db:
        fresh = single_use.consume(db, "dpop-v1", f"{proof.jkt}.{proof.jti}", expires_at=proof.expires_at)
    if not fresh:
        raise Refused("request_replayed", "this proof was used before", hint=_HINT)
    return proof


def guard(service: Service, source: str) -> None:
    """Refuse a source that has asked for too many cases that were not its own (T66, T67)."""
    limits.check(service, _key(source), limit=MISSES, window=WINDOW)


def own_case(db: Connection, service: Service, case_id: str, jkt: str, *, source: str) -> rows.CaseRow:
    """Return the case of this `auth` key, settled and locked.

    Raises Refused (`not_found`), the same for an unknown id and for another's; counted as a miss.
    """
    case = rows.by_id(db, case_id, lock=True)
    if case is None or case.auth_jkt != jkt:
        raise _foreign(service, source, "not_found", "this key has no such case")
    return settle(db, service, case)


def held_case(db: Connection, service: Service, case_id: str, jkt: str, *, source: str) -> rows.CaseRow:
    """Return the case of this `auth` or `sign` key, settled and locked: any one factor may freeze.

    Raises Refused (`holder_binding_invalid`), the same for an unknown id and for another's; counted as a miss.
    """
    case = rows.by_id(db, case_id, lock=True)
    if case is None or jkt not in (case.auth_jkt, case.sign_jkt):
        raise _foreign(service, source, "holder_binding_invalid", "the key is not one of this case")
    return settle(db, service, case)


def freeze(db: Connection, service: Service, case: rows.CaseRow) -> rows.CaseRow:
    """Suspend the holder's own case."""
    return suspend.suspend(db, service, case, cause="holder_frozen", words="", actor=events.RESIDENT)


def revoke(db: Connection, service: Service, case: rows.CaseRow) -> rows.CaseRow:
    """Withdraw an application that is not decided, or revoke what was granted; harmless when it is revoked."""
    if case.state == REVOKED:
        return case
    if case.state in UNDECIDED:
        events.void_proposal(db, service, case, actor=events.RESIDENT)
        moved = rows.move(db, case, "withdraw", now=service.clock.now(), reason="withdrawn")
        events.record(db, service, moved, "case.withdrawn", actor=events.RESIDENT)
        return moved
    return decide.revoke(db, service, case, reason="holder_request", actor=events.RESIDENT)


def _foreign(service: Service, source: str, code: str, detail: str) -> Refused:
    def count() -> None:
        limits.miss(service, _key(source), window=WINDOW)

    return Refused(code, detail, hint="use the wallet that sent the application, and its id", after=count)


def _key(source: str) -> str:
    return f"case:{source}"
