"""Values that may be used once: DPoP `jti`, spent `c_nonce`s, request ids (threat model rule 5, T49, T51)."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Column, Index, LargeBinary, String, Table, delete
from sqlalchemy.engine import Connection

from idservice.database import UtcDateTime, insert_once, metadata

single_use_values = Table(
    "single_use_values",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "expires_at"),
)


def consume(db: Connection, kind: str, value: str, *, expires_at: datetime) -> bool:
    """Spend `value` in the caller's transaction; True the first time, False ever after.

    Only a digest is kept, until `expires_at`: the caller refuses the value by its own age from then on.
    """
    row = {"kind": kind, "digest": sha256(value.encode()).digest(), "expires_at": expires_at}
    return insert_once(db, single_use_values, row)


def purge(db: Connection, *, now: datetime) -> int:
    """Forget values that are too old to be accepted anyway; return how many."""
    return db.execute(delete(single_use_values).where(single_use_values.c.expires_at < now)).rowcount
