"""The audit trail: who did what to which object, written in the act's own transaction (T76).

Rows hold ids, hashes and codes, never a name or another personal value. The columns `sequence`, `previous_hash` and
`hash` stay null until the sequencer links a row into the chain, by "not yet sequenced" and never by insertion order.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, String, Table, insert, literal, select, tuple_
from sqlalchemy.engine import Connection

from idservice.database import UtcDateTime, metadata
from idservice.service import Service

audit_rows = Table(
    "audit_rows",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("act", String(60), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("data", JSON, nullable=False),
    Column("sequence", BigInteger, unique=True),
    Column("previous_hash", LargeBinary(32)),
    Column("hash", LargeBinary(32)),
    Index(None, "at", "id"),
    Index(None, "subject"),
)

_INSERT = insert(audit_rows)


def record(
    db: Connection, service: Service, *, act: str, actor: str, subject: str, data: Mapping[str, Any] | None = None
) -> str:
    """Write one audit row in the caller's transaction and return its id.

    `act` is a stable word such as `offer.created`; `actor` is `staff:<id>`, `agency:<id>`, `resident`, `wallet` or
    `service`; `subject` is the id of what was acted on, such as `case:<number>`.
    """
    row_id = secrets.token_urlsafe(16)
    row = {"act": act, "actor": actor, "subject": subject, "data": dict(data or {})}
    db.execute(_INSERT, {"id": row_id, "at": service.clock.now(), **row})
    return row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One row as auditors read it."""

    id: str
    at: datetime
    act: str
    actor: str
    subject: str
    data: Mapping[str, Any]
    sequence: int | None


def page(
    db: Connection, *, after: str | None = None, limit: int = 100, act: str | None = None, subject: str | None = None
) -> list[AuditRow]:
    """Return up to `limit` rows, oldest first, after the row `after`; an unknown `after` begins at the start."""
    query = select(audit_rows).order_by(audit_rows.c.at, audit_rows.c.id).limit(limit)
    place = None
    if after is not None:
        place = db.execute(select(audit_rows.c.at, audit_rows.c.id).where(audit_rows.c.id == after)).one_or_none()
    if place is not None:
        query = query.where(tuple_(audit_rows.c.at, audit_rows.c.id) > tuple_(literal(place.at), literal(place.id)))
    if act is not None:
        query = query.where(audit_rows.c.act == act)
    if subject is not None:
        query = query.where(audit_rows.c.subject == subject)
    names = ("id", "at", "act", "actor", "subject", "data", "sequence")
    return [AuditRow(**{name: getattr(row, name) for name in names}) for row in db.execute(query)]
