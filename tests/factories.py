"""Values that tests share: the fixed time, accounts and tokens, a clock that can be moved."""

from datetime import UTC, datetime, timedelta

from idservice.commands.devdata import DEV_PURPOSES

__all__ = ["AGENCY_TOKEN", "BASE_URL", "DEV_PURPOSES", "NOW", "STAFF", "FixedClock", "agency_bearer", "bearer"]

BASE_URL = "http://localhost:8000"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

STAFF: dict[str, tuple[list[str], str]] = {
    "registrar": (["registrar"], "token-of-the-first-registrar"),
    "registrar2": (["registrar"], "token-of-the-second-registrar"),
    "approver": (["approver"], "token-of-the-approver"),
    "auditor": (["auditor"], "token-of-the-auditor"),
    "admin": (["admin"], "token-of-the-admin"),
}
"""Account name -> roles and bearer token."""
AGENCY_TOKEN = "token-of-the-bank"


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, at: datetime = NOW) -> None:
        """Start at `at`."""
        self._now = at

    def now(self) -> datetime:
        """Return the time."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the time, forward or back."""
        self._now += by


def bearer(name: str) -> dict[str, str]:
    """Return the Authorization header of a member of staff."""
    return {"Authorization": f"Bearer {STAFF[name][1]}"}


def agency_bearer() -> dict[str, str]:
    """Return the Authorization header of the agency `bank`."""
    return {"Authorization": f"Bearer {AGENCY_TOKEN}"}
