import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, insert, select, update
from sqlalchemy.exc import StatementError

from idservice import answers, limits
from idservice.database import UtcDateTime, insert_once, make_engine, reading, transaction
from idservice.fifo import FifoLock
from idservice.guard import Guard
from idservice.service import Service

others = MetaData()
things = Table(
    "test_things",
    others,
    Column("name", String(20), primary_key=True),
    Column("at", UtcDateTime),
    Column("count", Integer, nullable=False, default=0),
)


@pytest.fixture
def table(engine: Engine) -> Table:
    with transaction(engine) as db:
        others.create_all(db)
    return things


def test_times_come_back_aware_and_in_utc(engine: Engine, table: Table) -> None:
    at = datetime(2026, 11, 22, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    with transaction(engine) as db:
        db.execute(insert(table).values(name="a", at=at))
    with reading(engine) as db:
        found = db.execute(select(table.c.at)).scalar_one()
    assert found == datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(engine: Engine, table: Table) -> None:
    with pytest.raises(StatementError, match="without a zone"), transaction(engine) as db:
        db.execute(insert(table).values(name="a", at=datetime(2026, 11, 22, 14, 0)))  # noqa: DTZ001


def test_an_error_rolls_back(engine: Engine, table: Table) -> None:
    with pytest.raises(RuntimeError), transaction(engine) as db:
        db.execute(insert(table).values(name="a"))
        raise RuntimeError
    with reading(engine) as db:
        assert db.execute(select(table)).all() == []


def test_insert_once_tells_the_first_from_the_second(engine: Engine, table: Table) -> None:
    with transaction(engine) as db:
        assert insert_once(db, table, {"name": "a", "count": 1}) is True
        assert insert_once(db, table, {"name": "a", "count": 2}) is False
    with reading(engine) as db:
        assert db.execute(select(table.c.count)).scalar_one() == 1


def test_reading_waits_for_no_writer(engine: Engine, table: Table) -> None:
    with transaction(engine) as db:
        db.execute(insert(table).values(name="a"))
        with reading(engine) as other:
            assert other.execute(select(table)).all() == []


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(ValueError, match="not supported"):
        make_engine("mysql://localhost/x")


def test_T85_200_parallel_writes_to_one_row_on_one_worker(service: Service) -> None:
    """The transaction is the endpoint's own: none of them waits for a thread while it holds the row."""
    with transaction(service.engine) as db:
        others.create_all(db)
        db.execute(insert(things).values(name="shared", count=0))
    router = APIRouter()

    @router.post("/bump")
    def bump() -> dict[str, int]:
        with transaction(service.engine) as db:
            added = update(things).values(count=things.c.count + 1).returning(things.c.count)
            return {"count": db.execute(added).scalar_one()}

    app = FastAPI()
    answers.install(app, service)
    app.include_router(router)

    async def storm() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(app=Guard(app, service))
        async with httpx2.AsyncClient(transport=transport, base_url=service.base_url, timeout=60) as client:
            return await asyncio.gather(*(client.post("/bump") for _ in range(200)))

    got = asyncio.run(storm())
    assert [answer.status_code for answer in got] == [200] * 200
    assert sorted(answer.json()["count"] for answer in got) == list(range(1, 201))


def test_T85_parallel_misses_are_all_counted(service: Service) -> None:
    async def storm() -> None:
        await asyncio.gather(
            *(asyncio.to_thread(limits.miss, service, "one", window=timedelta(hours=1)) for _ in range(50))
        )

    asyncio.run(storm())
    assert limits.miss(service, "one", window=timedelta(hours=1)) == 51


def test_writers_of_one_process_take_turns_in_order() -> None:
    lock, order = FifoLock(), list[int]()
    assert lock.acquire(1)
    threads = []
    for number in range(5):

        def work(mine: int = number) -> None:
            assert lock.acquire(10)
            order.append(mine)
            lock.release()

        threads.append(threading.Thread(target=work))
        threads[-1].start()
        while len(lock._waiting) <= number:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert lock.acquire(0)


def test_a_turn_that_does_not_come_is_given_up() -> None:
    lock = FifoLock()
    assert lock.acquire(0)
    assert lock.acquire(0.01) is False
    lock.release()
    assert lock.acquire(0.01) is True
