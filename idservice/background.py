"""Work that no request waits for: one thread in each worker, each job under a lease row.

One process at a time runs a job, any may take it over when its lease runs out, and every job can be repeated without
harm. Leases go by the machine's own clock, not by the dev offset: time that is moved must not stop the work.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

from sqlalchemy import Column, Float, String, Table, or_, select, update
from sqlalchemy.engine import Connection

from idservice.database import insert_once, metadata, reading, transaction
from idservice.faults import where
from idservice.service import Service

LEASE_SECONDS = 120.0
"""How long a job may take before another worker may start it again."""
MAX_PAUSE = 5.0

log = logging.getLogger("idservice.background")

leases = Table(
    "leases",
    metadata,
    Column("job", String(80), primary_key=True),
    Column("holder", String(22)),
    Column("leased_until", Float, nullable=False),
    Column("due", Float, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`run(service)` about every `every`, by one worker at a time; a failure is logged and tried again next time."""

    name: str
    every: timedelta
    run: Callable[[Service], None]


class Background:
    """The thread of one worker."""

    def __init__(self, service: Service, jobs: Sequence[Job]) -> None:
        """Prepare to run `jobs`; `start` begins."""
        self._service = service
        self._jobs = list(jobs)
        self._me = secrets.token_urlsafe(12)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="background", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Ask the thread to end after the job at hand, and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def run_due(self) -> float:
        """Run what is due, once; return in how many seconds something may be due again."""
        now = time.time()
        with reading(self._service.engine) as db:
            due = {row.job: row.due for row in db.execute(select(leases.c.job, leases.c.due))}
        for job in self._jobs:
            if self._stop.is_set():
                break
            # A due time far ahead means that the machine's clock has stepped back since.
            if due.get(job.name, 0.0) <= now or due[job.name] > now + 2 * job.every.total_seconds() + LEASE_SECONDS:
                self._try(job)
        return max(0.05, min([MAX_PAUSE, *(job.every.total_seconds() for job in self._jobs)]))

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            try:
                pause = self.run_due()
            except Exception as error:  # noqa: BLE001 (the edge of the thread: it must not die while the database is away)
                log.warning("leases cannot be read: %s", where(error))
                pause = MAX_PAUSE

    def _try(self, job: Job) -> None:
        with transaction(self._service.engine) as db:
            if not _take(db, job, self._me, time.time()):
                return
        try:
            job.run(self._service)
        except Exception as error:  # noqa: BLE001 (a job that fails must not stop the others)
            log.error("job failed: %s", where(error), extra={"job": job.name})
        with transaction(self._service.engine) as db:
            mine = (leases.c.job == job.name) & (leases.c.holder == self._me)
            db.execute(update(leases).where(mine).values(holder=None, leased_until=0.0))


def _take(db: Connection, job: Job, holder: str, now: float) -> bool:
    """Take the lease of a job that is due and free; True for exactly one worker."""
    insert_once(db, leases, {"job": job.name, "holder": None, "leased_until": 0.0, "due": 0.0})
    free = leases.c.leased_until < now
    due = or_(leases.c.due <= now, leases.c.due > now + 2 * job.every.total_seconds() + LEASE_SECONDS)
    values = {"holder": holder, "leased_until": now + LEASE_SECONDS, "due": now + job.every.total_seconds()}
    return db.execute(update(leases).where(leases.c.job == job.name, free, due).values(**values)).rowcount == 1
