"""The live state of waiting pages: server-sent events from one poller in each process.

The one place of the service that is asynchronous: a thread for each open page would leave none for requests. The
poller asks the database once a second for all handles that some page waits for, and sleeps when there is none.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from idservice.database import reading
from idservice.problems import Refused
from idservice.service import Service

from . import rows
from .presentation import State

POLL_SECONDS = 1.0
COMMENT_SECONDS = 15.0
MAX_STREAMS = 1000
"""Open pages that one process serves; more are told to come back and reload by themselves."""
MAX_OF_ONE_SOURCE = 200
"""Open pages of one address: nobody alone takes them all (T67)."""


@dataclass(eq=False, slots=True)
class _Page:
    """One open page: the state it was told last, and what it is to be told next."""

    handle: str
    told: State
    source: str = ""
    news: asyncio.Queue[State] = field(default_factory=asyncio.Queue)

    def tell(self, state: State) -> None:
        if state != self.told:
            self.told = state
            self.news.put_nowait(state)


class Feed:
    """All pages of this process that wait."""

    def __init__(self, service: Service, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._service = service
        self._poll_seconds = poll_seconds
        self._pages: set[_Page] = set()
        self._poller: asyncio.Task[None] | None = None

    def check_room(self, source: str = "") -> None:
        """Refuse (`unavailable`, `rate_limited`) another page when this process, or `source`, has enough of them."""
        if len(self._pages) >= MAX_STREAMS:
            raise Refused("unavailable", "too many pages are open at once", retry_after=10)
        if sum(page.source == source for page in self._pages) >= MAX_OF_ONE_SOURCE:
            raise Refused("rate_limited", "too many pages are open from this address", retry_after=10)

    async def follow(self, handle: str, state: State, source: str = "") -> AsyncIterator[str]:
        """Yield events from `state`, the present one, to the one that ends the request; comments in between."""
        page = _Page(handle, state, source)
        self._pages.add(page)
        self._wake()
        number = 0
        try:
            yield event(number, state)
            while state in rows.OPEN:
                try:
                    state = await asyncio.wait_for(page.news.get(), COMMENT_SECONDS)
                except TimeoutError:
                    self._wake()  # should the poller have ended by a mistake of ours
                    yield ": still here\n\n"
                    continue
                number += 1
                yield event(number, state)
        finally:
            self._pages.discard(page)

    def _wake(self) -> None:
        if self._poller is None or self._poller.done():
            self._poller = asyncio.get_running_loop().create_task(self._poll())

    async def _poll(self) -> None:
        while self._pages:
            await asyncio.sleep(self._poll_seconds)
            handles = {page.handle for page in self._pages}
            # While the database is away pages keep what they know; they are told when it is back.
            with suppress(SQLAlchemyError):
                found = await run_in_threadpool(self._read, handles)
                for page in tuple(self._pages):
                    if page.handle in handles:
                        page.tell(found.get(page.handle, "expired"))

    def _read(self, handles: Collection[str]) -> dict[str, State]:
        with reading(self._service.engine) as db:
            return rows.states(db, handles, now=self._service.clock.now())


def event(number: int, state: State) -> str:
    """Return one event of the stream; its name is the state."""
    return f"id: {number}\nevent: {state}\ndata: {state}\n\n"
