import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from credentials.status.token_status_list import INVALID, SUSPENDED, VALID, CheckedStatusList, key_from_x5c, read_token
from idservice.database import reading, transaction
from idservice.problems import Refused
from idservice.registry import publication, status
from idservice.registry.rows import status_entries, status_lists, status_tokens
from idservice.registry.status import StatusEntry
from idservice.service import Service
from tests.factories import BASE_URL, NOW, FixedClock

UNTIL = NOW + timedelta(days=14)


def allocate(service: Service, count: int) -> list[StatusEntry]:
    with transaction(service.engine) as db:
        return status.allocate(db, service, count, until=UNTIL)


def change(service: Service, entries: list[StatusEntry], to: status.StatusName) -> int:
    with transaction(service.engine) as db:
        return status.set_status(db, service, [entry.id for entry in entries], to)


def read(service: Service, uri: str) -> CheckedStatusList:
    found = publication.published(service, uri.rpartition("/")[2])
    assert found is not None
    now = service.clock.now()
    key = key_from_x5c([service.keys.roots()["service"]], now=now)
    return read_token(found.token, uri=uri, key=key, now=now, fetched_at=now)


def sequence_of(service: Service, uri: str) -> int:
    with reading(service.engine) as db:
        found = select(status_tokens.c.version).where(status_tokens.c.list_id == uri.rpartition("/")[2])
        return int(db.execute(found).scalar_one())


# --- T38 ----------------------------------------------------------------------------------------------


def test_T38_places_are_unique_random_and_in_a_large_list(service: Service) -> None:
    entries = allocate(service, 300)
    indexes = [entry.index for entry in entries]
    assert len(set(indexes)) == len({entry.id for entry in entries}) == 300
    assert {entry.uri for entry in entries} == {entries[0].uri}
    assert entries[0].uri.startswith(f"{BASE_URL}/status-lists/")
    assert all(0 <= index < 131072 for index in indexes)
    assert indexes != sorted(indexes)
    assert max(indexes) - min(indexes) > 100_000
    assert len(read(service, entries[0].uri).statuses) == 131072


def test_T38_parallel_draws_never_meet(service: Service) -> None:
    async def draw() -> list[list[StatusEntry]]:
        return await asyncio.gather(*(asyncio.to_thread(allocate, service, 10) for _ in range(20)))

    taken = [entry.index for entries in asyncio.run(draw()) for entry in entries]
    assert len(taken) == len(set(taken)) == 200


def test_T38_a_place_is_taken_even_if_the_draw_meets_it(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([{5, 6}, {6, 7}, {7, 8}, {8}])
    monkeypatch.setattr(status, "_draw", lambda _count: next(drawn))
    with transaction(service.engine) as db:
        db.execute(delete(status_entries).where(status_entries.c.value != 1, status_entries.c.place < 9))
    assert {entry.index for entry in allocate(service, 2)} == {5, 6}
    assert {entry.index for entry in allocate(service, 2)} == {7, 8}


def test_T38_lists_hold_decoys(service: Service) -> None:
    with reading(service.engine) as db:
        counted = select(status_entries.c.value, func.count()).where(status_entries.c.kind == "decoy")
        by_value = {row[0]: row[1] for row in db.execute(counted.group_by(status_entries.c.value))}
    assert sum(by_value.values()) == status.DECOYS
    assert by_value[1] > 0
    assert by_value[2] > 0


def test_T38_decoys_move(service: Service) -> None:
    with reading(service.engine) as db:
        before = db.execute(select(status_entries.c.id, status_entries.c.value)).all()
    for _ in range(20):
        with transaction(service.engine) as db:
            status.move_decoys(db, service)
    with reading(service.engine) as db:
        assert db.execute(select(status_entries.c.id, status_entries.c.value)).all() != before


def test_a_half_full_list_is_closed_and_a_new_one_opened(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    first = allocate(service, 1)[0].uri
    monkeypatch.setattr(status, "FULL", status.DECOYS + 1)
    with transaction(service.engine) as db:
        status.ensure_open_list(db, service)
    assert allocate(service, 1)[0].uri != first
    assert publication.publish_now(service) >= 1


def test_without_an_open_list_nothing_is_given_out(service: Service) -> None:
    with transaction(service.engine) as db:
        db.execute(update(status_lists).values(open=0))
    with pytest.raises(Refused) as refused:
        allocate(service, 1)
    assert refused.value.code == "unavailable"


def test_expired_places_are_forgotten_in_closed_lists_only(service: Service) -> None:
    kept = allocate(service, 3)
    change(service, kept[:1], "revoked")
    later = UNTIL + timedelta(days=2)
    with transaction(service.engine) as db:
        assert status.purge(db, now=later) == 0
        db.execute(update(status_lists).values(open=0))
        assert status.purge(db, now=UNTIL) == 0
        assert status.purge(db, now=later) == 2
        assert status.statuses(db, [entry.id for entry in kept]) == {kept[0].id: "revoked"}


# --- the statuses themselves ------------------------------------------------------------------------


def test_a_status_is_set_and_published(service: Service) -> None:
    good, held, gone = allocate(service, 3)
    assert change(service, [held], "suspended") == 1
    assert change(service, [gone], "revoked") == 1
    assert publication.publish_now(service) == 1
    published = read(service, good.uri)
    assert [published.get(entry.index) for entry in (good, held, gone)] == [VALID, SUSPENDED, INVALID]
    with reading(service.engine) as db:
        names = status.statuses(db, [good.id, held.id, gone.id])
    assert names == {good.id: "valid", held.id: "suspended", gone.id: "revoked"}
    assert change(service, [held], "valid") == 1
    publication.publish_now(service)
    assert read(service, good.uri).get(held.index) == VALID


def test_nothing_is_published_twice(service: Service) -> None:
    allocate(service, 1)
    publication.publish_now(service)
    assert publication.publish_now(service) == 0


# --- T87 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["valid", "suspended"])
def test_T87_revoked_is_never_undone(service: Service, to: status.StatusName) -> None:
    (entry,) = allocate(service, 1)
    change(service, [entry], "revoked")
    assert change(service, [entry], to) == 0
    publication.publish_now(service)
    assert read(service, entry.uri).get(entry.index) == INVALID


@pytest.mark.parametrize("value", [0, 2])
def test_T87_the_database_itself_refuses_to_undo(service: Service, value: int) -> None:
    (entry,) = allocate(service, 1)
    change(service, [entry], "revoked")
    mine = status_entries.c.id == entry.id
    with pytest.raises(DBAPIError, match="never changes"), transaction(service.engine) as db:
        db.execute(update(status_entries).where(mine).values(value=value))
    with pytest.raises(DBAPIError, match="never changes"), transaction(service.engine) as db:
        db.execute(update(status_entries).where(mine).values(place=1))
    with pytest.raises(DBAPIError, match="never goes"), transaction(service.engine) as db:
        db.execute(delete(status_entries).where(mine))
    with pytest.raises(DBAPIError), transaction(service.engine) as db:
        db.execute(update(status_entries).values(value=3))


def test_T87_a_stale_writer_cannot_put_an_older_list_back(service: Service, clock: FixedClock) -> None:
    (entry,) = allocate(service, 1)
    publication.publish_now(service)
    with reading(service.engine) as db:
        old = db.execute(select(status_tokens)).one()
    clock.advance(timedelta(seconds=5))
    change(service, [entry], "revoked")
    publication.publish_now(service)
    stale = {"version": old.version, "token": old.token, "issued_at": old.issued_at}
    with pytest.raises(DBAPIError, match="never goes back"), transaction(service.engine) as db:
        db.execute(update(status_tokens).values(**stale))
    assert read(service, entry.uri).get(entry.index) == INVALID


def test_T87_versions_and_times_only_grow(service: Service, clock: FixedClock) -> None:
    (entry,) = allocate(service, 1)
    publication.publish_now(service)
    seen = [(sequence_of(service, entry.uri), read(service, entry.uri).issued_at)]
    for to in ("suspended", "valid", "suspended", "revoked"):
        change(service, [entry], to)
        clock.advance(timedelta(seconds=-10))
        publication.publish_now(service)
        seen.append((sequence_of(service, entry.uri), read(service, entry.uri).issued_at))
    assert seen == sorted(seen)
    assert len({version for version, _ in seen}) == 5


def test_T87_revoking_while_others_publish_loses_nothing(service: Service) -> None:
    entries = allocate(service, 30)

    async def race() -> None:
        revoking = [asyncio.to_thread(change, service, [entry], "revoked") for entry in entries]
        publishing = [asyncio.to_thread(publication.publish_now, service) for _ in range(10)]
        await asyncio.gather(*revoking, *publishing)

    asyncio.run(race())
    publication.publish_now(service)
    published = read(service, entries[0].uri)
    assert {published.get(entry.index) for entry in entries} == {INVALID}


# --- times ----------------------------------------------------------------------------------------------


def test_T37_a_list_lives_a_day_and_is_signed_anew_each_hour(service: Service, clock: FixedClock) -> None:
    uri = allocate(service, 1)[0].uri
    first = read(service, uri)
    assert first.expires_at == NOW + timedelta(hours=24)
    assert first.ttl == timedelta(seconds=5)
    clock.advance(timedelta(minutes=59))
    assert publication.publish_now(service) == 0
    clock.advance(timedelta(minutes=1))
    assert publication.publish_now(service) == 1
    assert read(service, uri).issued_at == NOW + timedelta(hours=1)


def test_T37_a_reader_never_gets_an_expired_list(service: Service, clock: FixedClock) -> None:
    uri = allocate(service, 1)[0].uri
    read(service, uri)
    clock.advance(timedelta(days=30))
    assert read(service, uri).issued_at == clock.now()


def test_outside_dev_verifiers_keep_a_list_for_five_minutes(service: Service) -> None:
    object.__setattr__(service, "settings", service.settings.model_copy(update={"dev": False}))
    assert publication.ttl(service) == timedelta(minutes=5)


def test_there_is_no_other_list(service: Service) -> None:
    assert publication.published(service, "nothing") is None
