"""The small X.509 profile: the check of an `x5c` chain, and the coding of certificates.

RFC 5280 section 6 cut down to what JOSE artefacts need: one path in the given order, at most
five certificates, elliptic-curve keys, the anchor from configuration and never in the chain
(HAIP 1.0 section 6.1.1). Revocation of certificates is left to the trust list. Making our own
roots and leaves is in `x509_issue.py`, re-exported here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, SignatureAlgorithmOID

from credentials.errors import IssuerUntrusted, KeyInvalid, MalformedCredential, TooLarge
from credentials.x509_issue import EXTENDED_KEY_USAGE, Usage, make_leaf, make_root
from did.encoding import b64_decode, b64_encode, b64url_encode
from did.errors import Malformed
from did.keys import PublicKey

__all__ = [
    "MAX_CHAIN",
    "CheckedLeaf",
    "Usage",
    "authority_key_ids",
    "check_chain",
    "fingerprint",
    "from_pem",
    "make_leaf",
    "make_root",
    "public_key",
    "to_pem",
    "validity",
    "x5c_decode",
    "x5c_encode",
]

MAX_CHAIN = 5
MAX_CERTIFICATE_BYTES = 16 * 1024

_SIGNATURES = frozenset(
    {
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
        SignatureAlgorithmOID.ED25519,
    }
)
_KNOWN_EXTENSIONS = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    }
)
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLeaf:
    """The end-entity certificate of a path that was checked to a configured anchor.

    `authority_key_ids` holds the base64url key identifiers of the authorities on the path, as
    DCQL's `aki` names them; `fingerprint` is base64url(SHA-256(DER)), as `x509_hash` names it;
    `not_before` and `not_after` bound the time in which every certificate of the path is valid.
    """

    public_key: PublicKey
    subject: str
    dns_names: tuple[str, ...]
    uris: tuple[str, ...]
    der: bytes
    fingerprint: str
    anchor: bytes
    authority_key_ids: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def x5c_encode(chain: Sequence[bytes]) -> list[str]:
    """Return DER certificates as an `x5c` value: standard base64, leaf first. RFC 7515 section 4.1.6."""
    return [b64_encode(der) for der in chain]


def x5c_decode(x5c: object) -> list[bytes]:
    """Return the DER certificates of an `x5c` header value; strict. Raises MalformedCredential, TooLarge."""
    if not isinstance(x5c, list | tuple) or not x5c:
        raise MalformedCredential("x5c is a non-empty array of certificates")
    if len(x5c) > MAX_CHAIN:
        raise TooLarge(f"a certificate chain has at most {MAX_CHAIN} certificates")
    return [_decode(entry) for entry in x5c]


def to_pem(der: bytes) -> str:
    """Return one certificate as PEM text."""
    return _load(der).public_bytes(Encoding.PEM).decode("ascii")


def from_pem(text: str | bytes) -> list[bytes]:
    """Return the DER of every certificate in a PEM text. Raises MalformedCredential when there is none."""
    try:
        found = x509.load_pem_x509_certificates(text.encode("utf-8") if isinstance(text, str) else text)
    except ValueError as exc:
        raise MalformedCredential("the text holds no PEM certificate") from exc
    return [certificate.public_bytes(Encoding.DER) for certificate in found]


def fingerprint(der: bytes) -> str:
    """Return base64url(SHA-256(DER)): the `x509_hash` of a leaf. OpenID4VP 1.0 section 5.9.3."""
    return b64url_encode(hashlib.sha256(der).digest())


def validity(der: bytes) -> tuple[datetime, datetime]:
    """Return the first and the last moment (UTC) of one certificate. Raises MalformedCredential."""
    certificate = _load(der)
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def public_key(der: bytes) -> PublicKey:
    """Return the key in one certificate. Raises MalformedCredential, KeyInvalid."""
    try:
        return PublicKey.from_crypto(_load(der).public_key())
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise MalformedCredential("the key of the certificate cannot be read") from exc


def check_chain(x5c: Sequence[str | bytes], *, anchors: Sequence[bytes], now: datetime, usage: Usage) -> CheckedLeaf:
    """Return the leaf of a chain that leads, in order, to one of `anchors` (DER roots).

    Checked paths are kept by content; validity is compared with `now` at each call.

    Raises IssuerUntrusted (no path, wrong order, anchor included, self-signed leaf, authority used
    as leaf, wrong usage, outside validity), MalformedCredential, TooLarge. Threat case T03.
    """
    if type(x5c) is not list and type(x5c) is not tuple:
        raise MalformedCredential("x5c is a non-empty array of certificates")
    try:
        path = _path(tuple(x5c), tuple(anchors), usage)
    except TypeError as exc:  # an entry that has no hash is no certificate either
        raise MalformedCredential("an x5c entry is not text") from exc
    if now < path.not_before:
        raise IssuerUntrusted("a certificate of the chain is not yet valid")
    if now > path.not_after:
        raise IssuerUntrusted("a certificate of the chain has expired", hint="Ask the issuer to renew its certificate.")
    return path


@lru_cache(maxsize=512)
def _path(entries: tuple[str | bytes, ...], anchors: tuple[bytes, ...], usage: Usage) -> CheckedLeaf:
    """Return the checked path, whatever the time. Only paths that hold are kept."""
    ders = x5c_decode([b64_encode(entry) if isinstance(entry, bytes) else entry for entry in entries])
    if any(der in anchors for der in ders):
        raise IssuerUntrusted("the chain includes the trust anchor, which must come from the verifier alone")
    if len(set(ders)) != len(ders):
        raise IssuerUntrusted("a certificate stands twice in the chain")
    chain = [_load(der) for der in ders]
    try:
        _check_leaf(chain[0], usage)
        for below, (child, authority) in enumerate(pairwise(chain)):
            _check_authority(authority, below)
            _check_issued(child, authority)
        anchor = _find_anchor(chain, anchors)
        return _checked_leaf(chain, anchor)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as exc:
        # the parser is lazy: broken fields and extensions show only when they are looked at
        raise MalformedCredential("a certificate of the chain cannot be read") from exc
    except KeyInvalid as exc:
        raise IssuerUntrusted("the leaf certificate's key is not one that may sign here") from exc


def _check_leaf(leaf: x509.Certificate, usage: Usage) -> None:
    if leaf.issuer == leaf.subject:
        raise IssuerUntrusted("the leaf certificate is self-signed")
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise IssuerUntrusted("an authority's certificate is used as a leaf")
    key_usage = _extension(leaf, x509.KeyUsage)
    if key_usage is not None and (not key_usage.digital_signature or key_usage.key_cert_sign):
        raise IssuerUntrusted("the leaf certificate is not for digital signatures")
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if purposes is not None and not any(purpose in EXTENDED_KEY_USAGE[usage] for purpose in purposes):
        raise IssuerUntrusted(f"the leaf certificate is not for {usage.replace('_', ' ')}")
    _check_extensions(leaf)


def _check_authority(authority: x509.Certificate, below: int) -> None:
    """Check that a certificate may issue, with `below` authorities between it and the leaf."""
    constraints = _extension(authority, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise IssuerUntrusted("a certificate that is no authority has issued another one")
    if constraints.path_length is not None and below > constraints.path_length:
        raise IssuerUntrusted("the chain is longer than its authority allows")
    key_usage = _extension(authority, x509.KeyUsage)
    if key_usage is not None and not key_usage.key_cert_sign:
        raise IssuerUntrusted("an authority's key is not for signing certificates")
    _check_extensions(authority)


def _check_extensions(certificate: x509.Certificate) -> None:
    if certificate.version is not x509.Version.v3:
        raise IssuerUntrusted("a certificate of the chain is not of version 3")
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _KNOWN_EXTENSIONS:
            raise IssuerUntrusted("a certificate has a critical extension that is not understood")
        if extension.oid == ExtensionOID.NAME_CONSTRAINTS:
            raise IssuerUntrusted("a certificate limits names, which this profile does not evaluate")


def _check_issued(child: x509.Certificate, authority: x509.Certificate) -> None:
    if child.signature_algorithm_oid not in _SIGNATURES:
        raise IssuerUntrusted("a certificate is signed with an algorithm that is not accepted")
    if child.issuer != authority.subject:
        raise IssuerUntrusted("the certificates are out of order or from different authorities")
    try:
        child.verify_directly_issued_by(authority)
    except InvalidSignature as exc:
        raise IssuerUntrusted("a certificate was not signed by the authority it names") from exc


def _find_anchor(chain: list[x509.Certificate], anchors: tuple[bytes, ...]) -> x509.Certificate:
    """Return the configured root that issued the last certificate of the chain."""
    last = chain[-1]
    for der in anchors:
        anchor = _load(der)
        if anchor.subject != last.issuer:
            continue
        try:
            _check_authority(anchor, len(chain) - 1)
            _check_issued(last, anchor)
        except IssuerUntrusted:
            continue  # two roots may share a name while one replaces the other
        return anchor
    raise IssuerUntrusted("the chain does not lead to a trusted root")


def _checked_leaf(chain: list[x509.Certificate], anchor: x509.Certificate) -> CheckedLeaf:
    leaf = chain[0]
    names = _extension(leaf, x509.SubjectAlternativeName)
    der = leaf.public_bytes(Encoding.DER)
    return CheckedLeaf(
        public_key=PublicKey.from_crypto(leaf.public_key()),
        subject=leaf.subject.rfc4514_string(),
        dns_names=tuple(names.get_values_for_type(x509.DNSName)) if names else (),
        uris=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)) if names else (),
        der=der,
        fingerprint=fingerprint(der),
        anchor=anchor.public_bytes(Encoding.DER),
        authority_key_ids=_authority_key_ids(chain),
        not_before=max(certificate.not_valid_before_utc for certificate in (*chain, anchor)),
        not_after=min(certificate.not_valid_after_utc for certificate in (*chain, anchor)),
    )


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _decode(entry: object) -> bytes:
    if not isinstance(entry, str):
        raise MalformedCredential("an x5c entry is not text")
    if len(entry) > MAX_CERTIFICATE_BYTES * 4 // 3 + 4:
        raise TooLarge(f"a certificate is longer than {MAX_CERTIFICATE_BYTES} bytes")
    try:
        return b64_decode(entry)
    except Malformed as exc:
        raise MalformedCredential("an x5c entry is not standard base64") from exc


def _load(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as exc:
        raise MalformedCredential("a certificate cannot be read") from exc


def authority_key_ids(x5c: object) -> tuple[str, ...]:
    """Return the authority key identifiers (base64url) in an unchecked chain: a wallet's lookup for DCQL `aki`.

    Raises MalformedCredential, TooLarge.
    """
    chain = [_load(der) for der in x5c_decode(x5c)]
    try:
        return _authority_key_ids(chain)
    except (ValueError, x509.DuplicateExtension) as exc:
        raise MalformedCredential("a certificate of the chain cannot be read") from exc


def _authority_key_ids(chain: list[x509.Certificate]) -> tuple[str, ...]:
    found = [_extension(certificate, x509.AuthorityKeyIdentifier) for certificate in chain]
    return tuple(b64url_encode(entry.key_identifier) for entry in found if entry and entry.key_identifier)
