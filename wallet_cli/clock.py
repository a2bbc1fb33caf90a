"""The wallet's clock: real time, and for a development wallet the offset its service also reads."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from did.errors import Malformed
from wallet_cli.errors import NotFound, WalletError
from wallet_cli.folder import read_private_file

OFFSET_FILE = "clock-offset"
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def parse_offset(text: str) -> timedelta:
    """Return a signed ISO 8601 duration of weeks, days and time (`-P2DT3H`). Raises Malformed."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.group(unit) for unit in ("weeks", "days", "hours", "minutes", "seconds")):
        raise Malformed("the clock offset is not an ISO 8601 duration", hint="write it like P1D, -PT10M or PT90S")
    parts = {unit: int(found.group(unit) or 0) for unit in ("weeks", "days", "hours", "minutes", "seconds")}
    offset = timedelta(**parts)
    return -offset if found.group("sign") == "-" else offset


def read_offset(service_data: str) -> timedelta:
    """Return the offset of the development service in `service_data`; none when there is no such file."""
    try:
        return parse_offset(read_private_file(Path(service_data) / OFFSET_FILE, max_bytes=100).decode("ascii"))
    except NotFound:
        return timedelta()
    except UnicodeDecodeError:
        raise WalletError("The clock offset of the development service cannot be read.") from None


def iso(moment: datetime) -> str:
    """Return a time as the interfaces write it: `2026-11-22T07:14:00Z`."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
