"""Trust policy: which issuer may issue which type, and under which keys.

Nothing here is read from an artefact. `find_issuer_key` is the one place where key, issuer and
type of a JOSE credential are linked (threat cases T02, T03, T09).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from did.keys import PublicKey
from did.methods.base import Fetch

from credentials.jose import ALLOWED_ALGS

KeySource = Literal["x5c", "did", "jwt-vc-issuer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """One issuer and what it may do.

    `id` is compared exactly with `iss` (when the credential has one). `types` are `vct` values.
    `anchors` are DER roots for credential-signing leaves, `status_anchors` those for status lists
    (empty: the same). A leaf must name one of `leaf_names` (SAN URI or DNS name; empty: `id`).
    `dids` are the identifiers whose assertion keys may sign; `jwks_issuer` allows the keys that
    `id` publishes as JWT VC issuer metadata.
    """

    id: str
    types: frozenset[str]
    name: str = ""
    anchors: tuple[bytes, ...] = ()
    leaf_names: frozenset[str] = frozenset()
    dids: frozenset[str] = frozenset()
    jwks_issuer: bool = False
    status_anchors: tuple[bytes, ...] = ()
    status_leaf_names: frozenset[str] = frozenset()
    algs: frozenset[str] = ALLOWED_ALGS


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """Every issuer we accept. `label` says in a word where the policy is from ("list of 2026-11-22")."""

    issuers: tuple[TrustedIssuer, ...] = ()
    label: str = "trust policy"
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    """Type metadata documents by `vct`, as raw octets: known ahead, never fetched for a stranger (T20)."""

    def issuers_for(self, vct: str) -> tuple[TrustedIssuer, ...]:
        """Return the issuers that may issue this type; exact match."""
        raise NotImplementedError

    def get(self, issuer_id: str) -> TrustedIssuer | None:
        """Return the entry whose `id` or one of whose DIDs is `issuer_id`; exact match."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKey:
    """A key that the policy ties to an issuer for one type, and how it was found."""

    issuer: TrustedIssuer
    key: PublicKey
    source: KeySource
    authority_key_ids: tuple[str, ...] = ()


def find_issuer_key(
    header: Mapping[str, Any], claims: Mapping[str, Any], *, policy: TrustPolicy, fetch: Fetch, now: datetime
) -> IssuerKey:
    """Return the key that must have signed this credential, by the policy's own word.

    `header` and `claims` are unverified and serve as a lookup only: `vct` selects the entries of
    the policy, `iss` (when present) must be one of them, then `x5c`, the DID or the published key
    set is tried as that entry allows. The network is used only for an issuer the policy names.

    Raises IssuerUntrusted, IssuerKeyUnresolvable, FetchFailed (source did not answer).
    SD-JWT VC, issuer key discovery; HAIP 1.0 section 6.1.1.
    """
    raise NotImplementedError
