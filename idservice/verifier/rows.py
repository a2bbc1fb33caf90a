"""The verifier's tables and all their SQL.

Every step of a request's life is one conditional UPDATE, so of any number of callers at once exactly one takes it
(threat model rule 5, T54, T85). What was disclosed lies sealed in one column, apart from the verdict, and is wiped
by itself.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Connection, Row
from sqlalchemy.sql import ColumnElement

from idservice.database import UtcDateTime, insert_once, metadata

from .presentation import EndedRequest, EndState, OpenRequest, Request, State

OPEN: tuple[State, ...] = ("waiting", "opened")

presentation_requests = Table(
    "presentation_requests",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("agency_id", String(40), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("purpose", String(80)),
    Column("flow", String(12), nullable=False),
    Column("handle", String(8), nullable=False, unique=True),
    Column("client_id", String(300), nullable=False),
    Column("request_ref", String(22), nullable=False, unique=True),
    Column("response_ref", String(22), nullable=False, unique=True),
    Column("nonce", String(43), nullable=False),
    Column("wire_state", String(22), nullable=False),
    Column("query", JSON, nullable=False),
    Column("transaction_data", JSON, nullable=False),
    Column("key_jwk", JSON, nullable=False),
    Column("key_sealed", LargeBinary),
    Column("redirect_uri", String(2000)),
    Column("webhook_url", String(2000)),
    Column("session_hash", LargeBinary(32)),
    Column("extended", Boolean, nullable=False),
    Column("response_code_hash", LargeBinary(32)),
    Column("error", String(40)),
    Column("verdict", JSON),
    Column("credentials_sealed", LargeBinary),
    Column("claims_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index(None, "state", "expires_at"),
    Index(None, "claims_until"),
    Index(None, "ended_at"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("agency_id", String(40), nullable=False),
    Column("request_id", String(22), nullable=False, index=True),
    Column("url", String(2000), nullable=False),
    Column("state", String(10), nullable=False),
    Column("verdict", JSON),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Index(None, "delivered_at", "next_at"),
)

_requests = presentation_requests
_deliveries = webhook_deliveries


def add(db: Connection, values: Mapping[str, Any]) -> bool:
    """Write a new request; False when its handle is taken (then draw another)."""
    return insert_once(db, _requests, values)


def find(
    db: Connection,
    *,
    now: datetime,
    id: str | None = None,
    handle: str | None = None,
    request_ref: str | None = None,
    response_ref: str | None = None,
) -> OpenRequest | EndedRequest | None:
    """Return the request with one of these keys; one whose time has run out is returned as expired."""
    keys = {"id": id, "handle": handle, "request_ref": request_ref, "response_ref": response_ref}
    where = and_(*(_requests.c[name] == value for name, value in keys.items() if value is not None))
    if all(value is None for value in keys.values()):
        raise ValueError("a request is found by one of its keys")
    row = db.execute(select(_requests).where(where)).one_or_none()
    return None if row is None else _read(row, now)


def states(db: Connection, handles: Collection[str], *, now: datetime) -> dict[str, State]:
    """Return the present state of each of these requests, for the pages that wait for it."""
    columns = (_requests.c.handle, _requests.c.state, _requests.c.expires_at)
    found = db.execute(select(*columns).where(_requests.c.handle.in_(sorted(handles))))
    return {row.handle: _state(row, now) for row in found}


def open_(db: Connection, id: str, *, now: datetime) -> bool:
    """Note that a wallet has fetched the request; False when it was opened before or is over."""
    here = and_(_requests.c.id == id, _requests.c.state == "waiting", _requests.c.expires_at > now)
    return db.execute(update(_requests).where(here).values(state="opened")).rowcount == 1


def end(db: Connection, request: OpenRequest, *, state: EndState, now: datetime, **values: Any) -> bool:
    """Take a request out of `waiting` or `opened`, once; False for everyone who comes too late.

    The nonce is part of the condition: an answer to a question that was asked anew in the meantime does not count.
    """
    here = and_(_still_open(now), _requests.c.id == request.id, _requests.c.nonce == request.nonce)
    written = {"state": state, "ended_at": now, "key_sealed": None, **values}
    return db.execute(update(_requests).where(here).values(**written)).rowcount == 1


def ask_again(db: Connection, request: OpenRequest, *, now: datetime, **values: Any) -> bool:
    """Give a request its one extension, with a new nonce, key and ids; False when it had it or is over."""
    here = and_(_still_open(now), _requests.c.id == request.id, _requests.c.extended.is_(False))
    written = {"state": "waiting", "extended": True, **values}
    return db.execute(update(_requests).where(here).values(**written)).rowcount == 1


def bind_session(db: Connection, id: str, session_hash: bytes) -> bool:
    """Tie a request to the first browser that shows it; False when it is tied already."""
    here = and_(_requests.c.id == id, _requests.c.session_hash.is_(None))
    return db.execute(update(_requests).where(here).values(session_hash=session_hash)).rowcount == 1


def collected(db: Connection, id: str) -> bool:
    """Note that the agency has the claims; False when it had them before."""
    here = and_(_requests.c.id == id, _requests.c.state == "answered")
    return db.execute(update(_requests).where(here).values(state="done")).rowcount == 1


def overdue(db: Connection, *, now: datetime, limit: int) -> list[OpenRequest]:
    """Return open requests whose time has run out."""
    late = and_(_requests.c.state.in_(OPEN), _requests.c.expires_at <= now)
    found = db.execute(select(_requests).where(late).order_by(_requests.c.expires_at).limit(limit))
    return [_open(row) for row in found]


def expire(db: Connection, request: OpenRequest, *, now: datetime) -> bool:
    """Write down that a request ran out; False when somebody else did."""
    here = and_(_requests.c.id == request.id, _requests.c.state.in_(OPEN), _requests.c.expires_at <= now)
    written = {"state": "expired", "ended_at": request.expires_at, "key_sealed": None}
    return db.execute(update(_requests).where(here).values(**written)).rowcount == 1


def forget_claims(db: Connection, *, now: datetime) -> int:
    """Wipe what was disclosed and has waited long enough; return how many requests that concerned."""
    due = and_(_requests.c.claims_until <= now, _requests.c.credentials_sealed.is_not(None))
    written = {"credentials_sealed": None, "state": "done"}
    return db.execute(update(_requests).where(due).values(**written)).rowcount


def forget_requests(db: Connection, *, ended_before: datetime) -> int:
    """Delete requests that ended long ago; return how many."""
    return db.execute(delete(_requests).where(_requests.c.ended_at < ended_before)).rowcount


def add_delivery(db: Connection, values: Mapping[str, Any]) -> None:
    """Write down that an agency is to be told."""
    insert_once(db, _deliveries, values)


def due_deliveries(db: Connection, *, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Return messages that are due, the oldest first."""
    due = and_(_deliveries.c.delivered_at.is_(None), _deliveries.c.next_at <= now)
    return db.execute(select(_deliveries).where(due).order_by(_deliveries.c.next_at).limit(limit)).all()


def delivered(db: Connection, id: str, *, now: datetime) -> None:
    """Note that a message arrived."""
    db.execute(update(_deliveries).where(_deliveries.c.id == id).values(delivered_at=now))


def postpone(db: Connection, id: str, *, attempts: int, next_at: datetime) -> None:
    """Note that a message did not arrive, and when it is tried again."""
    here = and_(_deliveries.c.id == id, _deliveries.c.delivered_at.is_(None))
    db.execute(update(_deliveries).where(here).values(attempts=attempts, next_at=next_at))


def forget_deliveries(db: Connection, *, created_before: datetime, delivered_before: datetime) -> int:
    """Delete messages that arrived, and those that were tried long enough; return how many."""
    gone = or_(_deliveries.c.delivered_at < delivered_before, _deliveries.c.created_at < created_before)
    return db.execute(delete(_deliveries).where(gone)).rowcount


def _still_open(now: datetime) -> ColumnElement[bool]:
    return and_(_requests.c.state.in_(OPEN), _requests.c.expires_at > now)


def _state(row: Any, now: datetime) -> State:
    return cast(State, "expired" if row.state in OPEN and row.expires_at <= now else row.state)


_SHARED = tuple(name for name in Request.__dataclass_fields__ if name != "state")


def _shared(row: Row[Any]) -> dict[str, Any]:
    return {name: row._mapping[name] for name in _SHARED}


def _open(row: Row[Any]) -> OpenRequest:
    return OpenRequest(
        **_shared(row),
        state=row.state,
        request_ref=row.request_ref,
        response_ref=row.response_ref,
        wire_state=row.wire_state,
        transaction_data=tuple(row.transaction_data),
        key_jwk=row.key_jwk,
        key_sealed=row.key_sealed,
    )


def _read(row: Row[Any], now: datetime) -> OpenRequest | EndedRequest:
    state = _state(row, now)
    if state in OPEN:
        return _open(row)
    return EndedRequest(
        **_shared(row),
        state=cast(EndState, state),
        ended_at=row.ended_at or row.expires_at,
        verdict=row.verdict,
        error=row.error,
        credentials_sealed=row.credentials_sealed,
        claims_until=row.claims_until,
        response_code_hash=row.response_code_hash,
    )
