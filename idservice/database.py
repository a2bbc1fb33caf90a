"""Engine, transactions and the few column types all rooms share. SQLAlchemy 2 Core; SQLite and PostgreSQL.

A request's transaction is opened inside the endpoint (`with transaction(service.engine) as db:`), never by a
dependency: FastAPI would hold its locks while the answer queues for a thread. On SQLite every transaction begins
IMMEDIATE, so a second one opened inside the first waits for itself: short transactions of their own come first.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import DateTime, Dialect, Engine, MetaData, Table, create_engine, event, literal
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator

from idservice.fifo import FifoLock

BUSY_TIMEOUT_MS = 10_000
POOL_SIZE = 10
"""Connections a worker keeps; up to 40 endpoint threads share these and `POOL_OVERFLOW` more."""
POOL_OVERFLOW = 30
POSTGRESQL_POOL = 10
"""The same for PostgreSQL, which allows a hundred in all by default; requests wait in turn for one."""
_POSTGRESQL_LIMITS = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
_READING = "idservice_reading"
_QUEUES: WeakKeyDictionary[Engine, FifoLock] = WeakKeyDictionary()

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite forgets the zone, so it is put back when a row is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was about to be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def make_engine(url: str) -> Engine:
    """Return the engine for a SQLAlchemy URL (`sqlite:///…` or `postgresql+psycopg://…`)."""
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        engine = create_engine(
            url,
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
        _QUEUES[engine] = FifoLock()
        return engine
    if backend == "postgresql":
        return create_engine(
            url,
            connect_args={"connect_timeout": 5, "options": _POSTGRESQL_LIMITS},
            pool_size=POSTGRESQL_POOL,
            max_overflow=POSTGRESQL_POOL,
            pool_timeout=10,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    raise ValueError(f"the database {backend!r} is not supported: use sqlite or postgresql")


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    # sqlite3 of Python 3.11 begins by itself, and deferred, unless it is told not to.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get(_READING, False)
    statement = "BEGIN" if reads_only else "BEGIN IMMEDIATE"
    # Past SQLAlchemy, whose way to the driver costs more than the statement; so its error is named here.
    try:
        connection.connection.dbapi_connection.execute(statement)  # type: ignore[union-attr]  # sqlite3's own
    except sqlite3.Error as error:
        raise OperationalError(statement, None, error) from error


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction; commit at the end of the block, roll back when it raises.

    On SQLite the threads of a process take turns. Raises sqlalchemy's TimeoutError when no turn comes.
    """
    queue = _QUEUES.get(engine)
    if queue is None:
        with engine.begin() as connection:
            yield connection
        return
    if not queue.acquire(BUSY_TIMEOUT_MS / 1000):
        raise TimeoutError("no turn to write came")
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        queue.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: on SQLite it waits for no writer. A write in it is a mistake."""
    with engine.connect().execution_options(**{_READING: True}) as connection, connection.begin():
        yield connection


def insert_once(db: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert one row unless a unique constraint already holds one like it; return whether it was inserted.

    One statement, so of two callers at the same time exactly one gets True (threat model rule 5, T85).
    """
    return db.execute(_insert_once(table, db.dialect.name), dict(values)).first() is not None


@lru_cache(maxsize=64)
def _insert_once(table: Table, dialect: str) -> ReturningInsert[tuple[int]]:
    make_insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
    # RETURNING, not a row count: the count of an INSERT is not kept for every driver.
    return make_insert(table).on_conflict_do_nothing().returning(literal(1))
