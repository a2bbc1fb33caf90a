"""What the verifier does by itself: requests run out, claims are wiped, agencies are told, old rows go."""

from datetime import timedelta

from idservice import audit
from idservice.background import Job
from idservice.database import reading, transaction
from idservice.service import Service

from . import rows, webhooks
from .presentation import ROWS_KEPT

AT_ONCE = 200


def expire(service: Service) -> None:
    """Write down which requests ran out, and tell their agencies."""
    now = service.clock.now()
    with reading(service.engine) as db:
        overdue = rows.overdue(db, now=now, limit=AT_ONCE)
    if not overdue:
        return  # a writing transaction would make every request wait its turn
    with transaction(service.engine) as db:
        for late in overdue:
            if rows.expire(db, late, now=now):
                data = {"agency": late.agency_id}
                audit.record(db, service, act="presentation.expired", actor="service", subject=late.subject, data=data)
                webhooks.note(db, late, state="expired", verdict=None, now=now)


def forget(service: Service) -> None:
    """Wipe claims ten minutes after the answer, delete requests and messages that nobody asks for any more."""
    now = service.clock.now()
    with transaction(service.engine) as db:
        rows.forget_claims(db, now=now)
        rows.forget_requests(db, ended_before=now - ROWS_KEPT)
        given_up = now - webhooks.TRIED_FOR
        rows.forget_deliveries(db, created_before=given_up, delivered_before=now - timedelta(hours=1))


def jobs(_service: Service) -> list[Job]:
    """Return the verifier's background jobs."""
    return [
        Job(name="verifier.expire", every=timedelta(seconds=5), run=expire),
        Job(name="verifier.forget", every=timedelta(seconds=15), run=forget),
        Job(name="verifier.webhooks", every=timedelta(seconds=2), run=webhooks.deliver),
    ]
