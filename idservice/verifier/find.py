"""Find a request by the code that somebody typed; wrong codes are counted by where they come from (T67)."""

from datetime import timedelta

from starlette.requests import HTTPConnection

from idservice import limits
from idservice.database import reading
from idservice.problems import Refused
from idservice.service import Service
from idservice.source import source as source_of

from . import rows
from .handles import read_handle
from .presentation import EndedRequest, OpenRequest

TRIES = 10
WINDOW = timedelta(minutes=1)


def by_handle(service: Service, connection: HTTPConnection, typed: str) -> OpenRequest | EndedRequest:
    """Return the request behind a typed code. Call it outside of any transaction.

    Raises Refused: `not_found`, or `rate_limited` after ten wrong codes a minute from one source.
    """
    key = f"presentation-handle:{source_of(service, connection)}"
    limits.check(service, key, limit=TRIES, window=WINDOW)
    handle = read_handle(typed)
    found = None
    if handle is not None:
        with reading(service.engine) as db:
            found = rows.find(db, now=service.clock.now(), handle=handle)
    if found is None:
        limits.miss(service, key, window=WINDOW)
        raise Refused("not_found", "no request has this code", hint="Compare the code with the page that shows it.")
    return found
