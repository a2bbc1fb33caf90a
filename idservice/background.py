"""Work that no request waits for: one thread in each worker, each job under a lease row.

One process at a time runs a job, any may take it over when its lease runs out, and every job can be repeated without
harm. Leases go by the machine's own clock, not by the dev offset: time that is moved must not stop the work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from idservice.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`run(service)` about every `every`, by one worker at a time; a failure is logged and tried again next time."""

    name: str
    every: timedelta
    run: Callable[[Service], None]
