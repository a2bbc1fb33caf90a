"""Audit rows and notes of a case, in the act's own transaction (T76). Rows hold ids, hashes and codes only (T65)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import Connection

from idservice import audit
from idservice.service import Service

from . import desk_rows, rows, sealed
from .tables import case_notes

SERVICE = "service"
RESIDENT = "resident"


def record(
    db: Connection, service: Service, case: rows.CaseRow, act: str, *, actor: str, data: Mapping[str, Any] | None = None
) -> None:
    """Write one audit row about a case."""
    facts = {"case": case.id, **(data or {})}
    audit.record(db, service, act=act, actor=actor, subject=f"case:{case.number}", data=facts)


def note(db: Connection, service: Service, case: rows.CaseRow, kind: str, text: str, *, officer: str) -> str:
    """Keep words about a case, sealed, and return the note's id. An empty text keeps nothing."""
    if not text:
        return ""
    note_id = rows.new_id()
    row = {
        "id": note_id,
        "case_id": case.id,
        "kind": kind,
        "officer": officer,
        "at": service.clock.now(),
        "sealed": sealed.seal(service, "case_notes", note_id, {"text": text}),
    }
    rows.add(db, case_notes, row)
    return note_id


def note_text(service: Service, row: Any) -> str:
    """Return the words of a note."""
    return str(sealed.unseal(service, "case_notes", row.id, row.sealed)["text"])


def void_proposal(db: Connection, service: Service, case: rows.CaseRow, *, actor: str) -> None:
    """End the open proposal of a case whose content was just edited: it must be made and seen anew (S01, T74)."""
    ended = desk_rows.close_proposal(db, case.id, state="voided", now=service.clock.now())
    if ended is not None:
        data = {"proposal": ended.id, "action": ended.action, "content_hash": ended.content_hash}
        record(db, service, case, "proposal.voided", actor=actor, data=data)
