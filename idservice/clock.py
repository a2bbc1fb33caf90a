"""What time it is. The one place of the service that reads the clock."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

OFFSET_FILE = "clock-offset"

_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,12}(?:\.\d{1,6})?)S)?)?"
)


class Clock(Protocol):
    """What a room asks for the time; tests pass one they can move."""

    def now(self) -> datetime:
        """Return the time as an aware UTC value."""
        ...


class SystemClock:
    """The machine's time, moved by the duration in `offset_file` where one was given (dev only).

    The file holds a signed ISO 8601 duration such as `+P15D` or `-PT2M` and is read at each use, so that a test
    moves the time of every process at once (contract.md 1).
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file

    def now(self) -> datetime:
        """Return the time as an aware UTC value."""
        return datetime.now(UTC) + self._offset()

    def _offset(self) -> timedelta:
        if self._offset_file is None:
            return timedelta(0)
        try:
            text = self._offset_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return timedelta(0)
        return parse_duration(text) if text else timedelta(0)


def parse_duration(text: str) -> timedelta:
    """Return the length of a signed ISO 8601 duration in weeks, days, hours, minutes and seconds.

    Raises ValueError for anything else; years and months have no fixed length and are refused.
    """
    match = _DURATION.fullmatch(text)
    parts = {name: value for name, value in match.groupdict().items() if name != "sign" and value} if match else {}
    if match is None or not parts or text.endswith("T"):
        raise ValueError(f"not a signed ISO 8601 duration of weeks, days, hours, minutes, seconds: {text[:40]!r}")
    length = timedelta(**{name: float(value) for name, value in parts.items()})
    return -length if match["sign"] == "-" else length
