"""The checks of a case: each has a result, a source, a time and an officer (S01).

`passed`; `failed`, which stands in the way of an approval; `look`, which an officer must mark. Running
them again writes new results beside the old ones, which are kept. A mark stays with a result that says
the same as the one before.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy.engine import Connection, Row

from idservice.problems import Refused
from idservice.registry import personal_code
from idservice.service import Service

from . import cases, desk_rows, events, rows, sealed
from .form import Form
from .screening import Lists, open_lists
from .states import DRAFT, HOLDING, UNDECIDED

Result = Literal["passed", "look", "failed"]

PERSON_MARKS: Final = frozenset({"other_person", "same_person", "cannot_tell"})
OTHER_MARKS: Final = frozenset({"accepted", "not_accepted"})
CLEARING: Final = frozenset({"other_person", "accepted"})
"""Marks after which a `look` no longer stands in the way."""

ABOUT_PERSONS: Final = frozenset({"sanctions", "duplicate"})
MACHINE_ONLY: Final = frozenset({"personal_code", "sanctions", "duplicate"})
"""Under these names an officer can write `failed` only: a hit is marked, not overwritten."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,38}")
_PURPOSE_LETTERS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one check found; `details` (case numbers, list entries) are for officers who examine."""

    name: str
    result: Result
    source: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the checks look at."""

    db: Connection
    service: Service
    case: rows.CaseRow
    form: Form
    lists: Lists | None
    today: date


def evaluate(db: Connection, service: Service, case: rows.CaseRow) -> list[Outcome]:
    """Run every check on the form in force and return what each found; nothing is written but a new personal code.

    Raises Refused (`unavailable`) when a list cannot be read.
    """
    lists = open_lists(service.settings.data, dev=service.settings.dev)
    form = cases.form_of(db, service, case)
    subject = Subject(db=db, service=service, case=case, form=form, lists=lists, today=service.clock.now().date())
    return [check(subject) for check in CHECKS.values()]


def run(db: Connection, service: Service, case: rows.CaseRow, *, officer: str) -> rows.CaseRow:
    """Run the checks of a case that is being examined and write the results."""
    case = rows.move(db, case, "check", now=service.clock.now())
    write(db, service, case, evaluate(db, service, case), officer=officer)
    found = rows.by_id(db, case.id)
    assert found is not None
    return found


def write(
    db: Connection, service: Service, case: rows.CaseRow, outcomes: Sequence[Outcome], *, officer: str
) -> list[Outcome]:
    """Write results, carry marks over to those that say the same, and return the ones that are new and not `passed`."""
    before = {row.name: row for row in desk_rows.checks(db, case.id)}
    written = [_row(service, outcome, officer=officer) for outcome in outcomes]
    desk_rows.put_checks(db, case.id, written)
    marks = desk_rows.marks(db, [row.id for row in before.values()])
    fresh = []
    for outcome, row in zip(outcomes, written, strict=True):
        old = before.get(outcome.name)
        if old is not None and _says(service, old) == (outcome.result, dict(outcome.details)):
            for mark in marks:
                if mark.check_id == old.id:
                    desk_rows.put_mark(db, check_id=row["id"], officer=mark.officer, mark=mark.mark, now=mark.at)
        elif outcome.result != "passed":
            fresh.append(outcome)
    results = {outcome.name: outcome.result for outcome in outcomes}
    events.record(db, service, case, "case.checked", actor=officer, data={"results": results})
    return fresh


def put_by_hand(
    db: Connection, service: Service, case: rows.CaseRow, outcome: Outcome, *, note: str, officer: str
) -> None:
    """Write a result that an officer found, under a name of this module or another.

    Raises Refused: `malformed` for the name, `conflict` in a state without examination, `policy_not_met` for
    `passed` and `look` where only the machine may say so.
    """
    if _NAME.fullmatch(outcome.name) is None:
        raise Refused("malformed", "the name of a check is 2 to 39 of a-z, 0-9 and _", hint="see the list of checks")
    if outcome.name in MACHINE_ONLY and outcome.result != "failed":
        raise Refused(
            "policy_not_met",
            f"{outcome.name} cannot be passed or eased by hand",
            hint="run the checks again, or mark the result that needs a look",
        )
    case = rows.move(db, case, "check", now=service.clock.now())
    desk_rows.put_checks(db, case.id, [_row(service, outcome, officer=officer)])
    note_id = events.note(db, service, case, f"check.{outcome.name}"[:24], note, officer=officer)
    data = {"check": outcome.name, "result": outcome.result, "note": note_id}
    events.record(db, service, case, "case.checked_by_hand", actor=officer, data=data)
    events.void_proposal(db, service, case, actor=officer)


def mark(db: Connection, service: Service, case: rows.CaseRow, name: str, value: str, *, officer: str) -> None:
    """Set an officer's own mark on a result that needs a look.

    A mark of the officer who made the open proposal is an edit and voids it; one of the officer who is to decide
    is part of deciding. Raises Refused: `not_found`, `conflict` (nothing to mark), `malformed`.
    """
    row = next((row for row in desk_rows.checks(db, case.id) if row.name == name), None)
    if row is None:
        raise Refused("not_found", "this case has no such check", hint="run the checks first")
    if row.result != "look":
        raise Refused("conflict", f"{name} is {row.result}: there is nothing to mark", hint="marks are for look")
    allowed = PERSON_MARKS if name in ABOUT_PERSONS else OTHER_MARKS
    if value not in allowed:
        raise Refused("malformed", f"{name} cannot be marked so", hint=f"one of: {', '.join(sorted(allowed))}")
    desk_rows.put_mark(db, check_id=row.id, officer=officer, mark=value, now=service.clock.now())
    events.record(db, service, case, "check.marked", actor=officer, data={"check": name, "mark": value})
    proposal = desk_rows.open_proposal(db, case.id)
    if proposal is not None and proposal.author == officer:
        events.void_proposal(db, service, case, actor=officer)


def obstacles(db: Connection, case: rows.CaseRow, *, officer: str) -> list[str]:
    """Return what stands in the way of an approval as this officer sees it: `name: reason`, empty when nothing does."""
    results = {row.name: row for row in desk_rows.checks(db, case.id)}
    own = {
        row.check_id: row.mark
        for row in desk_rows.marks(db, [r.id for r in results.values()])
        if row.officer == officer
    }
    found = [f"{name}: not run" for name in CHECKS if name not in results]
    for name, row in results.items():
        if row.result == "failed":
            found.append(f"{name}: failed")
        elif row.result == "look" and row.id not in own:
            found.append(f"{name}: you have not marked it")
        elif row.result == "look" and own[row.id] not in CLEARING:
            found.append(f"{name}: you marked it {own[row.id]}")
    return found


def details_of(service: Service, row: Row[Any]) -> dict[str, Any]:
    """Return the details of a result."""
    return {} if row.sealed is None else sealed.unseal(service, "case_checks", row.id, row.sealed)


def _says(service: Service, row: Row[Any]) -> tuple[str, dict[str, Any]]:
    return row.result, details_of(service, row)


def _row(service: Service, outcome: Outcome, *, officer: str) -> dict[str, Any]:
    row_id = rows.new_id()
    details = dict(outcome.details)
    return {
        "id": row_id,
        "name": outcome.name,
        "result": outcome.result,
        "source": outcome.source[:100],
        "officer": officer,
        "at": service.clock.now(),
        "sealed": sealed.seal(service, "case_checks", row_id, details) if details else None,
    }


# The checks, each on its own


def _personal_code(subject: Subject) -> Outcome:
    """Give the person a code that nobody has, or see that the one they have still fits."""
    db, service, case, form = subject.db, subject.service, subject.case, subject.form
    source = "population register of this service"
    if case.person_id is not None:
        code = code_of(db, service, case)
        if personal_code.birthdate(code) == form.birthdate and not _code_of_another(db, case):
            return Outcome(name="personal_code", result="passed", source=source)
        if case.previous_case_id is not None or case.grant_id is not None:
            found = {"problem": "the birthdate in the code is another"}
            return Outcome(name="personal_code", result="failed", source=source, details=found)
    sex: personal_code.Sex = "male" if form.sex == 1 else "female"
    if form.sex not in (1, 2):
        # Not known: drawn by lot, so that the digit says nothing.
        sex = secrets.choice(("male", "female"))
    code = personal_code.generate(db, service, born=form.birthdate, sex=sex)
    person_id = add_person(db, service, case, code)
    rows.edit(db, case.id, now=service.clock.now(), person_id=person_id)
    return Outcome(name="personal_code", result="passed", source=source)


def _code_of_another(db: Connection, case: rows.CaseRow) -> bool:
    """Whether an open case was given the code of somebody with cases of their own, and names another person now."""
    if case.previous_case_id is not None or case.grant_id is not None:
        return False  # a renewal may bring a new name; what was granted stays
    if rows.person(db, case.person_id).person_mac == case.person_mac:
        return False
    return any(row.person_id == case.person_id for row in rows.same_person(db, case))


def _document(subject: Subject) -> Outcome:
    result: Result = "passed" if subject.form.document.date_of_expiry >= subject.today else "failed"
    return Outcome(name="document", result=result, source="date of expiry in the application")


def _sanctions(subject: Subject) -> Outcome:
    lists, form = subject.lists, subject.form
    if lists is None:
        # Could not check is never passed (threat model, rule 1).
        return Outcome(name="sanctions", result="look", source="no list installed", details={"problem": "no list"})
    hits = lists.hits(family_name=form.family_name, given_name=form.given_name, born=form.birthdate)
    source = f"as of {lists.as_of.date().isoformat()}: {', '.join(lists.names)}"
    result: Result = "look" if hits else "passed"
    return Outcome(name="sanctions", result=result, source=source, details={"hits": hits} if hits else {})


def _duplicate(subject: Subject) -> Outcome:
    """Look for the same name and birthdate, or the same document, in cases of what may be another person."""
    case = rows.by_id(subject.db, subject.case.id) or subject.case  # the code, and so the person, may be new
    others = rows.same_person(subject.db, case)
    unknown = [row for row in others if case.person_id is None or row.person_id != case.person_id]
    open_ones = [row.number for row in unknown if row.state in HOLDING | UNDECIDED - {DRAFT}]
    ended = [row.number for row in unknown if row.number not in open_ones and row.state != DRAFT]
    details = {name: numbers for name, numbers in (("cases", open_ones), ("ended", ended)) if numbers}
    result: Result = "look" if open_ones else "passed"
    return Outcome(name="duplicate", result=result, source="cases of this service", details=details)


def _purpose(subject: Subject) -> Outcome:
    letters = sum(character.isalpha() for character in subject.form.purpose)
    result: Result = "passed" if letters >= _PURPOSE_LETTERS else "look"
    return Outcome(name="purpose", result=result, source="application")


def _fee(subject: Subject) -> Outcome:
    if subject.case.receipt_by is not None:
        return Outcome(name="fee", result="passed", source="payment recorded by an officer")
    receipt = subject.form.fee_receipt
    if receipt is None:
        return Outcome(name="fee", result="failed", source="no payment recorded")
    if rows.receipt_used(subject.db, subject.case.id, sealed.receipt_mac(subject.service, receipt)):
        return Outcome(name="fee", result="failed", source="the receipt belongs to another case")
    return Outcome(name="fee", result="look", source="receipt named by the applicant")


CHECKS: Final[dict[str, Callable[[Subject], Outcome]]] = {
    "personal_code": _personal_code,
    "document": _document,
    "sanctions": _sanctions,
    "duplicate": _duplicate,
    "purpose": _purpose,
    "fee": _fee,
}
"""In the order in which they run and are shown. The personal code comes first: the duplicate check asks who it is."""


def add_person(db: Connection, service: Service, case: rows.CaseRow, code: str) -> str:
    """Write the person who has this code and return its id. Raises Refused (`conflict`) when the code is taken."""
    person_id = rows.new_id()
    values = {
        "id": person_id,
        "code_mac": sealed.code_mac(service, code),
        "person_mac": case.person_mac,
        "sealed": sealed.seal(service, "persons", person_id, {"code": code}),
        "created_at": service.clock.now(),
    }
    if not rows.add_person(db, values):
        raise Refused("conflict", "this personal code is taken", hint="run the checks again")
    return person_id


def code_of(db: Connection, service: Service, case: rows.CaseRow) -> str:
    """Return the personal code of the person of a case."""
    person = rows.person(db, case.person_id)
    return str(sealed.unseal(service, "persons", person.id, person.sealed)["code"])
