"""How a verification runs: stage by stage over all presentations, ending with the first stage that fails."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from credentials.errors import FetchFailed, IdError, StatusUnavailable
from credentials.formats.base import Examination, Found, VerifiedCredential
from credentials.openid.dcql import Query
from credentials.verdict import STAGES, Check, CredentialView, Outcome, Verdict

PolicyCheck = Callable[[Sequence[CredentialView]], Check]
"""A policy's own check on verified credentials; runs last, under the name it gives its `Check`."""

_UNANSWERED = (FetchFailed, StatusUnavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the verifier asked for, from its own stored request.

    `audience` is the full client identifier with its prefix. `types` limits the `vct` values of a
    presentation that answers no query (empty: any type of the policy). `transaction_data` holds the
    base64url strings exactly as sent. `same_holder` demands one holder key over all credentials.
    With a query, each credential query says for itself whether holder binding is due.
    """

    nonce: str | None = None
    audience: str | None = None
    query: Query | None = None
    transaction_data: tuple[str, ...] = ()
    holder_binding: bool = True
    same_holder: bool = False
    types: frozenset[str] = frozenset()
    policy_checks: tuple[PolicyCheck, ...] = ()


@dataclass(slots=True, kw_only=True)
class Item:
    """One presentation under examination. `specs` are its format's rules by stage."""

    query_id: str | None
    examination: Examination
    presentation: object
    max_bytes: int
    specs: Mapping[str, str]
    verified: VerifiedCredential | None = None
    view: CredentialView | None = None


@dataclass(slots=True)
class Run:
    """A verification under way: the checks so far, and whether one has failed."""

    checks: list[Check] = field(default_factory=list)
    failed: list[IdError | Check] = field(default_factory=list)

    def stage(self, name: str, spec: str, acts: Iterable[tuple[str | None, Callable[[], Found]]]) -> bool:
        """Run one stage: every act on its own, so that all its failures are listed. Return whether it held."""
        if self.failed:
            return False
        found: list[tuple[str | None, Found]] = []
        for label, act in acts:
            try:
                found.append((label, act()))
            except IdError as exc:
                self.failed.append(exc)
                self.checks.append(Check(name, "failed", spec, _labelled(label, exc.detail), exc.hint, exc.code))
        if not self.failed:
            self.checks.append(_passed(name, spec, found))
        return not self.failed

    def policy(self, check: Check) -> None:
        """Add the result of a policy check; policy checks do not hide one another."""
        self.checks.append(check)
        if check.outcome == "failed":
            self.failed.append(check)

    def conclude(self, items: Sequence[Item]) -> Verdict:
        """Return the verdict: `undetermined` when nothing failed but a source, claims only when valid."""
        done = {check.name for check in self.checks}
        rest = tuple(
            Check(name, "not_run", "", "an earlier check failed") for name in STAGES if self.failed and name not in done
        )
        if not self.failed:
            return Verdict(
                verdict="valid",
                checks=tuple(self.checks),
                credentials=tuple(item.view for item in items if item.view),
                verified=tuple(item.verified for item in items if item.verified),
            )
        definite = [failure for failure in self.failed if not isinstance(failure, _UNANSWERED)]
        first = definite[0] if definite else self.failed[0]
        return Verdict(verdict="invalid" if definite else "undetermined", code=first.code, checks=(*self.checks, *rest))


def _passed(name: str, spec: str, found: Sequence[tuple[str | None, Found]]) -> Check:
    """Return one check for a stage that held for every presentation."""
    if len(found) == 1:
        one = found[0][1]
        return Check(name, one.outcome, spec, one.detail, one.hint)
    outcomes = {one.outcome for _, one in found}
    warning = next((one for _, one in found if one.outcome == "warning"), None)
    outcome: Outcome = "warning" if warning else "passed" if "passed" in outcomes else "not_run"
    details = "; ".join(_labelled(label, one.detail) for label, one in found)
    return Check(name, outcome, spec, details, warning.hint if warning else "")


def _labelled(label: str | None, text: str) -> str:
    return text if label is None else f"{label}: {text}"
