"""Times as DID documents and logs write them: ISO 8601 with a zone, second precision where we write (DID Core 3.3)."""

import re
from datetime import UTC, datetime

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(text: object) -> datetime:
    """Return the aware UTC time in `text`; raises ValueError unless it has date, time and zone."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("not a date and time with zone")
    fraction, zone = match[1] or "", match[2]
    moment = datetime.fromisoformat(match[0][:19] + fraction[:7].ljust(7, "0") * bool(fraction) + zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError("date and time out of range") from exc


def format_time(moment: datetime) -> str:
    """Return aware `moment` in UTC to the second, as `2026-01-31T12:00:00Z`; raises ValueError if it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("time has no zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
