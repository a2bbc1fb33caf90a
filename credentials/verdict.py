"""The explained verdict: what was checked, by which rule, what was found, what to do next."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class Check:
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
        raise NotImplementedError


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
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`valid`, `invalid` or `undetermined`, with every check; `credentials` is empty unless valid."""

    verdict: VerdictName
    checks: tuple[Check, ...]
    credentials: tuple[CredentialView, ...] = ()
    code: str | None = None
    holder_keys: tuple[str, ...] = field(default=(), repr=False)
    """Thumbprints of the proven holder keys, in the order of `credentials`; not part of the JSON."""

    @property
    def failures(self) -> tuple[Check, ...]:
        """Return the failed checks: all of the stage that ended the run."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return the verdict object of the interface; claims only when valid."""
        raise NotImplementedError
