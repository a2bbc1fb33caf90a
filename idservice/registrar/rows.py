"""All SQL on cases, applications and persons. Callers own the transaction.

What two requests may try at once is one conditional statement: `move`, `insert_once` (threat model,
rule 5; T85). What officers add to a case is in `desk_rows.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, insert, or_, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from idservice.database import insert_once
from idservice.problems import Refused

from .states import ENDED, TRANSITIONS, next_state
from .tables import (
    case_applications,
    case_ends,
    case_numbers,
    cases,
    persons,
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


@contextmanager
def or_conflict(db: Connection, detail: str, *, hint: str) -> Iterator[None]:
    """Do a write in a savepoint; what a unique constraint stops becomes a refusal (`conflict`) with these words."""
    try:
        with db.begin_nested():
            yield
    except IntegrityError as exc:
        raise Refused("conflict", detail, hint=hint) from exc


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
    """Return up to `limit` cases in `states` that match, locked, in id order; those that others hold are left out."""
    statement = select(cases).where(cases.c.state.in_(states), where).order_by(cases.c.id).limit(limit)
    return db.execute(statement.with_for_update(skip_locked=True)).all()


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
