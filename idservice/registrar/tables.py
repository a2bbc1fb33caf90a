"""The tables of cases.

Personal data lie in `sealed` columns (encrypted under the keystore's seal, with the row's own
context); what must be searched for lies in `*_mac` columns (keyed hashes). Everything else in a
row is a number, a code, a time or an id. Only `rows.py` reads and writes them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from idservice.database import UtcDateTime, metadata

from .states import STATES

ID: Final = 22

persons = Table(
    "persons",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("code_mac", LargeBinary(32), nullable=False, unique=True),
    Column("person_mac", LargeBinary(32), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""People who were given a personal code; `sealed` is the code."""

case_numbers = Table(
    "case_numbers",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("number", String(16), nullable=False, unique=True),
    Column("type", String(64), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False, default=0),
    Column("auth_jkt", String(43)),
    Column("sign_jkt", String(43)),
    # The auth key of a case that has not ended: one key, one case.
    Column("live_auth_jkt", String(43), unique=True),
    Column("application_id", String(ID)),
    Column("person_mac", LargeBinary(32), index=True),
    Column("document_mac", LargeBinary(32), index=True),
    Column("receipt_mac", LargeBinary(32), unique=True),
    Column("receipt_by", String(120)),
    Column("person_id", String(ID), ForeignKey("persons.id"), index=True),
    Column("previous_case_id", String(ID), ForeignKey("cases.id"), index=True),
    Column("renewal_code", LargeBinary(32), unique=True),
    Column("reason", String(40)),
    Column("decision_due", UtcDateTime, nullable=False),
    Column("grant_id", String(ID)),
    Column("date_of_expiry", Date, index=True),
    Column("offer_id", String(64)),
    Column("activated_at", UtcDateTime),
    Column("next_check_at", UtcDateTime, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("id", "state"),
    CheckConstraint("state IN (" + ", ".join(f"'{state}'" for state in STATES) + ")", name="state"),
)

case_ends = Table(
    "case_ends",
    metadata,
    Column("case_id", String(ID), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["case_id", "state"], ["cases.id", "cases.state"]),
)
"""Nails an ended case to its state: the database refuses to move a case that a row here points at."""

case_applications = Table(
    "case_applications",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("case_id", String(ID), ForeignKey("cases.id"), nullable=False, index=True),
    Column("jkt", String(43), nullable=False),
    Column("jti", LargeBinary(32), nullable=False),
    Column("payload_mac", LargeBinary(32), nullable=False),
    Column("sha256", String(43), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    UniqueConstraint("jkt", "jti"),
)
"""Every signed form, as it came; `sha256` is over the signed bytes, whose signature no one can guess."""

case_checks = Table(
    "case_checks",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("case_id", String(ID), ForeignKey("cases.id"), nullable=False, index=True),
    Column("name", String(40), nullable=False),
    Column("result", String(8), nullable=False),
    Column("source", String(100), nullable=False),
    Column("officer", String(120), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("sealed", LargeBinary),
    Column("superseded", Boolean, nullable=False, default=False),
    CheckConstraint("result IN ('passed', 'look', 'failed')", name="result"),
)

check_marks = Table(
    "check_marks",
    metadata,
    Column("check_id", String(ID), ForeignKey("case_checks.id"), primary_key=True),
    Column("officer", String(120), primary_key=True),
    Column("mark", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

case_proposals = Table(
    "case_proposals",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("case_id", String(ID), ForeignKey("cases.id"), nullable=False, index=True),
    # Equal to case_id while the proposal is open: one open proposal a case, by the constraint.
    Column("open_case_id", String(ID), unique=True),
    Column("action", String(16), nullable=False),
    Column("base_hash", String(43), nullable=False),
    Column("content_hash", String(43), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("author", String(120), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("state", String(10), nullable=False),
    Column("decided_by", String(120)),
    Column("decided_at", UtcDateTime),
    CheckConstraint("decided_by IS NULL OR decided_by <> author", name="four_eyes"),
    CheckConstraint("state <> 'approved' OR decided_by IS NOT NULL", name="decided"),
)

case_notes = Table(
    "case_notes",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("case_id", String(ID), ForeignKey("cases.id"), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("officer", String(120), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

case_followups = Table(
    "case_followups",
    metadata,
    Column("id", String(ID), primary_key=True),
    Column("case_id", String(ID), ForeignKey("cases.id"), nullable=False, index=True),
    Column("open_case_id", String(ID), unique=True),
    Column("checks", JSON, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", String(120)),
)
"""Hits of the re-check: a question for an officer, never an effect of its own."""

staff_keys = Table(
    "staff_keys",
    metadata,
    Column("staff_id", String(ID), primary_key=True),
    Column("thumbprint", String(43), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""Keys that members of staff declared as their own: no officer acts on a case that one of them signed."""
