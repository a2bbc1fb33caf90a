"""Times with a zone, and nothing else."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did.times import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T12:00:00Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22T14:00:00+02:00", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22T12:00:00.5Z", datetime(2026, 11, 22, 12, 0, 0, 500000, tzinfo=UTC)),
        ("2026-11-22T12:00:00.123456789Z", datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_good_times(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        None, 5, "", "2026-11-22", "2026-11-22T12:00:00", "2026-11-22 12:00:00Z", "2026-13-22T12:00:00Z",
        "2026-11-22T25:00:00Z", "20261122T120000Z", "2026-11-22T12:00Z", "2026-11-22T12:00:00z",
        "2026-11-22T12:00:00Z ",
        "0001-01-01T00:00:00+10:00", "2026-11-22T12:00:00+99:00", "٢026-11-22T12:00:00Z", "2026-02-30T12:00:00Z",
    ],
)  # fmt: skip
def test_bad_times(text: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_time(text)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_round_trip(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=3)))
    assert parse_time(format_time(moment)) == moment
    with pytest.raises(ValueError, match="zone"):
        format_time(moment.replace(tzinfo=None))
