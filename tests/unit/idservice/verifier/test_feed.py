"""The live state of pages: one poller for all, events in order, nothing left behind."""

import asyncio
from collections.abc import Collection

import pytest

from idservice.problems import Refused
from idservice.verifier import feed as feeds
from idservice.verifier.feed import Feed, event
from idservice.verifier.presentation import State


class FakeFeed(Feed):
    """A feed over a table in memory."""

    def __init__(self) -> None:
        super().__init__(None, poll_seconds=0.01)  # type: ignore[arg-type]  # _read does not use it here
        self.states: dict[str, State] = {}
        self.reads: list[set[str]] = []

    def _read(self, handles: Collection[str]) -> dict[str, State]:
        self.reads.append(set(handles))
        return {handle: self.states[handle] for handle in handles if handle in self.states}


async def collect(feed: Feed, handle: str, state: State) -> list[str]:
    return [one async for one in feed.follow(handle, state)]


def test_each_change_is_one_event_until_the_end() -> None:
    async def story() -> list[str]:
        feed = FakeFeed()
        feed.states["A"] = "waiting"
        page = asyncio.create_task(collect(feed, "A", "waiting"))
        for state in ("opened", "answered"):
            await asyncio.sleep(0.05)
            feed.states["A"] = state  # type: ignore[assignment]  # a name from the tuple above
        return await asyncio.wait_for(page, 2)

    assert asyncio.run(story()) == [event(0, "waiting"), event(1, "opened"), event(2, "answered")]


def test_many_pages_cost_one_question_a_round() -> None:
    async def story() -> FakeFeed:
        feed = FakeFeed()
        feed.states = dict.fromkeys(("A", "B"), "waiting")
        pages = [asyncio.create_task(collect(feed, handle, "waiting")) for handle in "AB" for _ in range(20)]
        await asyncio.sleep(0.1)
        feed.states = dict.fromkeys(("A", "B"), "refused")
        await asyncio.wait_for(asyncio.gather(*pages), 2)
        return feed

    feed = asyncio.run(story())
    assert len(feed.reads) < 30
    assert all(read <= {"A", "B"} for read in feed.reads)


def test_a_request_that_is_gone_has_expired() -> None:
    async def story() -> list[str]:
        return await asyncio.wait_for(collect(FakeFeed(), "A", "waiting"), 2)

    assert asyncio.run(story()) == [event(0, "waiting"), event(1, "expired")]


def test_an_ended_request_needs_no_question() -> None:
    async def story() -> tuple[list[str], int]:
        feed = FakeFeed()
        told = await collect(feed, "A", "done")
        return told, len(feed.reads)

    told, reads = asyncio.run(story())
    assert told == [event(0, "done")]
    assert reads == 0


def test_a_quiet_page_gets_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "COMMENT_SECONDS", 0.02)

    async def story() -> list[str]:
        feed = FakeFeed()
        feed.states["A"] = "waiting"
        page = asyncio.create_task(collect(feed, "A", "waiting"))
        await asyncio.sleep(0.1)
        feed.states["A"] = "done"
        return await asyncio.wait_for(page, 2)

    assert ": still here\n\n" in asyncio.run(story())


def test_a_page_that_goes_away_is_forgotten_and_the_poller_rests() -> None:
    async def story() -> tuple[int, bool]:
        feed = FakeFeed()
        feed.states["A"] = "waiting"
        page = asyncio.create_task(collect(feed, "A", "waiting"))
        await asyncio.sleep(0.05)
        page.cancel()
        await asyncio.sleep(0.05)
        return len(feed._pages), feed._poller is not None and feed._poller.done()

    assert asyncio.run(story()) == (0, True)


def test_T67_a_full_process_refuses_more_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MAX_STREAMS", 0)
    with pytest.raises(Refused) as refused:
        FakeFeed().check_room()
    assert refused.value.code == "unavailable"
