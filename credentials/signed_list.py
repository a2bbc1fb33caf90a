"""The signed list of trusted issuers and registered agencies, with which a wallet knows both (T42, T55, T56, T61).

A JWS of type `trusted-list+jwt` under a key of its own, whose fingerprint the wallet pinned. It carries the key that
will follow, and a sequence number that never goes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from credentials.jose import UnverifiedJws
from credentials.openid.purposes import Purpose
from credentials.trust import TrustPolicy
from did.keys import PublicKey
from did.signing import Signer

TYP: Final = "trusted-list+jwt"
MEDIA_TYPE: Final = "application/trusted-list+jwt"
LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIssuer:
    """An issuer: the credential types it may issue, and what its certificates must look like. Anchors are DER roots,
    `leaf_names` the DNS names or URIs one of which its leaf must carry; `status_*` the same for its status lists."""

    id: str
    names: Mapping[str, str]
    types: frozenset[str]
    anchors: tuple[bytes, ...] = ()
    leaf_names: tuple[str, ...] = ()
    dids: tuple[str, ...] = ()
    status_anchors: tuple[bytes, ...] = ()
    status_leaf_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAgency:
    """A registered agency (verifier). `certificates` = base64url SHA-256 of its request-signing leaves, present and
    next; `origins` = where its `response_uri` may lie (`https://host[:port]`); `names`: language -> name."""

    id: str
    names: Mapping[str, str]
    did: str | None
    certificates: tuple[str, ...]
    origins: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    retention: Mapping[str, str] = field(default_factory=dict)
    policy_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedVerifier:
    """Who asks, as the wallet shows it. `agency` None = not registered, trusted because the person added its root or
    DID: then it has no purposes, and `origins` come from its certificate."""

    name: str
    did: str | None
    origins: tuple[str, ...]
    agency: ListedAgency | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedList:
    """A verified list."""

    publisher: str
    sequence: int
    issued_at: datetime
    expires_at: datetime
    next_key: str
    issuers: tuple[ListedIssuer, ...]
    agencies: tuple[ListedAgency, ...]
    request_anchors: tuple[bytes, ...]

    def find_agency(self, *, certificate: str | None = None, did: str | None = None) -> ListedAgency | None:
        """Return the agency that owns a request certificate (base64url SHA-256 of its DER) or a DID."""
        raise NotImplementedError

    def to_policy(self) -> TrustPolicy:
        """Return which issuers may issue which types, for `verify`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierTrust:
    """Whom a wallet answers: the agencies of the list, and verifiers whose root or DID the person added."""

    trusted_list: TrustedList | None = None
    added_anchors: tuple[bytes, ...] = ()
    added_dids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedList:
    """A signed list as it was read; nothing in it is verified."""

    jws: UnverifiedJws
    key: PublicKey
    unverified_claims: Mapping[str, Any] = field(repr=False)


def fingerprint(key: PublicKey) -> str:
    """Return what a wallet pins and a person compares: the key's RFC 7638 thumbprint."""
    raise NotImplementedError


def build_trusted_list(
    *,
    signer: Signer,
    publisher: str,
    sequence: int,
    next_key: PublicKey,
    issuers: Sequence[ListedIssuer],
    agencies: Sequence[ListedAgency],
    request_anchors: Sequence[bytes],
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> str:
    """Return the signed list. `sequence` grows with every change of content; `request_anchors` are the DER roots of
    agencies' request certificates."""
    raise NotImplementedError


def parse_trusted_list(token: str | bytes) -> UnverifiedList:
    """Read a list: syntax only. Raises Malformed."""
    raise NotImplementedError


def check_trusted_list(
    token: str | bytes | UnverifiedList,
    *,
    publisher: str,
    pinned: str,
    announced: str | None = None,
    sequence: int = 0,
    now: datetime,
) -> TrustedList:
    """Verify a list and return it.

    `publisher` = base URL it was fetched from; `pinned` = fingerprint of the key pinned; `announced` = `next_key` of
    the last list accepted; `sequence` = of that list. The caller then keeps the new list, and pins the new key when
    it was the announced one.

    Raises IssuerUntrusted (another key), SignatureInvalid, ListRolledBack, ListExpired, Malformed.
    """
    raise NotImplementedError
