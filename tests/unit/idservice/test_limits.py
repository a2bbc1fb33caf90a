from datetime import timedelta

import pytest
from sqlalchemy import func, select

from idservice import limits, single_use
from idservice.database import reading, transaction
from idservice.problems import Refused
from idservice.service import Service
from tests.factories import NOW, FixedClock

HOUR = timedelta(hours=1)


def test_T67_hits_are_counted_and_refused_over_the_limit(service: Service, clock: FixedClock) -> None:
    for _ in range(3):
        limits.hit(service, "offer:1", limit=3, window=HOUR)
    with pytest.raises(Refused) as refused:
        limits.hit(service, "offer:1", limit=3, window=HOUR)
    assert refused.value.code == "rate_limited"
    assert refused.value.retry_after == 3601
    limits.hit(service, "offer:2", limit=3, window=HOUR)
    clock.advance(HOUR)
    limits.hit(service, "offer:1", limit=3, window=HOUR)


def test_T45_a_check_counts_nothing(service: Service) -> None:
    for _ in range(10):
        limits.check(service, "k", limit=1, window=HOUR)
    assert limits.miss(service, "k", window=HOUR) == 1
    with pytest.raises(Refused):
        limits.check(service, "k", limit=1, window=HOUR)


def test_T65_only_a_mac_of_the_key_is_stored(service: Service) -> None:
    limits.miss(service, "token:192.0.2.7", window=HOUR)
    with reading(service.engine) as db:
        assert b"192.0.2.7" not in bytes(db.execute(select(limits.limit_counters.c.key)).scalar_one())


def test_windows_that_are_over_are_forgotten(service: Service) -> None:
    limits.miss(service, "k", window=HOUR)
    with transaction(service.engine) as db:
        assert limits.purge(db, now=NOW + timedelta(minutes=59)) == 0
        assert limits.purge(db, now=NOW + timedelta(hours=2)) == 1


def test_a_value_is_spent_once(service: Service) -> None:
    until = NOW + HOUR
    with transaction(service.engine) as db:
        assert single_use.consume(db, "dpop-jti", "abc", expires_at=until) is True
        assert single_use.consume(db, "dpop-jti", "abc", expires_at=until) is False
        assert single_use.consume(db, "c-nonce", "abc", expires_at=until) is True
    with transaction(service.engine) as db:
        assert single_use.consume(db, "dpop-jti", "abc", expires_at=until) is False


def test_a_value_is_not_spent_when_its_effect_fails(service: Service) -> None:
    with pytest.raises(RuntimeError), transaction(service.engine) as db:
        single_use.consume(db, "k", "abc", expires_at=NOW)
        raise RuntimeError
    with transaction(service.engine) as db:
        assert single_use.consume(db, "k", "abc", expires_at=NOW) is True


def test_values_are_kept_as_digests_until_they_expire(service: Service) -> None:
    table = single_use.single_use_values
    with transaction(service.engine) as db:
        single_use.consume(db, "k", "abc", expires_at=NOW + HOUR)
        assert b"abc" not in bytes(db.execute(select(table.c.digest)).scalar_one())
        assert single_use.purge(db, now=NOW) == 0
        assert single_use.purge(db, now=NOW + HOUR + timedelta(seconds=1)) == 1
        assert db.execute(select(func.count()).select_from(table)).scalar_one() == 0
