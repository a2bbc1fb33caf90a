from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from idservice.clock import SystemClock, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P15D", timedelta(days=15)),
        ("+P15D", timedelta(days=15)),
        ("-PT2M", timedelta(minutes=-2)),
        ("P1W", timedelta(weeks=1)),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("PT0S", timedelta(0)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "15", "P1Y", "P1M", "P1DT", "P-1D", "1D", "P1.5D", "PT1H2D"])
def test_other_texts_are_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a signed ISO 8601 duration"):
        parse_duration(text)


def test_the_offset_is_read_at_each_use(tmp_path: Path) -> None:
    file = tmp_path / "clock-offset"
    clock = SystemClock(file)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    file.write_text("+P400D\n")
    assert clock.now() - datetime.now(UTC) > timedelta(days=399)
    file.write_text("-PT1H")
    assert datetime.now(UTC) - clock.now() > timedelta(minutes=59)
    file.unlink()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_outside_dev_no_file_moves_the_time() -> None:
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=5)
