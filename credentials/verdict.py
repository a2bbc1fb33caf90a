"""The explained verdict: what was checked, by which rule, what was found, what to do next."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from credentials.formats.base import VerifiedCredential

Outcome = Literal["passed", "failed", "warning", "not_run"]
VerdictName = Literal["valid", "invalid", "undetermined"]

STAGES: tuple[str, ...] = (
    "size",
    "shape",
    "type",
    "algorithm",
    "issuer_trust",
    "signature",
    "time",
    "holder_binding",
    "transaction",
    "disclosures",
    "query",
    "status",
)
"""The checks in their order; the first stage that fails ends the run. Policy checks follow under their own names."""


class Check(NamedTuple):
    """One line of the explained verdict.

    `detail` says what was found: never a claim value, name, personal code, full key or token.
    `hint` is the next step for a person, `code` the house code of a failure.
    """

    name: str
    outcome: Outcome
    spec: str
    detail: str
    hint: str = ""
    code: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members of the interface's check object."""
        members: dict[str, Any] = {"name": self.name, "outcome": self.outcome}
        if self.code is not None:
            members["code"] = self.code
        return {**members, "spec": self.spec, "detail": self.detail, "hint": self.hint}


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialView:
    """One verified credential as an agency sees it. `claims` are the verified claims, all of them disclosed."""

    format: str
    type: str
    issuer: str
    claims: dict[str, Any]
    status: str | None = None
    valid_until: datetime | None = None
    query_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members of the interface's credential object."""
        members: dict[str, Any] = {} if self.query_id is None else {"query_id": self.query_id}
        members |= {"format": self.format, "type": self.type, "issuer": self.issuer, "claims": self.claims}
        members["status"] = self.status
        until = self.valid_until
        members["valid_until"] = None if until is None else until.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return members


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`valid`, `invalid` or `undetermined`, with every check; `credentials` is empty unless valid."""

    verdict: VerdictName
    checks: tuple[Check, ...]
    credentials: tuple[CredentialView, ...] = ()
    code: str | None = None
    verified: tuple[VerifiedCredential, ...] = field(default=(), repr=False)
    """What stands behind `credentials`, in the same order (holder key, issuer, proof); not part of the JSON."""

    @property
    def failures(self) -> tuple[Check, ...]:
        """Return the failed checks: all of the stage that ended the run."""
        return tuple(check for check in self.checks if check.outcome == "failed")

    def to_json(self) -> dict[str, Any]:
        """Return the verdict object of the interface; claims only when valid."""
        members: dict[str, Any] = {"verdict": self.verdict}
        if self.code is not None:
            members["code"] = self.code
        members["checks"] = [check.to_json() for check in self.checks]
        members["credentials"] = [view.to_json() for view in self.credentials] if self.verdict == "valid" else []
        return members
