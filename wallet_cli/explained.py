"""What `wallet explain` finds out about one artefact: its kind, what it says, and how each check went."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from credentials.claims import format_path
from credentials.openid.dcql import parse_query
from credentials.openid.purposes import requested_claims
from credentials.trust import TrustPolicy
from credentials.verdict import Check, Outcome
from did.errors import FetchFailed, IdError
from wallet_cli.offering import short_type
from wallet_cli.text import clean
from wallet_cli.views import value_text

if TYPE_CHECKING:
    from wallet_cli.session import Session

MAX_ROWS: Final = 60
NOT_RUN_HINT: Final = "run it with a wallet that follows a service"


@dataclass(slots=True, kw_only=True)
class Explained:
    """What something is, what it says, and how it fares."""

    kind: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def code(self) -> str | None:
        """The code of the first check that failed."""
        return next((check.code for check in self.checks if check.outcome == "failed"), None)

    def say(self, label: str, value: object) -> None:
        """Add a row for people."""
        if len(self.rows) < MAX_ROWS:
            self.rows.append((label, value_text(value)))

    def note(
        self, name: str, outcome: Outcome, spec: str, detail: str, *, hint: str = "", code: str | None = None
    ) -> None:
        """Add a check that was made elsewhere, or could not be made."""
        self.checks.append(Check(name=name, outcome=outcome, spec=spec, detail=clean(detail), hint=hint, code=code))

    def hold(self, name: str, spec: str, passed: str, check: Callable[[], object]) -> bool:
        """Run one check; what it raises becomes a failed row."""
        try:
            check()
        except FetchFailed as exc:
            self.note(name, "not_run", spec, str(exc), hint=exc.hint, code=exc.code)
            return False
        except IdError as exc:
            self.note(name, "failed", spec, str(exc), hint=exc.hint, code=exc.code)
            return False
        self.note(name, "passed", spec, passed)
        return True

    def to_json(self) -> dict[str, Any]:
        """The `--json` twin."""
        return {
            "kind": self.kind,
            "says": [{"label": label, "value": value} for label, value in self.rows],
            "checks": [check.to_json() for check in self.checks],
            "code": self.code,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an artefact is held against. `session` None: no wallet is open."""

    session: "Session | None"
    now: datetime
    dev: bool

    @property
    def policy(self) -> TrustPolicy:
        """The wallet's own trust policy; an empty one without a wallet."""
        return self.session.services.policy() if self.session is not None else TrustPolicy()


def explain_query(body: Mapping[str, Any]) -> Explained:
    """Say what a DCQL query asks for."""
    found = Explained(kind="DCQL query")

    def read() -> None:
        for one in requested_claims(parse_query(body)):
            path = format_path(one.path) if one.path is not None else "only that it is held"
            found.say(f"  {one.query_id[:20]}", f"{short_type(one.type or 'any type')}: {path}")

    found.hold("shape", "OpenID4VP 1.0 section 6", "the query can be evaluated", read)
    return found
