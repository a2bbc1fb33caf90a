"""Tables of the issuer room: offers, the credentials they lead to, tokens, issues and single copies.

    offer 1-n credential 1-n issue 1-n copy          offer 1-n token 1-n issue

A `credential` is what a person holds ("the e-residency of this case"); a `copy` is one signed credential with
a key and a status index of its own; an `issue` is one answer of the credential endpoint (a batch of copies).

What must never happen is forbidden by the database itself: an offer that ended waiting never waits again (T44), a
revoked credential stays revoked (T87), a revoked token stays dead.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    event,
)
from sqlalchemy.engine import Connection

from idservice.database import UtcDateTime, metadata


def _never(table: str, condition: str, message: str) -> dict[str, dict[str, list[str]]]:
    """Return the `info` of a table whose updates must never meet `condition` over OLD and NEW, for each database."""
    name = f"{table}_forward"
    return {
        "triggers": {
            "sqlite": [
                f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
            ],
            "postgresql": [
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {condition} THEN RAISE EXCEPTION '{message}'; END IF; RETURN NEW; END $$",
                f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
            ],
        }
    }


offers = Table(
    "issuer_offers",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("case_id", String(64)),
    Column("state", String(10), nullable=False),  # waiting, redeemed, issued, killed, cancelled
    Column("code_hash", LargeBinary(32), nullable=False, unique=True),
    Column("link_hash", LargeBinary(32), nullable=False, unique=True),
    Column("handle_hash", LargeBinary(32), nullable=False, unique=True),
    Column("sealed", LargeBinary),  # code, link and handle while the offer waits
    Column("tx_code_mac", LargeBinary(32)),
    Column("tx_code_misses", Integer, nullable=False),
    Column("holder_jkt", String(43)),
    Column("created_by", String(120), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("redeemed_at", UtcDateTime),
    Index(None, "case_id"),
    Index(None, "expires_at"),
    info=_never(
        "issuer_offers", "OLD.state <> 'waiting' AND NEW.state = 'waiting'", "an offer that ended never waits again"
    ),
)

credentials = Table(
    "issuer_credentials",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("offer_id", ForeignKey("issuer_offers.id"), nullable=False),
    Column("case_id", String(64)),
    Column("type", String(64), nullable=False),
    Column("state", String(10), nullable=False),  # valid, suspended, revoked
    Column("slots", Integer, nullable=False),
    Column("holder_thumbprint", String(43)),
    Column("row_ref", String(120)),
    Column("dataset", LargeBinary),  # sealed claims; wiped when nothing more can be issued from them
    Column("certificate", LargeBinary),  # sealed certificate chain of a `sign` key, once it is live
    Column("ends_on", Date),  # last day of the administrative validity
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Index(None, "offer_id"),
    Index(None, "case_id"),
    info=_never(
        "issuer_credentials",
        "OLD.state = 'revoked' AND NEW.state <> 'revoked'",
        "a revoked credential stays revoked",
    ),
)

tokens = Table(
    "issuer_tokens",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("kind", String(8), nullable=False),  # access, refresh
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("offer_id", ForeignKey("issuer_offers.id"), nullable=False),
    Column("jkt", String(43)),
    Column("client_id", String(200)),
    Column("granted", JSON, nullable=False),  # configuration id -> identifiers, null when named by configuration
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Index(None, "offer_id"),
    Index(None, "expires_at"),
    info=_never("issuer_tokens", "OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL", "a revoked token stays dead"),
)

issues = Table(
    "issuer_issues",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("token_id", String(22), nullable=False),
    Column("identifier", String(80), nullable=False),
    Column("credential_id", ForeignKey("issuer_credentials.id"), nullable=False),
    Column("notification_id", String(22), nullable=False, unique=True),
    Column("notified", String(24)),
    Column("issued_at", UtcDateTime, nullable=False),
    UniqueConstraint("token_id", "identifier"),
    Index(None, "credential_id"),
)

copies = Table(
    "issuer_copies",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("issue_id", ForeignKey("issuer_issues.id"), nullable=False),
    Column("credential_id", ForeignKey("issuer_credentials.id"), nullable=False),
    Column("thumbprint", String(43), nullable=False),
    Column("status_id", String(64), nullable=False, unique=True),
    Column("status_uri", String(300), nullable=False),
    Column("status_index", Integer, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    UniqueConstraint("issue_id", "thumbprint"),
    UniqueConstraint("status_uri", "status_index"),
    Index(None, "credential_id", "valid_until"),
)


def _make_triggers(table: Table, connection: Connection, **_: Any) -> None:
    for statement in table.info["triggers"].get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


for _table in (offers, credentials, tokens):
    event.listen(_table, "after_create", _make_triggers)
