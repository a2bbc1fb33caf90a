"""`wallet doctor`'s checks: each says what it found, and the command that puts it right.

The folder is looked at from outside first, so that a wallet that does not open is explained too.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from credentials.status.token_status_list import parse_token
from did.errors import IdError
from wallet_cli import copies as pools
from wallet_cli import receiving
from wallet_cli.errors import EXIT_CODES, EXIT_FAILURE
from wallet_cli.gates import PIN_NAMES
from wallet_cli.holdings import holding
from wallet_cli.refreshing import status_uris
from wallet_cli.statuses import DEFAULT_TTL, CachedStatuses
from wallet_cli.store import FILE_NAME
from wallet_cli.text import WIDTH, clean, fit, pad, width
from wallet_cli.views import counted, day, span

if TYPE_CHECKING:
    from wallet_cli.session import Session

MAX_CLOCK_SKEW: Final = timedelta(seconds=60)
SOON: Final = timedelta(days=2)
_SIGNS: Final = {"passed": "ok", "warning": "warn", "failed": "FAIL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor."""

    name: str
    outcome: Literal["passed", "warning", "failed"]
    words: str
    fix: str = ""
    code: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The check of the `--json` twin."""
        members: dict[str, Any] = {"name": self.name, "outcome": self.outcome}
        if self.code is not None:
            members["code"] = self.code
        if self.fix:
            members["hint"] = self.fix
        return {**members, "detail": self.words}

    def line(self) -> str:
        """`warn  3 copies of e-residency left        fix: wallet refresh e1`, in 80 columns."""
        head = f"{_SIGNS[self.outcome]:<6}"
        if not self.fix:
            return head + fit(self.words, WIDTH - 6)
        fix = f"fix: {self.fix}"
        room = WIDTH - 6 - width(fix) - 2
        return head + pad(self.words, max(min(room, 36), width(fit(self.words, room)))) + "  " + fix


def ok(name: str, words: str) -> Finding:
    """A check that passed."""
    return Finding(name=name, outcome="passed", words=words)


def warn(name: str, words: str, fix: str, code: str | None = None) -> Finding:
    """A check that asks for attention."""
    return Finding(name=name, outcome="warning", words=words, fix=fix, code=code)


def failed(name: str, words: str, fix: str, code: str) -> Finding:
    """A check that failed, with its house code."""
    return Finding(name=name, outcome="failed", words=words, fix=fix, code=code)


def exit_code(findings: list[Finding]) -> int:
    """The exit code of the first failed check, 0 where none failed."""
    for finding in findings:
        if finding.outcome == "failed":
            return EXIT_CODES.get(finding.code or "", EXIT_FAILURE)
    return 0


def check_folder(path: Path) -> Finding:
    """Whether folder and file are there and private."""
    try:
        modes = [os.lstat(path).st_mode, os.lstat(path / FILE_NAME).st_mode]
    except FileNotFoundError:
        return failed("folder", "there is no wallet in this folder", "wallet init", "not_found")
    except OSError:
        return failed("folder", "the wallet folder cannot be looked into", "run as its owner", "wallet_locked")
    if any(stat.S_ISLNK(mode) for mode in modes):
        return failed("folder", "folder or file is a link", "put the real folder there", "wallet_locked")
    folder, file = (stat.S_IMODE(mode) for mode in modes)
    if folder & 0o077 or file & 0o077:
        return failed(
            "folder", f"others can look in ({folder:04o}, {file:04o})", "chmod 700 folder, 600 file", "wallet_locked"
        )
    return ok("folder", f"wallet folder is private ({folder:04o}), key file {file:04o}")


def check_wallet(session: "Session", *, offline: bool) -> Iterator[Finding]:
    """Everything about an open wallet."""
    yield ok("seal", "the seal is whole")
    yield from _services(session, offline=offline)
    yield from _pins(session)
    yield from _under_way(session)
    yield from _credentials(session, offline=offline)


def _services(session: "Session", *, offline: bool) -> Iterator[Finding]:
    if not session.wallet.services:
        yield warn("service", "the wallet follows no service", "wallet trust add URL")
    for service in session.wallet.services:
        if offline:
            age = session.now() - service.fetched_at if service.fetched_at is not None else None
            yield ok("signed_list", f"signed list is {span(age)} old" if age is not None else "no list was fetched")
            continue
        try:
            answer = session.client.get(f"{service.base_url}/healthz", accept="application/json")
            yield _clock(session, answer.headers.get("date", ""))
            checked = session.services.refresh(service)
            yield ok("signed_list", f"signed list {checked.sequence} of {day(checked.issued_at)} is in order")
        except IdError as exc:
            words = clean(str(exc), limit=60).rstrip(".")
            yield failed("signed_list", words[:1].lower() + words[1:], "wallet refresh --status", exc.code)


def _clock(session: "Session", date: str) -> Finding:
    try:
        told: datetime | None = parsedate_to_datetime(date)
    except ValueError:
        told = None
    if told is None or told.tzinfo is None:
        return ok("clock", "the service does not say what time it is")
    # real time on both sides: a development service's own offset is not in its Date header
    apart = abs(session.world.clock() - told)
    if apart > MAX_CLOCK_SKEW:
        return failed("clock", f"clock differs from the service by {span(apart)}", "set the clock", "nonce_mismatch")
    return ok("clock", f"clock differs from the service by {int(apart.total_seconds())} s")


def _pins(session: "Session") -> Iterator[Finding]:
    wallet = session.wallet
    for role, gate in wallet.gates.items():
        name = PIN_NAMES[role]
        if gate.tries <= 0:
            yield failed("pin", f"{name} is blocked", f"wallet pin unblock {name.lower()}", "pin_blocked")
        elif role == "sign" and gate.initial and any(one.role == "sign" for one in wallet.credentials):
            yield warn("pin", "PIN2 is still the one you were given", "wallet pin change pin2")
    if wallet.gates and wallet.puk_tries <= 0:
        yield failed("puk", "the PUK is blocked for good", "ask for a new issue", "pin_blocked")


def _under_way(session: "Session") -> Iterator[Finding]:
    if session.wallet.pending:
        lost = receiving.lost_items(session)
        words = "an offer was not taken in fully" + ("; its time is over" if lost else "")
        yield warn("pending", words, "wallet refresh" if lost else "wallet receive")
    if any(one.state == "draft" for one in session.wallet.applications):
        yield warn("application", "an application was not sent", "wallet apply, with the same form")


def _credentials(session: "Session", *, offline: bool) -> Iterator[Finding]:
    yield from _status_lists(session, offline=offline)
    for credential in session.wallet.credentials:
        held = holding(session, credential)
        name = f"{held.type} ({held.id})"
        fix = f"wallet refresh {held.id}" if credential.grant else "ask for a new offer"
        left = len(pools.unused(credential))
        if held.state in ("revoked", "suspended"):
            yield failed("credential", f"{name} is {held.state}", "ask the office", f"credential_{held.state}")
        elif held.state == "expired":
            yield failed("credential", f"{name} has run out", fix, "credential_expired")
        elif held.state == "empty" or (credential.single_use and credential.grant and left <= pools.LOW_COPIES):
            yield warn("copies", f"{counted(left, 'copy', 'copies')} of {held.type} left", fix)
        elif held.end is not None and held.end - session.now() < SOON:
            yield warn("copies", f"{name} runs out on {held.end_words}", fix)
        else:
            yield ok("credential", f"{name}: {counted(held.copies, 'copy', 'copies')}, until {held.end_words}")


def _status_lists(session: "Session", *, offline: bool) -> Iterator[Finding]:
    source = CachedStatuses(session)
    for uri in status_uris(session):
        if not offline:
            try:
                source.get(uri, now=session.now())
            except IdError:
                yield failed(
                    "status_age", "a status list cannot be fetched", "wallet refresh --status", "status_unavailable"
                )
                continue
        kept = session.wallet.statuses.get(uri)
        if kept is None:
            yield failed("status_age", "no status list is kept", "wallet refresh --status", "status_unavailable")
            continue
        limit = 2 * (parse_token(kept.body).ttl or DEFAULT_TTL)
        age = session.now() - kept.fetched_at
        if age > limit:
            yield failed(
                "status_age",
                f"status list is {span(age)} old, limit {span(limit)}",
                "wallet refresh --status",
                "status_unavailable",
            )
        else:
            yield ok("status_age", f"status list is {span(age)} old")


def summary(findings: list[Finding]) -> str:
    """`1 failed, 1 warning.  Exit code 6.`"""
    bad = sum(finding.outcome == "failed" for finding in findings)
    doubtful = sum(finding.outcome == "warning" for finding in findings)
    if not bad and not doubtful:
        return "All is well."
    return f"{bad} failed, {counted(doubtful, 'warning')}.  Exit code {exit_code(findings)}."
