"""What follows from the issuer's side of a case: collected means active, and the renewed case ends (S02, S05).

Rooms look downward, so the issuer does not tell: a case in `ready` is settled when it is read, and by a
background job.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.engine import Connection

from idservice.issuer import offers
from idservice.service import Service

from . import decide, events, rows
from .states import HOLDING, READY

RECHECK_EVERY: Final = timedelta(days=30)


def settle(db: Connection, service: Service, case: rows.CaseRow) -> rows.CaseRow:
    """Return the case as it is now: `active` once the first credential of its offer was issued.

    With the first new credential of a renewal the old case is revoked, and its credentials with it.
    """
    if case.state != READY or case.offer_id is None or offers.state(db, service, case.offer_id) != "issued":
        return case
    now = service.clock.now()
    active = rows.move(db, case, "activate", now=now, activated_at=now, next_check_at=now + RECHECK_EVERY)
    events.record(db, service, active, "case.activated", actor=events.SERVICE)
    if active.previous_case_id is not None:
        _replace(db, service, active)
    return active


def _replace(db: Connection, service: Service, renewed: rows.CaseRow) -> None:
    old = rows.by_id(db, renewed.previous_case_id, lock=True)
    if old is not None and old.state in HOLDING:
        decide.revoke(db, service, old, reason="renewed", actor=events.SERVICE)
