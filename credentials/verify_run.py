"""How a verification runs: stage by stage over all presentations, ending with the first stage that fails."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from credentials.errors import FetchFailed, IdError, StatusUnavailable
from credentials.formats.base import EXAMINATION_STAGES, Examination, Found, VerifiedCredential
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
    """One presentation under examination. `specs` are its format's rules by stage.

    `label` tells it from others in a check's detail; None when it is the only one.
    """

    query_id: str | None
    label: str | None = None
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

    def examine(self, items: Sequence[Item]) -> Iterator[str]:
        """Run the stages of the formats over every presentation; yield each name once all of it has held.

        The caller may add what a stage asks of all presentations together (`stage`) before it goes on.
        """
        for name in EXAMINATION_STAGES:
            if self.failed:
                return
            found: list[Found] = []
            for item in items:
                try:
                    found.append(getattr(item.examination, name)())
                except IdError as exc:
                    self._fail(name, item.specs[name], item.label, exc)
            if self.failed:
                return
            if len(found) == 1:
                one = found[0]
                self.checks.append(Check(name, one.outcome, items[0].specs[name], one.detail, one.hint))
            else:
                self.checks.append(_joined(name, items, found))
            yield name

    def stage(self, name: str, spec: str, act: Callable[..., Found], *args: Any) -> bool:
        """Run one act that is a stage of its own, unless one has failed. Return whether it held."""
        if self.failed:
            return False
        try:
            one = act(*args)
        except IdError as exc:
            self._fail(name, spec, None, exc)
            return False
        self.checks.append(Check(name, one.outcome, spec, one.detail, one.hint))
        return True

    def whole(self, name: str, spec: str, act: Callable[..., Found], *args: Any) -> None:
        """Run what a stage asks of all presentations together; its success is already told by the stage's own check."""
        if self.stage(name, spec, act, *args):
            told = self.checks.pop()
            self.checks[-1] = self.checks[-1]._replace(
                outcome="passed", detail=f"{self.checks[-1].detail}; {told.detail}"
            )
        else:
            del self.checks[-2]  # the stage's check said passed before this was asked

    def each(self, name: str, spec: str, items: Sequence[Item], act: Callable[..., Found], *args: Any) -> None:
        """Run one act on every presentation as a stage, unless one has failed."""
        if self.failed:
            return
        found: list[Found] = []
        for item in items:
            try:
                found.append(act(item, *args))
            except IdError as exc:
                self._fail(name, spec, item.label, exc)
        if not self.failed:
            joined = _joined(name, items, found)
            self.checks.append(joined._replace(spec=spec))

    def _fail(self, name: str, spec: str, label: str | None, error: IdError) -> None:
        self.failed.append(error)
        detail = error.detail if label is None else f"{label}: {error.detail}"
        self.checks.append(Check(name, "failed", spec, detail, error.hint, error.code))

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


def _joined(name: str, items: Sequence[Item], found: Sequence[Found]) -> Check:
    """Return one check for a stage that held for every presentation."""
    spec = items[0].specs.get(name, "")
    if len(found) == 1:
        one = found[0]
        return Check(name, one.outcome, spec, one.detail, one.hint)
    outcomes = {one.outcome for one in found}
    warning = next((one for one in found if one.outcome == "warning"), None)
    outcome: Outcome = "warning" if warning else "passed" if "passed" in outcomes else "not_run"
    details = "; ".join(f"{item.label}: {one.detail}" for item, one in zip(items, found, strict=True))
    return Check(name, outcome, spec, details, warning.hint if warning else "")
