"""Follow-up: the checks of S01 on all active cases, each 30 days, in bulk (S05).

A hit opens a question for an officer. It never suspends or revokes by itself.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.engine import Connection

from idservice.database import transaction
from idservice.problems import Refused
from idservice.service import Service

from . import checks, desk_rows, events, rows
from .settle import RECHECK_EVERY
from .states import ACTIVE, SUSPENDED

BATCH: Final = 20
"""Cases in one transaction: long enough to be quick, short enough to let others write."""

MOST: Final = 500
"""Batches in one run of the job; the rest waits for the next."""

RECHECKED: Final = (ACTIVE, SUSPENDED)


def run(service: Service, *, batch: int = BATCH) -> int:
    """Check again every case that is due and return how many. Safe to repeat: a checked case is due in 30 days."""
    done = 0
    for _ in range(MOST):
        with transaction(service.engine) as db:
            due = rows.for_recheck(db, RECHECKED, now=service.clock.now(), limit=batch)
            for case in due:
                recheck(db, service, case)
        done += len(due)
        if len(due) < batch:
            break
    return done


def recheck(db: Connection, service: Service, case: rows.CaseRow) -> list[str]:
    """Check one case again; return the names of checks with a new hit, for which a follow-up is open now."""
    now = service.clock.now()
    outcomes = checks.evaluate(db, service, case)
    hits = [outcome.name for outcome in checks.write(db, service, case, outcomes, officer=events.SERVICE)]
    rows.edit(db, case.id, now=now, next_check_at=now + RECHECK_EVERY)
    if hits and desk_rows.open_followup(db, case_id=case.id, checks=hits, now=now):
        events.record(db, service, case, "followup.opened", actor=events.SERVICE, data={"checks": hits})
    return hits


def close(db: Connection, service: Service, case: rows.CaseRow, words: str, *, officer: str) -> None:
    """Close a follow-up that an officer has looked into. Raises Refused (`conflict`) when none is open."""
    if not desk_rows.close_followup(db, case_id=case.id, officer=officer, now=service.clock.now()):
        raise Refused("conflict", "no follow-up is open on this case", hint="see the list of follow-ups")
    note = events.note(db, service, case, "followup", words, officer=officer)
    events.record(db, service, case, "followup.closed", actor=officer, data={"note": note})
