"""Trust policy: which issuer may issue which type, and under which keys.

Nothing here is read from an artefact. `find_issuer_key` is the one place where key, issuer and
type of a JOSE credential are linked (threat cases T02, T03, T09).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from credentials.errors import IssuerKeyUnresolvable, IssuerUntrusted, MalformedCredential, StatusInvalid
from credentials.jose import ALLOWED_ALGS
from credentials.jwt_vc_issuer import fetch_issuer_keys, pick_key
from credentials.type_metadata import TypeMetadata, load_known
from credentials.x509 import CheckedLeaf, Usage, check_chain
from did.errors import DidError, FetchFailed, IdError
from did.keys import PublicKey
from did.methods.base import Fetch
from did.resolver import resolve_key

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

    def names(self, usage: Usage) -> frozenset[str]:
        """Return the names of which a leaf for this use must carry one."""
        if usage == "status_signing" and self.status_leaf_names:
            return self.status_leaf_names
        return self.leaf_names or frozenset({self.id})

    def roots(self, usage: Usage) -> tuple[bytes, ...]:
        """Return the anchors for this use."""
        return (self.status_anchors or self.anchors) if usage == "status_signing" else self.anchors


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """Every issuer we accept. `label` says in a word where the policy is from ("list of 2026-11-22").

    `metadata` holds type metadata documents by `vct`, as raw octets: known ahead, never fetched for
    a stranger (T20). A type without a document is accepted without its rules.
    """

    issuers: tuple[TrustedIssuer, ...] = ()
    label: str = "trust policy"
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    _by_type: dict[str, tuple[TrustedIssuer, ...]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        by_type: dict[str, tuple[TrustedIssuer, ...]] = {}
        for issuer in self.issuers:
            for vct in issuer.types:
                by_type[vct] = (*by_type.get(vct, ()), issuer)
        object.__setattr__(self, "_by_type", by_type)

    def issuers_for(self, vct: str) -> tuple[TrustedIssuer, ...]:
        """Return the issuers that may issue this type; exact match."""
        return self._by_type.get(vct, ())

    def get(self, issuer_id: str) -> TrustedIssuer | None:
        """Return the entry whose `id` or one of whose DIDs is `issuer_id`; exact match."""
        return next((issuer for issuer in self.issuers if issuer_id == issuer.id or issuer_id in issuer.dids), None)

    def type_metadata(self, vct: str, *, integrity: str | None = None) -> TypeMetadata | None:
        """Return what is known of a type, None when nothing is.

        `integrity` is the credential's `vct#integrity`. Raises TypeUnexpected, MalformedCredential.
        """
        if vct not in self.metadata:
            return None
        return load_known(vct, self.metadata, expected_integrity=integrity)


class IssuerKey(NamedTuple):
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
    issuers = _candidates(claims, policy)
    if "x5c" in header and any(issuer.anchors for issuer in issuers):
        issuer, leaf = _by_certificate(header["x5c"], issuers, now)
        return IssuerKey(issuer, leaf.public_key, "x5c", leaf.authority_key_ids)
    named = _key_did(header, claims, issuers)
    if named is not None:
        issuer, did_url = named
        return IssuerKey(issuer, _did_key(did_url, fetch, now), "did")
    for issuer in issuers:
        if issuer.jwks_issuer and claims.get("iss") == issuer.id:
            keys = fetch_issuer_keys(issuer.id, fetch=fetch)
            return IssuerKey(issuer, pick_key(keys, header.get("kid")), "jwt-vc-issuer")
    raise IssuerUntrusted("the credential names no key that the trust policy allows for its issuer")


class StatusKey(NamedTuple):
    """The key of an issuer's status lists. `until` is when its certificates end, None when it has none."""

    key: PublicKey
    until: datetime | None


def find_status_key(header: Mapping[str, Any], issuer: TrustedIssuer, *, fetch: Fetch, now: datetime) -> StatusKey:
    """Return the key that must have signed a status list of this issuer, by the same rules (T36).

    Raises StatusInvalid, or FetchFailed when a key source did not answer.
    """
    try:
        if "x5c" in header and issuer.roots("status_signing"):
            leaf = _named_leaf(header["x5c"], issuer, "status_signing", now)
            return StatusKey(leaf.public_key, leaf.not_after)
        named = _key_did(header, {"iss": issuer.id}, (issuer,))
        if named is not None:
            return StatusKey(_did_key(named[1], fetch, now), None)
        if issuer.jwks_issuer:
            return StatusKey(pick_key(fetch_issuer_keys(issuer.id, fetch=fetch), header.get("kid")), None)
    except FetchFailed:
        raise
    except IdError as exc:
        raise StatusInvalid(f"the status list is not signed by its issuer: {exc.detail}") from exc
    raise StatusInvalid("the status list names no key that the trust policy allows for its issuer")


def _candidates(claims: Mapping[str, Any], policy: TrustPolicy) -> tuple[TrustedIssuer, ...]:
    """Return the policy's entries for this type, and for this `iss` where the credential has one."""
    vct = claims.get("vct")
    issuers = policy.issuers_for(vct) if isinstance(vct, str) else ()
    if not issuers:
        raise IssuerUntrusted("the trust policy knows no issuer of this type")
    if "iss" not in claims:
        return issuers
    iss = claims["iss"]
    if not isinstance(iss, str):
        raise MalformedCredential("iss is not text")
    issuers = tuple(issuer for issuer in issuers if iss == issuer.id or iss in issuer.dids)
    if not issuers:
        raise IssuerUntrusted("the trust policy does not allow the credential's iss to issue this type")
    return issuers


def _by_certificate(x5c: Any, issuers: tuple[TrustedIssuer, ...], now: datetime) -> tuple[TrustedIssuer, CheckedLeaf]:
    refusal: IdError | None = None
    for issuer in issuers:
        if not issuer.anchors:
            continue
        try:
            return issuer, _named_leaf(x5c, issuer, "credential_signing", now)
        except IdError as exc:
            refusal = refusal or exc
    raise refusal or IssuerUntrusted("the trust policy holds no root for this issuer")


def _named_leaf(x5c: Any, issuer: TrustedIssuer, usage: Usage, now: datetime) -> CheckedLeaf:
    """Return the leaf of a good chain that carries a name which the policy ties to this issuer."""
    leaf = check_chain(x5c, anchors=issuer.roots(usage), now=now, usage=usage)
    if issuer.names(usage).isdisjoint((*leaf.uris, *leaf.dns_names)):
        raise IssuerUntrusted("the certificate is for another name than this issuer's")
    return leaf


def _key_did(
    header: Mapping[str, Any], claims: Mapping[str, Any], issuers: tuple[TrustedIssuer, ...]
) -> tuple[TrustedIssuer, str] | None:
    """Return issuer and DID URL of the key, when the credential names one of the policy's DIDs."""
    iss, kid = claims.get("iss"), header.get("kid")
    kid = kid if isinstance(kid, str) else ""
    did = iss if isinstance(iss, str) and iss.startswith("did:") else kid.partition("#")[0]
    issuer = next((issuer for issuer in issuers if did in issuer.dids), None)
    if issuer is None:
        return None
    if not kid and did.startswith("did:key:"):
        kid = "#" + did.removeprefix("did:key:")
    elif not kid and did.startswith("did:jwk:"):
        kid = "#0"
    if kid.startswith("#"):
        kid = did + kid
    if not kid.startswith(f"{did}#"):
        raise IssuerUntrusted("kid is not a key of the issuer's DID")
    return issuer, kid


def _did_key(did_url: str, fetch: Fetch, now: datetime) -> PublicKey:
    try:
        return resolve_key(did_url, relationship="assertionMethod", fetch=fetch, now=now)
    except FetchFailed:
        raise
    except (DidError, IdError) as exc:
        raise IssuerKeyUnresolvable(f"the issuer's DID has no such key: {exc.detail}") from exc
