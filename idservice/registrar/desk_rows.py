"""All SQL on what officers add to a case: check results, marks, notes, follow-ups, proposals, keys of staff.

Callers own the transaction. A proposal is decided by one conditional statement, `claim_proposal`
(threat model, rule 5; T85).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.engine import Connection, Row

from idservice.database import insert_once

from .rows import new_id
from .tables import (
    case_checks,
    case_followups,
    case_notes,
    case_proposals,
    cases,
    check_marks,
    staff_keys,
)


def put_checks(db: Connection, case_id: str, values: Sequence[Mapping[str, Any]]) -> None:
    """Write check results of one case; what stood under the same names before is kept as superseded."""
    names = [row["name"] for row in values]
    here = and_(case_checks.c.case_id == case_id, case_checks.c.name.in_(names), case_checks.c.superseded.is_(False))
    db.execute(update(case_checks).where(here).values(superseded=True))
    db.execute(insert(case_checks), [{"superseded": False, "case_id": case_id, **row} for row in values])


def checks(db: Connection, case_id: str) -> Sequence[Row[Any]]:
    """Return the results in force, by name."""
    here = and_(case_checks.c.case_id == case_id, case_checks.c.superseded.is_(False))
    return db.execute(select(case_checks).where(here).order_by(case_checks.c.name)).all()


def flagged(db: Connection, case_ids: Collection[str]) -> dict[str, set[str]]:
    """Return the results other than `passed` that are in force, by case."""
    here = and_(
        case_checks.c.case_id.in_(case_ids), case_checks.c.superseded.is_(False), case_checks.c.result != "passed"
    )
    found: dict[str, set[str]] = {}
    for row in db.execute(select(case_checks.c.case_id, case_checks.c.result).where(here)):
        found.setdefault(row.case_id, set()).add(row.result)
    return found


def proposed(db: Connection, case_ids: Collection[str]) -> dict[str, str]:
    """Return the action of the open proposal, for those cases that have one."""
    here = case_proposals.c.open_case_id.in_(case_ids)
    return {row.case_id: row.action for row in db.execute(select(case_proposals).where(here))}


def put_mark(db: Connection, *, check_id: str, officer: str, mark: str, now: datetime) -> None:
    """Set an officer's mark on a result; a later mark of the same officer takes its place."""
    values = {"check_id": check_id, "officer": officer, "mark": mark, "at": now}
    if not insert_once(db, check_marks, values):
        here = and_(check_marks.c.check_id == check_id, check_marks.c.officer == officer)
        db.execute(update(check_marks).where(here).values(mark=mark, at=now))


def marks(db: Connection, check_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Return the marks on these results."""
    here = check_marks.c.check_id.in_(check_ids)
    return db.execute(select(check_marks).where(here).order_by(check_marks.c.at, check_marks.c.officer)).all()


def notes(db: Connection, case_id: str) -> Sequence[Row[Any]]:
    """Return the notes of a case, oldest first."""
    here = case_notes.c.case_id == case_id
    return db.execute(select(case_notes).where(here).order_by(case_notes.c.at, case_notes.c.id)).all()


def open_followup(db: Connection, *, case_id: str, checks: Sequence[str], now: datetime) -> bool:
    """Open a follow-up on a case; False if one is open already."""
    values = {"id": new_id(), "case_id": case_id, "open_case_id": case_id, "checks": list(checks), "opened_at": now}
    return insert_once(db, case_followups, values)


def close_followup(db: Connection, *, case_id: str, officer: str, now: datetime) -> bool:
    """Close the open follow-up of a case; False if there is none."""
    closed = {"open_case_id": None, "closed_at": now, "closed_by": officer}
    return (
        db.execute(update(case_followups).where(case_followups.c.open_case_id == case_id).values(**closed)).rowcount
        == 1
    )


def list_followups(db: Connection, *, limit: int) -> Sequence[Row[Any]]:
    """Return open follow-ups with the number of their case, oldest first."""
    joined = case_followups.join(cases, cases.c.id == case_followups.c.case_id)
    statement = select(case_followups, cases.c.number).select_from(joined)
    here = case_followups.c.open_case_id.is_not(None)
    return db.execute(statement.where(here).order_by(case_followups.c.opened_at).limit(limit)).all()


def open_followups(db: Connection, case_ids: Collection[str]) -> dict[str, list[str]]:
    """Return the names of the checks that hit, for those cases that have an open follow-up."""
    here = case_followups.c.open_case_id.in_(case_ids)
    return {row.open_case_id: list(row.checks) for row in db.execute(select(case_followups).where(here))}


# Proposals


def add_proposal(db: Connection, values: Mapping[str, Any]) -> bool:
    """Insert an open proposal; False if the case has an open one."""
    return insert_once(db, case_proposals, values)


def proposal(db: Connection, proposal_id: str) -> Row[Any] | None:
    """Return one proposal."""
    return db.execute(select(case_proposals).where(case_proposals.c.id == proposal_id)).one_or_none()


def open_proposal(db: Connection, case_id: str) -> Row[Any] | None:
    """Return the open proposal of a case."""
    return db.execute(select(case_proposals).where(case_proposals.c.open_case_id == case_id)).one_or_none()


def open_proposals(db: Connection, *, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Return proposals that can be decided, with the number of their case, oldest first."""
    here = and_(case_proposals.c.open_case_id.is_not(None), case_proposals.c.expires_at > now)
    joined = case_proposals.join(cases, cases.c.id == case_proposals.c.case_id)
    statement = select(case_proposals, cases.c.number).select_from(joined).where(here)
    return db.execute(statement.order_by(case_proposals.c.at, case_proposals.c.id).limit(limit)).all()


def proposals(db: Connection, case_id: str) -> Sequence[Row[Any]]:
    """Return every proposal ever made on a case, oldest first."""
    here = case_proposals.c.case_id == case_id
    return db.execute(select(case_proposals).where(here).order_by(case_proposals.c.at)).all()


def claim_proposal(
    db: Connection, *, proposal_id: str, content_hash: str, state: str, officer: str, now: datetime
) -> bool:
    """Decide an open proposal over exactly this content; True for one caller ever (T74, T85)."""
    proposals = case_proposals.c
    statement = (
        update(case_proposals)
        .where(
            proposals.id == proposal_id,
            proposals.state == "open",
            proposals.content_hash == content_hash,
            proposals.author != officer,
            proposals.expires_at > now,
        )
        .values(state=state, open_case_id=None, decided_by=officer, decided_at=now)
    )
    return db.execute(statement).rowcount == 1


def close_proposal(db: Connection, case_id: str, *, state: str, now: datetime) -> Row[Any] | None:
    """End the open proposal of a case without a decision (`voided` or `expired`) and return it."""
    ended = {"state": state, "open_case_id": None, "decided_at": now}
    statement = update(case_proposals).where(case_proposals.c.open_case_id == case_id).values(**ended)
    return db.execute(statement.returning(case_proposals)).one_or_none()


def lapsed_proposals(db: Connection, *, now: datetime, limit: int) -> Sequence[str]:
    """Return cases whose open proposal has run out."""
    here = and_(case_proposals.c.open_case_id.is_not(None), case_proposals.c.expires_at <= now)
    return db.execute(select(case_proposals.c.case_id).where(here).limit(limit)).scalars().all()


# Keys of staff


def add_staff_key(db: Connection, *, staff_id: str, thumbprint: str, now: datetime) -> bool:
    """Keep a key as one of a member of staff; False if it is kept already."""
    return insert_once(db, staff_keys, {"staff_id": staff_id, "thumbprint": thumbprint, "at": now})


def has_staff_key(db: Connection, *, staff_id: str, thumbprints: Collection[str]) -> bool:
    """Whether one of these keys is known as the member's own."""
    here = and_(staff_keys.c.staff_id == staff_id, staff_keys.c.thumbprint.in_(thumbprints))
    return db.execute(select(func.count()).select_from(staff_keys).where(here)).scalar_one() > 0
