"""The audit trail: who did what to which object, written in the act's own transaction (T76).

Rows hold ids, hashes and codes, never a name or another personal value. The columns `sequence`, `previous_hash` and
`hash` stay null until the sequencer links a row into the chain, by "not yet sequenced" and never by insertion order.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, String, Table, insert
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


def record(
    db: Connection, service: Service, *, act: str, actor: str, subject: str, data: Mapping[str, Any] | None = None
) -> str:
    """Write one audit row in the caller's transaction and return its id.

    `act` is a stable word such as `offer.created`; `actor` is `staff:<id>`, `agency:<id>`, `resident`, `wallet` or
    `service`; `subject` is the id of what was acted on, such as `case:<number>`.
    """
    row_id = secrets.token_urlsafe(16)
    row = {"act": act, "actor": actor, "subject": subject, "data": dict(data or {})}
    db.execute(insert(audit_rows).values(id=row_id, at=service.clock.now(), **row))
    return row_id
