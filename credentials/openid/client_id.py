"""Client Identifier Prefixes (OpenID4VP 1.0 section 5.9.3): who signed a request object, by the prefix it chose.

One row per prefix in `PREFIXES`; a wallet picks which of them it accepts before the table is looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from credentials.errors import FetchFailed, IdError, ProtocolError, VerifierUntrusted
from credentials.jose import parse_jws, verify_jws
from credentials.openid import haip
from credentials.openid.links import check_url, origin
from credentials.openid.request_model import UnverifiedRequest, refused
from credentials.openid.wire import text_array, time_member
from credentials.signed_list import TrustedVerifier, VerifierTrust
from credentials.x509 import CheckedLeaf, check_chain, x5c_decode
from did.errors import Deactivated, KeyNotAuthorized
from did.keys import PublicKey
from did.methods import DEV_METHODS, METHODS
from did.methods.base import Fetch
from did.resolver import read_document

ATTESTATION_TYP: Final = "verifier-attestation+jwt"
MAX_ATTESTATION_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixContext:
    """What a prefix is checked with."""

    trust: VerifierTrust
    now: datetime
    fetch: Fetch | None
    dev: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBy:
    """The key a request has to be signed with, and whose it is."""

    key: PublicKey
    verifier: TrustedVerifier
    response_host: str | None = None
    """When set, the host of `response_uri` has to be this one."""
    response_uris: tuple[str, ...] | None = None
    """When set, `response_uri` has to be one of these, exactly."""


PrefixCheck = Callable[[UnverifiedRequest, PrefixContext], SignedBy]


def _checked_leaf(request: UnverifiedRequest, context: PrefixContext) -> CheckedLeaf:
    """Return the leaf of the chain in the header, which leads to a root we know."""
    try:
        chain = x5c_decode(request.jws.header.get("x5c"))
    except IdError as exc:
        raise refused(f"the request object has no certificate chain: {exc.detail}") from exc
    try:
        return check_chain(chain, anchors=context.trust.anchors, now=context.now, usage="request_signing")
    except IdError as exc:
        raise VerifierUntrusted(f"the verifier's certificate is not trusted: {exc.detail}") from exc


def _owner(leaf: CheckedLeaf, context: PrefixContext) -> TrustedVerifier:
    return context.trust.by_certificate(
        leaf.fingerprint, anchor=leaf.anchor, subject=leaf.subject, dns_names=leaf.dns_names
    )


def _x509_hash(request: UnverifiedRequest, context: PrefixContext) -> SignedBy:
    """The identifier is the hash of the leaf; the list knows whose it is."""
    leaf = _checked_leaf(request, context)
    if leaf.fingerprint != request.identifier:
        raise refused("client_id is the hash of another certificate", code="verifier_untrusted")
    return SignedBy(key=leaf.public_key, verifier=_owner(leaf, context))


def _x509_san_dns(request: UnverifiedRequest, context: PrefixContext) -> SignedBy:
    """The identifier is a DNS name of the leaf, and the answer goes to that host."""
    leaf = _checked_leaf(request, context)
    if request.identifier not in leaf.dns_names:
        raise refused("client_id is not a DNS name of the certificate", code="verifier_untrusted")
    return SignedBy(key=leaf.public_key, verifier=_owner(leaf, context), response_host=request.identifier)


def _decentralized_identifier(request: UnverifiedRequest, context: PrefixContext) -> SignedBy:
    """`kid` names a key of exactly this DID; the list knows whose DID it is before anything is fetched."""
    kid = request.jws.header.get("kid")
    if not isinstance(kid, str) or kid.partition("#")[0] != request.identifier or not kid.partition("#")[2]:
        raise refused("kid of the request object is not a key of the DID in client_id")
    verifier = context.trust.by_did(request.identifier)
    try:
        return SignedBy(key=_did_key(request.identifier, kid, context), verifier=verifier)
    except FetchFailed:
        raise
    except IdError as exc:
        raise VerifierUntrusted(f"the verifier's DID does not give a key: {exc.detail}") from exc


def _did_key(did: str, kid: str, context: PrefixContext) -> PublicKey:
    methods = DEV_METHODS if context.dev else METHODS
    resolved = read_document(did, fetch=context.fetch, now=context.now, methods=methods)
    if resolved.deactivated:
        raise Deactivated("the DID has been deactivated")
    try:
        method = resolved.document.method(kid, relationship="authentication")
    except KeyNotAuthorized:
        method = resolved.document.method(kid, relationship="assertionMethod")
    return method.public_key(now=context.now)


def _verifier_attestation(request: UnverifiedRequest, context: PrefixContext) -> SignedBy:
    """An attester we believe says who holds the key, and where answers may go (section 12)."""
    text = request.jws.header.get("jwt")
    if not isinstance(text, str):
        raise refused("the request object has no verifier attestation in its header")
    try:
        attestation = parse_jws(text, max_bytes=MAX_ATTESTATION_BYTES)
        attester = attestation.unverified_claims().get("iss")
        key = context.trust.attesters.get(attester) if isinstance(attester, str) else None
        if key is None:
            raise VerifierUntrusted("the verifier's attestation is by somebody this wallet does not know")
        claims = verify_jws(attestation, key=key, typ=ATTESTATION_TYP, algs=haip.SIGNING_ALGS).claims
        return _attested(request, claims, context)
    except (ProtocolError, VerifierUntrusted):
        raise
    except IdError as exc:
        raise VerifierUntrusted(f"the verifier's attestation is not genuine: {exc.detail}") from exc


def _attested(request: UnverifiedRequest, claims: Mapping[str, Any], context: PrefixContext) -> SignedBy:
    what = "the verifier's attestation"
    expires_at, starts_at = time_member(claims, "exp", what=what), time_member(claims, "nbf", what=what)
    if expires_at is None or context.now >= expires_at + haip.CLOCK_SKEW:
        raise VerifierUntrusted("the verifier's attestation has expired, or does not say when it will")
    if starts_at is not None and context.now < starts_at - haip.CLOCK_SKEW:
        raise VerifierUntrusted("the verifier's attestation is not valid yet")
    if claims.get("sub") != request.identifier:
        raise refused("client_id is not the subject of the verifier's attestation", code="verifier_untrusted")
    confirmation = claims.get("cnf")
    jwk = confirmation.get("jwk") if isinstance(confirmation, dict) else None
    if not isinstance(jwk, dict):
        raise refused("the verifier's attestation names no key")
    uris = text_array(claims, "redirect_uris", what=what)
    if not uris:
        # without them nothing would say where the answer may go (T56)
        raise VerifierUntrusted("the verifier's attestation does not say where answers may go")
    places = tuple(dict.fromkeys(origin(check_url(uri, what="redirect_uris", dev=context.dev)) for uri in uris))
    verifier = TrustedVerifier(name=request.identifier, did=None, origins=places, agency=None)
    return SignedBy(key=PublicKey.from_jwk(jwk), verifier=verifier, response_uris=uris)


PREFIXES: Mapping[str, PrefixCheck] = {
    "x509_hash": _x509_hash,
    "x509_san_dns": _x509_san_dns,
    "decentralized_identifier": _decentralized_identifier,
    "verifier_attestation": _verifier_attestation,
}
"""Prefixes of signed requests. `redirect_uri` is never signed: `check_unsigned_request`."""
