"""The one place that turns what the wallet knows into lines for people, and into their `--json` twins.

Dates by Babel in the wallet's language, days and times in UTC; every text from outside goes through
`text.clean`; nothing wider than 80 columns; no box drawing, no colour, no cursor movement.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from wallet_cli.text import clean


def day(moment: datetime, language: str = "en") -> str:
    """`21 Nov 2026`."""
    from babel.dates import format_date

    return format_date(moment.date(), "d MMM y", locale=language)


def minute(moment: datetime, language: str = "en") -> str:
    """`22 Nov 07:14`."""
    from babel.dates import format_datetime

    return format_datetime(moment, "d MMM HH:mm", locale=language)


def clock(moment: datetime) -> str:
    """`07:14`."""
    return f"{moment:%H:%M}"


def date_claim(text: str, language: str = "en") -> str:
    """A date claim (`1968-05-28`) for people; anything else as it is."""
    try:
        return day(datetime.strptime(text, "%Y-%m-%d"), language) if len(text) == 10 else text  # noqa: DTZ007 - a day
    except ValueError:
        return text


def value_text(value: Any, language: str = "en") -> str:
    """A claim value in words: yes and no, dates, lists with commas; pictures and keys by their size only."""
    if value is True:
        return "yes"
    if value is False:
        return "no"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        if value.startswith("data:"):
            return f"a picture or file ({len(value) // 1024 + 1} KiB)"
        if value.startswith("-----BEGIN CERTIFICATE"):
            return f"{value.count('BEGIN CERTIFICATE')} certificates"
        return clean(date_claim(value, language))
    if isinstance(value, list):
        return ", ".join(value_text(item, language) for item in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{clean(name)} {value_text(item, language)}" for name, item in value.items()) or "nothing"
    return clean(value)


def span(duration: timedelta) -> str:
    """A length of time in one unit: `4 min`, `3 h`, `2 days`."""
    seconds = int(duration.total_seconds())
    if seconds < 90:
        return f"{max(seconds, 0)} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    if seconds < 2 * 86400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 copy`, `10 copies`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def joined(words: Sequence[str], *, most: int = 3) -> str:
    """`address, resident since, household size, and 2 more`."""
    shown = list(words[:most])
    rest = len(words) - len(shown)
    return ", ".join(shown) + (f", and {rest} more" if rest else "")


def as_list(rows: Sequence[Sequence[tuple[str, str]]]) -> list[str]:
    """`Label: value` lines, an empty line between things: the same as a table, for screen readers."""
    lines: list[str] = []
    for row in rows:
        if lines:
            lines.append("")
        lines.extend(f"{label}: {value}" for label, value in row)
    return lines
