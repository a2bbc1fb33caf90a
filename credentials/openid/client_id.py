"""Client Identifier Prefixes (OpenID4VP 1.0 section 5.9.3): who signed a request object, by the prefix it chose.

One row per prefix in `PREFIXES`; a wallet picks which of them it accepts before the table is looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from credentials.errors import FetchFailed, IdError, VerifierUntrusted
from credentials.openid.request_model import UnverifiedRequest, refused
from credentials.signed_list import TrustedVerifier, VerifierTrust
from credentials.x509 import check_chain, x5c_decode
from did.errors import Deactivated, KeyNotAuthorized
from did.keys import PublicKey
from did.methods import DEV_METHODS, METHODS
from did.methods.base import Fetch
from did.resolver import read_document


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


PrefixCheck = Callable[[UnverifiedRequest, PrefixContext], SignedBy]


def _x509_hash(request: UnverifiedRequest, context: PrefixContext) -> SignedBy:
    """The identifier is the hash of the leaf, the leaf chains to a root we know, and the list knows whose it is."""
    try:
        chain = x5c_decode(request.jws.header.get("x5c"))
    except IdError as exc:
        raise refused(f"the request object has no certificate chain: {exc.detail}") from exc
    try:
        leaf = check_chain(chain, anchors=context.trust.anchors, now=context.now, usage="request_signing")
    except IdError as exc:
        raise VerifierUntrusted(f"the verifier's certificate is not trusted: {exc.detail}") from exc
    if leaf.fingerprint != request.identifier:
        raise refused("client_id is the hash of another certificate", code="verifier_untrusted")
    verifier = context.trust.by_certificate(
        leaf.fingerprint, anchor=leaf.anchor, subject=leaf.subject, dns_names=leaf.dns_names
    )
    return SignedBy(key=leaf.public_key, verifier=verifier)


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


PREFIXES: Mapping[str, PrefixCheck] = {
    "x509_hash": _x509_hash,
    "decentralized_identifier": _decentralized_identifier,
}
