import logging
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from idservice.background import Background, Job, leases
from idservice.database import reading, transaction
from idservice.service import Service


def counting(name: str, seen: list[str], *, every: float = 3600.0) -> Job:
    return Job(name=name, every=timedelta(seconds=every), run=lambda _service: seen.append(name))


def test_a_job_runs_once_in_its_time(service: Service) -> None:
    seen: list[str] = []
    worker = Background(service, [counting("a", seen), counting("b", seen)])
    worker.run_due()
    worker.run_due()
    assert seen == ["a", "b"]


def test_two_workers_share_the_work(service: Service) -> None:
    seen: list[str] = []
    workers = [Background(service, [counting("a", seen)]) for _ in range(2)]
    for worker in workers:
        worker.run_due()
    assert seen == ["a"]


def test_a_job_at_work_is_left_alone_and_taken_over_when_its_lease_ends(service: Service) -> None:
    seen: list[str] = []
    started, release = threading.Event(), threading.Event()

    def slow(_service: Service) -> None:
        started.set()
        release.wait(10)

    busy = Background(service, [Job(name="a", every=timedelta(0), run=slow)])
    thread = threading.Thread(target=busy.run_due)
    thread.start()
    assert started.wait(10)
    other = Background(service, [counting("a", seen, every=0)])
    other.run_due()
    assert seen == []
    with transaction(service.engine) as db:
        db.execute(update(leases).values(leased_until=time.time() - 1))
    other.run_due()
    assert seen == ["a"]
    release.set()
    thread.join()


def test_a_job_that_fails_stops_no_other_and_comes_again(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def bad(_service: Service) -> None:
        seen.append("bad")
        raise ValueError("Maria-Planted-Value")

    worker = Background(service, [Job(name="bad", every=timedelta(0), run=bad), counting("good", seen)])
    with caplog.at_level(logging.ERROR, "idservice"):
        worker.run_due()
        worker.run_due()
    assert seen == ["bad", "good", "bad"]
    assert "Maria" not in caplog.text
    assert "ValueError" in caplog.text


def test_T88_a_clock_that_stepped_back_does_not_stop_the_work(service: Service) -> None:
    seen: list[str] = []
    worker = Background(service, [counting("a", seen, every=60)])
    worker.run_due()
    with transaction(service.engine) as db:
        db.execute(update(leases).values(due=time.time() + 86400))
    worker.run_due()
    assert seen == ["a", "a"]


def test_the_thread_starts_and_stops(service: Service) -> None:
    ran = threading.Event()
    worker = Background(service, [Job(name="a", every=timedelta(seconds=0.05), run=lambda _service: ran.set())])
    worker.start()
    assert ran.wait(10)
    worker.stop()
    assert not any(thread.name == "background" and thread.is_alive() for thread in threading.enumerate())
    with reading(service.engine) as db:
        assert db.execute(select(leases.c.holder)).scalar_one() is None
