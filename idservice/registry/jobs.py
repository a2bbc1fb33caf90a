"""The registry's background work: publish, keep room in the lists, renew certificates, forget what is over."""

from datetime import timedelta

from idservice import limits, single_use
from idservice.access import all_agencies
from idservice.background import Job
from idservice.database import reading, transaction
from idservice.registry import publication, status, trusted_list
from idservice.service import Service


def jobs(service: Service) -> list[Job]:
    """Return the registry's jobs; dev repeats them faster, since its clock is moved by hand."""
    quick = timedelta(seconds=2 if service.settings.dev else 15)
    return [
        Job(name="registry.publish", every=quick, run=_publish),
        Job(name="registry.room", every=timedelta(seconds=10), run=_keep_room),
        Job(name="registry.decoys", every=timedelta(hours=1), run=_move_decoys),
        Job(name="registry.certificates", every=timedelta(minutes=10), run=_renew),
        Job(name="registry.purge", every=timedelta(minutes=10), run=_purge),
    ]


def _publish(service: Service) -> None:
    publication.publish_now(service)
    trusted_list.token(service)


def _keep_room(service: Service) -> None:
    with transaction(service.engine) as db:
        status.ensure_open_list(db, service)


def _move_decoys(service: Service) -> None:
    with transaction(service.engine) as db:
        status.move_decoys(db, service)


def _renew(service: Service) -> None:
    """Renew what nears its end: our own leaves, and the next key of each agency, listed before it signs."""
    service.keys.check()
    with reading(service.engine) as db:
        agencies = all_agencies(service, db)
    for agency in agencies:
        service.keys.renew_agency(agency.id, name=agency.name, did=agency.did)


def _purge(service: Service) -> None:
    now = service.clock.now()
    with transaction(service.engine) as db:
        single_use.purge(db, now=now)
        limits.purge(db, now=now)
        status.purge(db, now=now)
