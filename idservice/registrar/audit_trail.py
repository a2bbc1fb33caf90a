"""The audit trail as an auditor reads it: ids, hashes and codes, never the content of a case."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.engine import Connection

from idservice.audit import audit_rows

from . import rows


def page(
    db: Connection, *, after: str | None, limit: int, actor: str | None, act: str | None, case: str | None
) -> list[dict[str, Any]]:
    """Return up to `limit` rows behind the row `after`, oldest first. `case` is a case number."""
    columns = audit_rows.c
    wanted: list[ColumnElement[bool]] = []
    if actor is not None:
        wanted.append(columns.actor == actor)
    if act is not None:
        wanted.append(columns.act == act)
    if case is not None:
        found = rows.by_number(db, case)
        # The issuer's rows name a case by its id.
        wanted.append(columns.subject.in_([f"case:{case}", *([f"case:{found.id}"] if found else [])]))
    if after is not None:
        last = select(columns.at).where(columns.id == after).scalar_subquery()
        wanted.append(or_(columns.at > last, and_(columns.at == last, columns.id > after)))
    statement = select(audit_rows).where(*wanted).order_by(columns.at, columns.id).limit(limit)
    return [
        {
            "id": row.id,
            "at": row.at.isoformat().replace("+00:00", "Z"),
            "act": row.act,
            "actor": row.actor,
            "subject": row.subject,
            "data": row.data,
        }
        for row in db.execute(statement)
    ]
