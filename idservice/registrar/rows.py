"""All SQL on the tables of cases. Callers own the transaction.

What two requests may try at once is one conditional statement: `move`, `claim_proposal`,
`insert_once` (threat model, rule 5; T85).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Row

from idservice.database import insert_once
from idservice.problems import Refused

from .states import ENDED, TRANSITIONS, next_state
from .tables import (
    case_applications,
    case_checks,
    case_ends,
    case_followups,
    case_notes,
    case_numbers,
    case_proposals,
    cases,
    check_marks,
    persons,
    staff_keys,
)

CaseRow = Row[Any]
"""One row of `cases`; attributes are named as the columns in `tables.py`."""


def new_id() -> str:
    """Return 128 random bits as the id of a row."""
    return secrets.token_urlsafe(16)


def add(db: Connection, table: Table, values: Mapping[str, Any]) -> str:
    """Insert a row with a new id, unless `values` brings one, and return the id."""
    row = {"id": new_id(), **values}
    db.execute(insert(table).values(**row))
    return str(row["id"])


def next_number(db: Connection, *, year: int) -> str:
    """Return the next case number of a year, such as `2026-004217`."""
    insert_once(db, case_numbers, {"year": year, "last": 0})
    taken = update(case_numbers).where(case_numbers.c.year == year).values(last=case_numbers.c.last + 1)
    return f"{year}-{db.execute(taken.returning(case_numbers.c.last)).scalar_one():06d}"


# Cases


def add_case(db: Connection, values: Mapping[str, Any]) -> bool:
    """Insert a case; False if its auth key has a case that has not ended."""
    return insert_once(db, cases, values)


def case_by(db: Connection, where: ColumnElement[bool], *, lock: bool) -> CaseRow | None:
    """Return one case. `lock` keeps others out of it until the transaction ends (PostgreSQL; SQLite has one writer)."""
    statement = select(cases).where(where)
    return db.execute(statement.with_for_update() if lock else statement).one_or_none()


def by_id(db: Connection, case_id: str, *, lock: bool = False) -> CaseRow | None:
    """Return the case with this id."""
    return case_by(db, cases.c.id == case_id, lock=lock)


def by_number(db: Connection, number: str, *, lock: bool = False) -> CaseRow | None:
    """Return the case with this number."""
    return case_by(db, cases.c.number == number, lock=lock)


def by_live_key(db: Connection, auth_jkt: str) -> CaseRow | None:
    """Return the case of this auth key that has not ended."""
    return case_by(db, cases.c.live_auth_jkt == auth_jkt, lock=False)


def by_renewal_code(db: Connection, digest: bytes) -> CaseRow | None:
    """Return the draft that waits for an application with this renewal code, locked."""
    return case_by(db, cases.c.renewal_code == digest, lock=True)


def edit(db: Connection, case_id: str, *, now: datetime, **values: Any) -> CaseRow:
    """Change columns of a case, never its state, and return the new row."""
    changed = {**values, "version": cases.c.version + 1, "updated_at": now}
    statement = update(cases).where(cases.c.id == case_id).values(**changed)
    return db.execute(statement.returning(cases)).one()


def move(db: Connection, case: CaseRow, act: str, *, now: datetime, **values: Any) -> CaseRow:
    """Take a case along `act` of the transition table and return the new row.

    One conditional write: of two acts at once the second finds the state gone.
    Raises Refused (`conflict`) where the table has no way, or another was first.
    """
    target = next_state(act, case.state)
    ended = target in ENDED
    if ended:
        values["live_auth_jkt"] = None
    statement = (
        update(cases)
        .where(cases.c.id == case.id, cases.c.state == case.state, cases.c.state.in_(TRANSITIONS[act]))
        .values(**values, state=target, version=cases.c.version + 1, updated_at=now)
        .returning(cases)
    )
    moved = db.execute(statement).one_or_none()
    if moved is None:
        raise Refused("conflict", "the case was changed by another at the same time", hint="read the case again")
    if ended:
        db.execute(insert(case_ends).values(case_id=case.id, state=target, at=now))
    return moved


def page(db: Connection, *, states: Collection[str], after: str | None, limit: int) -> Sequence[CaseRow]:
    """Return cases in the order of the queue: deadline, then number. `after` is the last number of the page before."""
    statement = select(cases).order_by(cases.c.decision_due, cases.c.number).limit(limit)
    if states:
        statement = statement.where(cases.c.state.in_(states))
    if after is not None:
        last = select(cases.c.decision_due).where(cases.c.number == after).scalar_subquery()
        later = and_(cases.c.decision_due == last, cases.c.number > after)
        statement = statement.where(or_(cases.c.decision_due > last, later))
    return db.execute(statement).all()


def due(db: Connection, states: Collection[str], where: ColumnElement[bool], *, limit: int) -> Sequence[CaseRow]:
    """Return up to `limit` cases in `states` that match, for background work, oldest id order."""
    return db.execute(select(cases).where(cases.c.state.in_(states), where).order_by(cases.c.id).limit(limit)).all()


def for_recheck(db: Connection, states: Collection[str], *, now: datetime, limit: int) -> Sequence[CaseRow]:
    """Return cases whose 30-day re-check is due."""
    return due(db, states, cases.c.next_check_at <= now, limit=limit)


def for_expiry(db: Connection, states: Collection[str], *, today: date, limit: int) -> Sequence[CaseRow]:
    """Return cases whose date of expiry has passed."""
    return due(db, states, cases.c.date_of_expiry < today, limit=limit)


def with_offer(db: Connection, state: str, *, after: str, limit: int) -> Sequence[CaseRow]:
    """Return cases in `state` that have an offer, in id order behind `after`."""
    return due(db, [state], and_(cases.c.offer_id.is_not(None), cases.c.id > after), limit=limit)


def same_person(db: Connection, case: CaseRow, *, without: Collection[str] = ()) -> Sequence[CaseRow]:
    """Return other cases of the same name and birthdate, or of the same travel document, or the same person."""
    alike: list[ColumnElement[bool]] = [
        cases.c.person_mac == case.person_mac,
        cases.c.document_mac == case.document_mac,
    ]
    if case.person_id is not None:
        alike.append(cases.c.person_id == case.person_id)
    statement: Select[Any] = select(cases).where(or_(*alike), cases.c.id != case.id)
    return [row for row in db.execute(statement.order_by(cases.c.number)).all() if row.id not in without]


def receipt_used(db: Connection, case_id: str, receipt_mac: bytes) -> bool:
    """Whether another case was paid with this receipt."""
    statement = select(cases.c.id).where(cases.c.receipt_mac == receipt_mac, cases.c.id != case_id).limit(1)
    return db.execute(statement).first() is not None


def renewal_of(db: Connection, case_id: str) -> CaseRow | None:
    """Return the renewal of a case that has not ended, if there is one."""
    statement = select(cases).where(cases.c.previous_case_id == case_id, cases.c.state.not_in(ENDED))
    return db.execute(statement.limit(1)).one_or_none()


# Applications


def add_application(db: Connection, values: Mapping[str, Any]) -> bool:
    """Keep a signed form; False if this key sent this `jti` before."""
    return insert_once(db, case_applications, values)


def application_by_jti(db: Connection, *, jkt: str, jti: bytes) -> Row[Any] | None:
    """Return the form that this key sent under this `jti`."""
    here = and_(case_applications.c.jkt == jkt, case_applications.c.jti == jti)
    return db.execute(select(case_applications).where(here)).one_or_none()


def application(db: Connection, application_id: str) -> Row[Any]:
    """Return one kept form."""
    return db.execute(select(case_applications).where(case_applications.c.id == application_id)).one()


# Persons and their codes


def add_person(db: Connection, values: Mapping[str, Any]) -> bool:
    """Insert a person; False if the personal code is taken."""
    return insert_once(db, persons, values)


def person(db: Connection, person_id: str) -> Row[Any]:
    """Return one person."""
    return db.execute(select(persons).where(persons.c.id == person_id)).one()


def person_by_code(db: Connection, code_mac: bytes) -> Row[Any] | None:
    """Return the person who has a code."""
    return db.execute(select(persons).where(persons.c.code_mac == code_mac)).one_or_none()


# Checks, marks, notes, follow-ups


def put_check(db: Connection, values: Mapping[str, Any]) -> str:
    """Write a check result; what stood under the same name before is kept as superseded."""
    here = and_(case_checks.c.case_id == values["case_id"], case_checks.c.name == values["name"])
    db.execute(update(case_checks).where(here, case_checks.c.superseded.is_(False)).values(superseded=True))
    return add(db, case_checks, {"superseded": False, **values})


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


def check_history(db: Connection, case_id: str) -> Sequence[Row[Any]]:
    """Return every result ever written for a case, oldest first."""
    here = case_checks.c.case_id == case_id
    return db.execute(select(case_checks).where(here).order_by(case_checks.c.at, case_checks.c.id)).all()


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
