"""What an officer does while examining a case. Each of these is an edit: it voids an open proposal (S01)."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from idservice.service import Service

from . import cases, checks, events, rows
from .application import Application
from .states import CHECKS


def run_checks(db: Connection, service: Service, case: rows.CaseRow, *, officer: str) -> rows.CaseRow:
    """Run every check, again if need be, and return the case in state `checks`."""
    events.void_proposal(db, service, case, actor=officer)
    return checks.run(db, service, case, officer=officer)


def pay(db: Connection, service: Service, case: rows.CaseRow, receipt: str, *, officer: str) -> rows.CaseRow:
    """Record the payment; a case whose checks have run gets its fee checked anew."""
    events.void_proposal(db, service, case, actor=officer)
    case = cases.pay(db, service, case, receipt, officer=officer)
    return run_checks(db, service, case, officer=officer) if case.state == CHECKS else case


def ask(db: Connection, service: Service, case: rows.CaseRow, question: str, *, officer: str) -> rows.CaseRow:
    """Ask the applicant for more."""
    events.void_proposal(db, service, case, actor=officer)
    return cases.ask(db, service, case, question, officer=officer)


def answer(db: Connection, service: Service, case: rows.CaseRow, application: Application) -> rows.CaseRow:
    """Take the applicant's new form and check the case on it at once: no result of the old form stays in force."""
    events.void_proposal(db, service, case, actor=events.RESIDENT)
    case = cases.answer(db, service, case, application)
    return checks.run(db, service, case, officer=events.SERVICE)
