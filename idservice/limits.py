"""Counters against guessing and floods, in the database: they hold across workers and restarts (T45, T67).

Every function opens a short transaction of its own, since a count must outlive the refusal that it causes. Call them
before the request's transaction begins: inside it, SQLite would wait for itself. After a failed check inside a
transaction raise `Refused(..., after=lambda: limits.miss(...))`: it is counted once the transaction is gone.
"""

from datetime import datetime, timedelta

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from idservice.database import UtcDateTime, metadata, reading, transaction
from idservice.problems import Refused
from idservice.service import Service

limit_counters = Table(
    "limit_counters",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("window_start", UtcDateTime, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "expires_at"),
)


def check(service: Service, key: str, *, limit: int, window: timedelta) -> None:
    """Refuse (`rate_limited`) when `key` already has `limit` misses in the running window; count nothing.

    `key` names what is limited and whom, such as `token:<source>`; only a MAC of it is stored.
    """
    with reading(service.engine) as db:
        check_in(db, service, key, limit=limit, window=window)


def check_in(db: Connection, service: Service, key: str, *, limit: int, window: timedelta) -> None:
    """The same inside a transaction that is open already: it only reads."""
    now = service.clock.now()
    start = _window_start(now, window)
    if _count(db, _digest(service, key), start) >= limit:
        raise _too_many(start + window - now)


def miss(service: Service, key: str, *, window: timedelta) -> int:
    """Count one miss for `key` and return how many the running window has."""
    now = service.clock.now()
    with transaction(service.engine) as db:
        return _add(db, _digest(service, key), _window_start(now, window), window)


def hit(service: Service, key: str, *, limit: int, window: timedelta) -> None:
    """Count one use of `key` and refuse (`rate_limited`) when the window had `limit` already."""
    now = service.clock.now()
    start = _window_start(now, window)
    with transaction(service.engine) as db:
        count = _add(db, _digest(service, key), start, window)
    if count > limit:
        raise _too_many(start + window - now)


def purge(db: Connection, *, now: datetime) -> int:
    """Forget windows that are over; return how many."""
    return db.execute(delete(limit_counters).where(limit_counters.c.expires_at < now)).rowcount


def _digest(service: Service, key: str) -> bytes:
    return service.keys.mac("limits", key.encode())


def _window_start(now: datetime, window: timedelta) -> datetime:
    seconds = window.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)


def _count(db: Connection, digest: bytes, start: datetime) -> int:
    row = (limit_counters.c.key == digest) & (limit_counters.c.window_start == start)
    return db.execute(select(limit_counters.c.count).where(row)).scalar() or 0


def _add(db: Connection, digest: bytes, start: datetime, window: timedelta) -> int:
    make_insert = sqlite_insert if db.dialect.name == "sqlite" else postgresql_insert
    first = make_insert(limit_counters).values(key=digest, window_start=start, count=1, expires_at=start + window)
    added = first.on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"count": limit_counters.c.count + 1}
    ).returning(limit_counters.c.count)
    return int(db.execute(added).scalar_one())


def _too_many(left: timedelta) -> Refused:
    seconds = max(1, int(left.total_seconds()) + 1)
    return Refused("rate_limited", f"too many tries; the next is taken in {seconds} s", retry_after=seconds)
