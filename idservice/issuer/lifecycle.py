"""Suspend, reinstate and revoke issued credentials: all copies at once, in the caller's transaction (T87).

Each act changes the credential rows, the status of every copy that has not lapsed, and writes one audit row; after
the transaction the caller publishes the lists (`registry.status.publish_now`). A revoked credential stays revoked:
the update names the states it may leave, and `revoked` is none of them. Issuing locks the same credential row, so a
copy is either counted in the act or refused by it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row

from idservice import audit
from idservice.issuer import offers, rows
from idservice.problems import Refused
from idservice.registry import status
from idservice.service import Service

CredentialState = Literal["valid", "suspended", "revoked"]

LAPSED_AFTER = timedelta(days=1)
"""How long after its `exp` a copy still follows its credential: nobody's clock is that wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What an act changed: credentials and copies whose state is new; zero of both when there was nothing to do."""

    state: CredentialState
    credentials: int
    copies: int


def suspend(
    db: Connection,
    service: Service,
    *,
    actor: str,
    case_id: str | None = None,
    credential_ids: Collection[str] = (),
    reason: str = "",
) -> Changed:
    """Suspend every valid credential of the case, or those named. `reason` is a code, never free text.

    Harmless when suspended already. Raises Refused `not_found`, `conflict` if all of them are revoked.
    """
    found = _find(db, case_id, credential_ids)
    if all(row.state == "revoked" for row in found):
        raise Refused("conflict", "the credential is revoked", hint="A revoked credential cannot be suspended.")
    return _move(db, service, found, leave=("valid",), to="suspended", actor=actor, case_id=case_id, reason=reason)


def reinstate(
    db: Connection,
    service: Service,
    *,
    actor: str,
    case_id: str | None = None,
    credential_ids: Collection[str] = (),
    reason: str = "",
) -> Changed:
    """Lift the suspension of the case's credentials, or of those named; harmless when there is none.

    Of a case, revoked credentials stay as they are. Raises Refused `not_found`, `conflict` if all of them, or one
    that was named, are revoked.
    """
    found = _find(db, case_id, credential_ids)
    revoked = [row.state == "revoked" for row in found]
    if all(revoked) or (case_id is None and any(revoked)):
        raise Refused("conflict", "a revoked credential stays revoked", hint="Issue a new credential.")
    return _move(db, service, found, leave=("suspended",), to="valid", actor=actor, case_id=case_id, reason=reason)


def revoke(
    db: Connection,
    service: Service,
    *,
    actor: str,
    case_id: str | None = None,
    credential_ids: Collection[str] = (),
    reason: str = "",
) -> Changed:
    """Revoke for good, and cancel the case's waiting offers; harmless when revoked already.

    Raises Refused `not_found`.
    """
    found = _find(db, case_id, credential_ids)
    if case_id is not None:
        offers.cancel_waiting(db, service, case_id, actor=actor)
    leave = ("valid", "suspended")
    return _move(db, service, found, leave=leave, to="revoked", actor=actor, case_id=case_id, reason=reason)


def end(db: Connection, service: Service, *, case_id: str, actor: str) -> None:
    """End a case whose time is over: no refresh any more, waiting offers cancelled, statuses left as they are."""
    rows.named_credentials(db, case_id=case_id, ids=())  # waits for an issue under way, and holds off the next
    offers.cancel_waiting(db, service, case_id, actor=actor)
    revoked = rows.revoke_tokens_of_case(db, now=service.clock.now(), case_id=case_id)
    audit.record(db, service, act="credential.ended", actor=actor, subject=f"case:{case_id}", data={"tokens": revoked})


def state(db: Connection, case_id: str) -> CredentialState | None:
    """Return the state of a case's credentials: revoked only if all are, None before there is one."""
    states = set(rows.states_of_case(db, case_id)) - {"revoked"}
    if "suspended" in states:
        return "suspended"
    if "valid" in states:
        return "valid"
    return "revoked" if rows.states_of_case(db, case_id) else None


def _find(db: Connection, case_id: str | None, credential_ids: Collection[str]) -> rows.Rows:
    if (case_id is None) == (not credential_ids):
        raise Refused("malformed", "name either a case or credentials")
    found = rows.named_credentials(db, case_id=case_id, ids=credential_ids)
    if not found or (case_id is None and len(found) != len(set(credential_ids))):
        raise Refused("not_found", "there is no such credential")
    return found


def _move(
    db: Connection,
    service: Service,
    found: rows.Rows,
    *,
    leave: Collection[str],
    to: CredentialState,
    actor: str,
    case_id: str | None,
    reason: str,
) -> Changed:
    now = service.clock.now()
    ids = [_id(row) for row in found if row.state in leave]
    if not ids:
        return Changed(state=to, credentials=0, copies=0)
    moved = rows.move_credentials(db, ids, leave=leave, to=to, now=now)
    entries = rows.live_status_ids(db, ids, since=now - LAPSED_AFTER)
    changed = status.set_status(db, service, entries, to) if entries else 0
    subject = f"case:{case_id}" if case_id is not None else f"credential:{ids[0]}"
    data = {"state": to, "credentials": ids, "copies": changed, "reason": reason}
    audit.record(db, service, act=f"credential.{_ACTS[to]}", actor=actor, subject=subject, data=data)
    return Changed(state=to, credentials=moved, copies=changed)


_ACTS = {"suspended": "suspended", "valid": "reinstated", "revoked": "revoked"}


def _id(row: Row[Any]) -> str:
    return str(row.id)
