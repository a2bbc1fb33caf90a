"""Background work of cases: settle, lapse, expire, check again, forget kept answers. Each can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from idservice import idempotency
from idservice.background import Job
from idservice.database import transaction
from idservice.issuer import lifecycle
from idservice.registry import status
from idservice.service import Service

from . import desk_rows, events, followup, proposals, rows
from .settle import settle
from .states import HOLDING, READY

_BATCH: Final = 100


def jobs(_service: Service) -> list[Job]:
    """Return the jobs of this room."""
    return [
        Job(name="registrar.settle", every=timedelta(seconds=5), run=_quietly(settle_ready)),
        Job(name="registrar.proposals", every=timedelta(minutes=1), run=_quietly(lapse_proposals)),
        Job(name="registrar.expire", every=timedelta(minutes=10), run=_quietly(expire)),
        Job(name="registrar.followup", every=timedelta(minutes=10), run=_quietly(followup.run)),
        Job(name="idempotency.purge", every=timedelta(minutes=10), run=_quietly(_purge)),
    ]


def settle_ready(service: Service) -> int:
    """Make collected cases active, and end those that they renew; return how many became active."""
    after, settled = "", 0
    while True:
        with transaction(service.engine) as db:
            ready = rows.with_offer(db, READY, after=after, limit=_BATCH)
            settled += sum(1 for case in ready if settle(db, service, case).state != READY)
        if len(ready) < _BATCH:
            break
        after = ready[-1].id
    if settled:
        status.publish_now(service)
    return settled


def lapse_proposals(service: Service) -> int:
    """End proposals that have run out; return how many."""
    with transaction(service.engine) as db:
        lapsed = desk_rows.lapsed_proposals(db, now=service.clock.now(), limit=_BATCH)
        for case_id in lapsed:
            case = rows.by_id(db, case_id, lock=True)
            if case is not None:
                proposals.lapse(db, service, case)
    return len(lapsed)


def expire(service: Service) -> int:
    """End cases whose date of expiry has passed; return how many. Their credentials have run out by themselves."""
    expired = 0
    while True:
        with transaction(service.engine) as db:
            today = service.clock.now().date()
            due = rows.for_expiry(db, HOLDING, today=today, limit=_BATCH)
            for case in due:
                events.void_proposal(db, service, case, actor=events.SERVICE)
                moved = rows.move(db, case, "expire", now=service.clock.now(), reason="not_renewed")
                lifecycle.end(db, service, case_id=case.id, actor=events.SERVICE)
                events.record(db, service, moved, "case.expired", actor=events.SERVICE)
        expired += len(due)
        if len(due) < _BATCH:
            return expired


def _purge(service: Service) -> int:
    with transaction(service.engine) as db:
        return idempotency.purge(db, now=service.clock.now())


def _quietly(work: Callable[[Service], int]) -> Callable[[Service], None]:
    """Return a job's function that drops the count which tests and the operator's log want."""

    def run(service: Service) -> None:
        work(service)

    return run
