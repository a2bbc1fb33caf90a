"""Tables of the registry: status lists and their places, published tokens, types, personal codes, the signed list.

What must never happen is forbidden by the database itself: a place is unique in its list (T38), a revoked place never
changes again and never goes (T87, T100), a published token never gives way to an older one.
"""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)
from sqlalchemy.engine import Connection

from idservice.database import UtcDateTime, metadata

personal_codes = Table(
    "personal_codes",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("reserved_at", UtcDateTime, nullable=False),
)

type_metadata = Table(
    "type_metadata",
    metadata,
    Column("vct", String(300), primary_key=True),
    Column("rules_digest", LargeBinary(32), nullable=False),  # of everything but the words
    Column("document", LargeBinary, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
)

status_lists = Table(
    "status_lists",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("open", Integer, nullable=False),  # 1 while places are given out
    Column("version", Integer, nullable=False),  # grows with every change of a place
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("size >= 131072", name="large"),
)

status_entries = Table(
    "status_entries",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("list_id", ForeignKey("status_lists.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("value", Integer, nullable=False),
    Column("kind", String(6), nullable=False),  # copy, decoy
    Column("until", UtcDateTime, nullable=False),
    UniqueConstraint("list_id", "place"),
    CheckConstraint("value IN (0, 1, 2)", name="value"),
    CheckConstraint("place >= 0", name="place"),
    Index(None, "list_id", "value"),
    Index(None, "value", "until"),
    info={
        "triggers": {
            "sqlite": [
                "CREATE TRIGGER status_entries_keep BEFORE UPDATE ON status_entries "
                "WHEN OLD.value = 1 AND (NEW.value <> 1 OR NEW.list_id <> OLD.list_id OR NEW.place <> OLD.place) "
                "BEGIN SELECT RAISE(ABORT, 'a revoked status never changes'); END",
                "CREATE TRIGGER status_entries_stay BEFORE DELETE ON status_entries WHEN OLD.value = 1 "
                "BEGIN SELECT RAISE(ABORT, 'a revoked status never goes'); END",
            ],
            "postgresql": [
                "CREATE FUNCTION status_entries_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF TG_OP = 'DELETE' THEN "
                "IF OLD.value = 1 THEN RAISE EXCEPTION 'a revoked status never goes'; END IF; RETURN OLD; END IF; "
                "IF OLD.value = 1 AND (NEW.value <> 1 OR NEW.list_id <> OLD.list_id OR NEW.place <> OLD.place) "
                "THEN RAISE EXCEPTION 'a revoked status never changes'; END IF; RETURN NEW; END $$",
                "CREATE TRIGGER status_entries_keep BEFORE UPDATE OR DELETE ON status_entries "
                "FOR EACH ROW EXECUTE FUNCTION status_entries_keep()",
            ],
        }
    },
)

status_tokens = Table(
    "status_tokens",
    metadata,
    Column("list_id", ForeignKey("status_lists.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("token", Text, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    info={
        "triggers": {
            "sqlite": [
                "CREATE TRIGGER status_tokens_forward BEFORE UPDATE ON status_tokens "
                "WHEN NEW.version < OLD.version OR NEW.issued_at < OLD.issued_at "
                "BEGIN SELECT RAISE(ABORT, 'a published status list never goes back'); END",
            ],
            "postgresql": [
                "CREATE FUNCTION status_tokens_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF NEW.version < OLD.version OR NEW.issued_at < OLD.issued_at "
                "THEN RAISE EXCEPTION 'a published status list never goes back'; END IF; RETURN NEW; END $$",
                "CREATE TRIGGER status_tokens_forward BEFORE UPDATE ON status_tokens "
                "FOR EACH ROW EXECUTE FUNCTION status_tokens_forward()",
            ],
        }
    },
)

trusted_lists = Table(
    "trusted_lists",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("content_digest", LargeBinary(32), nullable=False),
    Column("token", Text, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
)


def _make_triggers(table: Table, connection: Connection, **_: Any) -> None:
    for statement in table.info["triggers"].get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


for _table in (status_entries, status_tokens):
    event.listen(_table, "after_create", _make_triggers)
