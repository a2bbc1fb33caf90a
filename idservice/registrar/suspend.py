"""Suspending a case: by its holder, by phone, or by the office (S05). Lifting it takes two (`proposals.py`)."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.engine import Connection

from idservice.issuer import lifecycle, offers
from idservice.service import Service

from . import events, rows
from .states import SUSPENDED

Cause = Literal["holder_frozen", "office_suspended"]


def suspend(
    db: Connection, service: Service, case: rows.CaseRow, *, cause: Cause, words: str, actor: str
) -> rows.CaseRow:
    """Suspend a case and every credential of it, and end its offer; harmless when it is suspended.

    `words` are kept sealed with the case and are never told to verifiers or the holder.
    Raises Refused (`conflict`) where nothing can be suspended.
    """
    was_suspended = case.state == SUSPENDED
    moved = rows.move(db, case, "suspend", now=service.clock.now(), reason=case.reason if was_suspended else cause)
    events.note(db, service, case, "suspended", words, officer=actor)
    if was_suspended:
        return moved
    if case.offer_id is not None and offers.state(db, service, case.offer_id) == "waiting":
        offers.cancel(db, service, case.offer_id, actor=actor)
    if lifecycle.state(db, case.id) == "valid":
        lifecycle.suspend(db, service, case_id=case.id, actor=actor, reason=cause)
    events.record(db, service, moved, "case.suspended", actor=actor, data={"cause": cause})
    return moved
