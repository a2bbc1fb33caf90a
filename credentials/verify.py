"""The verification of presentations and credentials: one ordered list of named checks.

size, shape, type, algorithm, issuer_trust, signature, time, holder_binding, transaction,
disclosures, query, status, then policy checks under their own names. The run ends with the first
stage that fails; all failures of that stage are listed, what follows is `not_run`. A source that
did not answer makes the verdict `undetermined`, everything else that fails makes it `invalid`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from did.keys import PublicKey
from did.methods.base import Fetch

from credentials.openid.dcql import Query
from credentials.trust import TrustPolicy
from credentials.verdict import Check, CredentialView, Verdict

__all__ = [
    "Check",
    "CredentialView",
    "Expected",
    "FetchedStatusList",
    "PolicyCheck",
    "StatusSource",
    "Verdict",
    "verify",
    "verify_credential",
    "verify_vp_token",
]


@dataclass(frozen=True, slots=True)
class FetchedStatusList:
    """A status list token as it came, and when it was fetched (its own publication time for our own rows)."""

    token: str
    fetched_at: datetime


class StatusSource(Protocol):
    """Where status list tokens come from: rows, a cache, a guarded fetch."""

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Return the token published at `uri`. Raises StatusUnavailable or FetchFailed when there is none."""
        ...


PolicyCheck = Callable[[Sequence[CredentialView]], Check]
"""A policy's own check on verified credentials; runs last, under the name it gives its `Check`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the verifier asked for, from its own stored request.

    `audience` is the full client identifier with its prefix. `types` limits the `vct` values of a
    presentation that answers no query (empty: any type of the policy). `transaction_data` holds the
    base64url strings exactly as sent. `same_holder` demands one holder key over all credentials.
    """

    nonce: str | None = None
    audience: str | None = None
    query: Query | None = None
    transaction_data: tuple[str, ...] = ()
    holder_binding: bool = True
    same_holder: bool = False
    types: frozenset[str] = frozenset()
    policy_checks: tuple[PolicyCheck, ...] = ()


def verify(
    presentation: str | Mapping[str, Any],
    *,
    expected: Expected,
    policy: TrustPolicy,
    fetch: Fetch,
    statuses: StatusSource,
    now: datetime,
    format: str = "dc+sd-jwt",
) -> Verdict:
    """Judge one presentation. Never raises for what the presentation holds.

    With `expected.query` it is judged as the answer to the query's only credential entry.
    RFC 9901 section 7.3; SD-JWT VC, verification; OpenID4VP 1.0 section 8.6.
    """
    raise NotImplementedError


def verify_vp_token(
    vp_token: object,
    *,
    expected: Expected,
    policy: TrustPolicy,
    fetch: Fetch,
    statuses: StatusSource,
    now: datetime,
) -> Verdict:
    """Judge a whole DCQL answer: `{query id: [presentation, …]}`. `expected.query` is required.

    Every presentation is judged on its own, then the whole query on the verified claims (T58).
    OpenID4VP 1.0 sections 8.1 and 8.6.
    """
    raise NotImplementedError


def verify_credential(
    credential: str | Mapping[str, Any],
    *,
    policy: TrustPolicy,
    fetch: Fetch,
    statuses: StatusSource,
    now: datetime,
    types: frozenset[str] = frozenset(),
    holder_key: PublicKey | None = None,
    format: str = "dc+sd-jwt",
) -> Verdict:
    """Judge a credential as issued, without a proof of possession.

    `holder_key` is the wallet's own key: the credential must be bound to it (T94). Without it the
    check `holder_binding` is not run. A credential that arrives with a key-binding JWT is refused.
    """
    raise NotImplementedError
