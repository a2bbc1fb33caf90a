"""What the issuer room does when nobody asks: forget (T65, T100)."""

from datetime import timedelta

from idservice.background import Job
from idservice.database import transaction
from idservice.issuer import rows
from idservice.service import Service


def jobs(service: Service) -> list[Job]:  # noqa: ARG001 (every room's jobs are asked for alike)
    """Return the room's background work."""
    return [Job(name="issuer.purge", every=timedelta(minutes=10), run=purge)]


def purge(service: Service) -> None:
    """Forget spent access tokens, the codes of offers that ended, and datasets that nothing can be issued from."""
    now = service.clock.now()
    with transaction(service.engine) as db:
        rows.purge(db, now=now, today=now.date())
