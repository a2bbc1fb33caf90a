"""The signed list of trusted issuers and registered agencies, with which a wallet knows both (T42, T55, T56, T61).

A JWS of type `trusted-list+jwt` under a key of its own, whose fingerprint the wallet pinned. It carries the key that
will follow, and a sequence number that never goes back. Fetching and keeping it are the caller's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from credentials.errors import (
    CredentialError,
    IdError,
    IssuerUntrusted,
    Malformed,
    MalformedCredential,
    ProtocolError,
    VerifierUntrusted,
)
from credentials.jose import ALLOWED_ALGS, UnverifiedJws, parse_jws, sign_jws, verify_jws
from credentials.openid.links import check_url, origin
from credentials.openid.purposes import Purpose, parse_purpose
from credentials.openid.wire import time_member
from credentials.trust import TrustedIssuer, TrustPolicy
from did.encoding import b64_decode, b64_encode
from did.keys import PublicKey
from did.signing import Signer

TYP: Final = "trusted-list+jwt"
MEDIA_TYPE: Final = "application/trusted-list+jwt"
LIFETIME: Final = timedelta(hours=24)
MAX_BYTES: Final = 4 << 20
SKEW: Final = timedelta(seconds=60)
_FINGERPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_WHAT: Final = "the trusted list"


class ListRolledBack(CredentialError):
    """The list is older than one that was accepted before."""

    code = "issuer_untrusted"


class ListExpired(CredentialError):
    """The list is past its `exp`: fetch it again."""

    code = "unavailable"


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
    policy_url: str | None = None

    def name(self, languages: Sequence[str]) -> str:
        """Return the name for the first of `languages` there is, else the first there is, else the id."""
        found = [self.names[language] for language in languages if language in self.names]
        return (found or [*self.names.values(), self.id])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedVerifier:
    """Who asks, as the wallet shows it. `agency` None = not registered, trusted because the person added its root or
    DID: then it has no purposes, and `origins` come from its certificate or DID."""

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
        for agency in self.agencies:
            if certificate is not None and certificate in agency.certificates:
                return agency
            if did is not None and did == agency.did:
                return agency
        return None

    def to_policy(self, *, metadata: Mapping[str, bytes] | None = None) -> TrustPolicy:
        """Return which issuers may issue which types, for `verify`. `metadata`: type metadata the caller keeps."""
        return TrustPolicy(
            issuers=tuple(_trusted_issuer(issuer) for issuer in self.issuers),
            label=f"list {self.sequence} of {self.publisher}",
            metadata=metadata or {},
        )


def _trusted_issuer(issuer: ListedIssuer) -> TrustedIssuer:
    return TrustedIssuer(
        id=issuer.id,
        name=next(iter(issuer.names.values()), issuer.id),
        types=issuer.types,
        anchors=issuer.anchors,
        leaf_names=frozenset(issuer.leaf_names),
        dids=frozenset(issuer.dids),
        status_anchors=issuer.status_anchors,
        status_leaf_names=frozenset(issuer.status_leaf_names),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierTrust:
    """Whom a wallet answers: the agencies of the list, and verifiers whose root or DID the person added.

    `attesters`: `iss` of verifier attestations that are believed, with the key that signs them.
    """

    trusted_list: TrustedList | None = None
    added_anchors: tuple[bytes, ...] = ()
    added_dids: frozenset[str] = frozenset()
    attesters: Mapping[str, PublicKey] = field(default_factory=dict)

    @property
    def anchors(self) -> tuple[bytes, ...]:
        """Return every root that a request certificate may chain to."""
        return (self.trusted_list.request_anchors if self.trusted_list else ()) + self.added_anchors

    def by_certificate(
        self, fingerprint: str, *, anchor: bytes, subject: str, dns_names: Sequence[str]
    ) -> TrustedVerifier:
        """Return who a checked request certificate belongs to: `fingerprint` of its leaf, `anchor` it chained to.

        Raises VerifierUntrusted for a certificate that the list does not have (fetch the list once, then ask again).
        """
        agency = self.trusted_list.find_agency(certificate=fingerprint) if self.trusted_list else None
        if agency is not None:
            return _verifier(agency)
        if anchor in self.added_anchors:
            origins = tuple(f"https://{name}" for name in dns_names)
            return TrustedVerifier(name=subject, did=None, origins=origins, agency=None)
        raise VerifierUntrusted("the verifier's certificate is not in the trusted list", hint=_UNTRUSTED)

    def by_did(self, did: str) -> TrustedVerifier:
        """Return who a DID belongs to. Raises VerifierUntrusted."""
        agency = self.trusted_list.find_agency(did=did) if self.trusted_list else None
        if agency is not None:
            return _verifier(agency)
        if did in self.added_dids:
            host = did.removeprefix("did:web:").split(":")[0].replace("%3A", ":") if did.startswith("did:web:") else ""
            origins = (f"https://{host}",) if host else ()
            return TrustedVerifier(name=did, did=did, origins=origins, agency=None)
        raise VerifierUntrusted("the verifier's DID is not in the trusted list", hint=_UNTRUSTED)


_UNTRUSTED: Final = "Ask the verifier to register, or add its root or DID yourself with `wallet trust add`."


def _verifier(agency: ListedAgency) -> TrustedVerifier:
    return TrustedVerifier(name=agency.name(()), did=agency.did, origins=agency.origins, agency=agency)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedList:
    """A signed list as it was read; nothing in it is verified."""

    jws: UnverifiedJws
    key: PublicKey
    unverified_claims: Mapping[str, Any] = field(repr=False)


def fingerprint(key: PublicKey) -> str:
    """Return what a wallet pins and a person compares: the key's RFC 7638 thumbprint."""
    return key.thumbprint()


# --- build ---------------------------------------------------------------------------------------


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
    claims = {
        "iss": publisher,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "sequence": sequence,
        "next_key": fingerprint(next_key),
        "issuers": [_issuer_json(issuer) for issuer in issuers],
        "agencies": [_agency_json(agency) for agency in agencies],
        "request_anchors": [b64_encode(anchor) for anchor in request_anchors],
    }
    return sign_jws(claims, typ=TYP, signer=signer, header={"jwk": signer.public_key.to_jwk()})


def _issuer_json(issuer: ListedIssuer) -> dict[str, Any]:
    return {
        "id": issuer.id,
        "names": dict(issuer.names),
        "types": sorted(issuer.types),
        "anchors": [b64_encode(anchor) for anchor in issuer.anchors],
        "leaf_names": list(issuer.leaf_names),
        "dids": list(issuer.dids),
        "status_anchors": [b64_encode(anchor) for anchor in issuer.status_anchors],
        "status_leaf_names": list(issuer.status_leaf_names),
    }


def _agency_json(agency: ListedAgency) -> dict[str, Any]:
    return {
        "id": agency.id,
        "names": dict(agency.names),
        "did": agency.did,
        "certificates": list(agency.certificates),
        "origins": list(agency.origins),
        "purposes": [purpose.to_json() for purpose in agency.purposes],
        "policy_url": agency.policy_url,
    }


# --- parse and check -----------------------------------------------------------------------------


def parse_trusted_list(token: str | bytes) -> UnverifiedList:
    """Read a list: syntax only. Raises Malformed (or TooLarge)."""
    jws = parse_jws(token, max_bytes=MAX_BYTES)
    jwk = jws.header.get("jwk")
    if not isinstance(jwk, dict):
        raise MalformedCredential("the trusted list has no jwk in its header")
    return UnverifiedList(jws=jws, key=PublicKey.from_jwk(jwk), unverified_claims=jws.unverified_claims())


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

    Raises IssuerUntrusted (another key or publisher), SignatureInvalid, ListRolledBack, ListExpired, Malformed.
    """
    parsed = token if isinstance(token, UnverifiedList) else parse_trusted_list(token)
    if fingerprint(parsed.key) not in {pinned, announced or pinned}:
        raise IssuerUntrusted(
            "the trusted list is signed by another key than the one pinned",
            hint="Compare the fingerprint with the service's own, by another way, before you pin it anew.",
        )
    claims = verify_jws(parsed.jws, key=parsed.key, typ=TYP, algs=ALLOWED_ALGS).claims
    found = _read(claims)
    if found.publisher != publisher:
        raise IssuerUntrusted("the trusted list is of another service")
    if found.issued_at > now + SKEW:
        raise IssuerUntrusted("the trusted list is from the future: check the clock")
    if found.sequence < sequence:
        raise ListRolledBack("the trusted list is older than the one that is known", hint="Fetch the list again later.")
    if found.expires_at <= now:
        raise ListExpired("the trusted list has expired", hint="Fetch the list again.")
    return found


def _read(claims: Mapping[str, Any]) -> TrustedList:
    try:
        issued_at, expires_at = time_member(claims, "iat", what=_WHAT), time_member(claims, "exp", what=_WHAT)
        sequence, next_key = claims.get("sequence"), claims.get("next_key")
        if issued_at is None or expires_at is None:
            raise Malformed("the trusted list has no iat or exp")
        if type(sequence) is not int or sequence < 0:
            raise Malformed("the trusted list has no sequence")
        if not isinstance(next_key, str) or not _FINGERPRINT.fullmatch(next_key):
            raise Malformed("the trusted list announces no next key")
        return TrustedList(
            publisher=_text(claims, "iss"),
            sequence=sequence,
            issued_at=issued_at,
            expires_at=expires_at,
            next_key=next_key,
            issuers=tuple(_issuer(entry) for entry in _objects(claims, "issuers")),
            agencies=tuple(_agency(entry) for entry in _objects(claims, "agencies")),
            request_anchors=_ders(claims, "request_anchors"),
        )
    except ProtocolError as exc:
        raise MalformedCredential(exc.detail) from exc
    except IdError as exc:
        raise MalformedCredential(f"the trusted list cannot be read: {exc.detail}") from exc


def _issuer(entry: Mapping[str, Any]) -> ListedIssuer:
    return ListedIssuer(
        id=_text(entry, "id"),
        names=_names(entry),
        types=frozenset(_texts(entry, "types")),
        anchors=_ders(entry, "anchors"),
        leaf_names=_texts(entry, "leaf_names"),
        dids=_texts(entry, "dids"),
        status_anchors=_ders(entry, "status_anchors"),
        status_leaf_names=_texts(entry, "status_leaf_names"),
    )


def _agency(entry: Mapping[str, Any]) -> ListedAgency:
    certificates, origins = _texts(entry, "certificates"), _texts(entry, "origins")
    if not all(_FINGERPRINT.fullmatch(certificate) for certificate in certificates):
        raise Malformed("a certificate of an agency is not a base64url SHA-256")
    for one in origins:
        if origin(check_url(one, what="an origin", dev=True)) != one:
            raise Malformed("an origin of an agency is more, or less, than scheme, host and port")
    purposes = entry.get("purposes", [])
    if not isinstance(purposes, list):
        raise Malformed("purposes of an agency is not an array")
    return ListedAgency(
        id=_text(entry, "id"),
        names=_names(entry),
        did=None if entry.get("did") is None else _text(entry, "did"),
        certificates=certificates,
        origins=origins,
        purposes=tuple(parse_purpose(purpose) for purpose in purposes),
        policy_url=None if entry.get("policy_url") is None else _text(entry, "policy_url"),
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{name} is not a string")
    return value


def _texts(entry: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = entry.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise Malformed(f"{name} is not an array of strings")
    return tuple(value)


def _names(entry: Mapping[str, Any]) -> Mapping[str, str]:
    value = entry.get("names", {})
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
        raise Malformed("names does not map languages to names")
    return value


def _objects(entry: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = entry.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Malformed(f"{name} is not an array of objects")
    return value


def _ders(entry: Mapping[str, Any], name: str) -> tuple[bytes, ...]:
    return tuple(b64_decode(text) for text in _texts(entry, name))
