"""Making certificates: roots and leaves of our own, signed by any `Signer`.

A signer may live in a hardware module, so the certificate body is laid out by the crypto library
under a key of the same kind that is thrown away, and the signature over that body is then ours.
RFC 5280 sections 4.1 and 4.2.
"""

import ipaddress
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from credentials.errors import MalformedCredential
from did.algorithms import Alg
from did.ecdsa import SUITES, to_der
from did.keys import CryptoPrivateKey, PrivateKey, PublicKey
from did.signing import Signer

Usage = Literal[
    "credential_signing",
    "status_signing",
    "request_signing",
    "metadata",
    "document_signing",
    "mdoc_signing",
    "tls_server",
]
"""What a leaf is for. Our leaves say it by an extended key usage, so one cannot stand in for another."""

# An arc of our own that needs no registration (ITU-T X.667: 2.25 and a random UUID).
_ARC = "2.25.318531588015159499218274789772413854041"
_OWN = {
    name: x509.ObjectIdentifier(f"{_ARC}.{number}")
    for number, name in enumerate(("credential_signing", "status_signing", "request_signing", "metadata"), start=1)
}
_DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # id-kp-documentSigning, RFC 9336
_MDOC_DOCUMENT_SIGNER = x509.ObjectIdentifier("1.0.18013.5.1.2")  # ISO/IEC 18013-5 Annex B, used for SD-JWT VC too

EXTENDED_KEY_USAGE: Mapping[Usage, tuple[x509.ObjectIdentifier, ...]] = {
    "credential_signing": (
        _OWN["credential_signing"],
        _MDOC_DOCUMENT_SIGNER,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    ),
    "status_signing": (_OWN["status_signing"], ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
    "request_signing": (_OWN["request_signing"], ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
    "metadata": (_OWN["metadata"], ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
    "document_signing": (_DOCUMENT_SIGNING,),
    "mdoc_signing": (_MDOC_DOCUMENT_SIGNER,),
    "tls_server": (ExtendedKeyUsageOID.SERVER_AUTH,),
}
"""What a leaf with an extended key usage must name for a use; the first one is what our own leaves carry."""

BACKDATING = timedelta(minutes=5)
"""Our certificates start a little before they are made: other clocks run behind."""

_SIGNATURE_ALGORITHM: Mapping[Alg, bytes] = {
    "ES256": bytes.fromhex("300a06082a8648ce3d040302"),
    "ES384": bytes.fromhex("300a06082a8648ce3d040303"),
    "Ed25519": bytes.fromhex("300506032b6570"),
}


def make_root(
    *,
    name: str,
    signer: Signer,
    now: datetime,
    lifetime: timedelta,
    organization: str | None = None,
    country: str | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Return the DER of a self-signed root for `signer`'s key: CA, path length 1, keyCertSign and cRLSign.

    Raises MalformedCredential for a name that a certificate cannot carry.
    """
    try:
        subject = _name(name, organization=organization, country=country)
        key_id = x509.SubjectKeyIdentifier.from_public_key(signer.public_key.crypto)
        builder = (
            _builder(subject, subject, signer.public_key, now - BACKDATING, now + lifetime, random_bytes)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .add_extension(key_id, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
        )
        return _sign(builder, signer)
    except (ValueError, TypeError) as exc:
        raise MalformedCredential("the root's name or lifetime does not fit into a certificate") from exc


def make_leaf(
    *,
    profile: Usage,
    subject_name: str,
    dns_names: Sequence[str] = (),
    uris: Sequence[str] = (),
    public_key: PublicKey,
    root: bytes,
    root_signer: Signer,
    now: datetime,
    lifetime: timedelta,
    serial_number: str | None = None,
    organization: str | None = None,
    country: str | None = None,
    crl_uri: str | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Return the DER of a leaf under `root` for one purpose.

    A `dns_names` entry that is an IP address becomes an address name (development TLS only).
    `serial_number` is the subject attribute of that name (a person's identifier), not the serial
    of the certificate. The leaf never outlives its root. Raises MalformedCredential when
    `root_signer` does not hold the root's key, or a name does not fit into a certificate.
    """
    try:
        authority = x509.load_der_x509_certificate(root)
        if PublicKey.from_crypto(authority.public_key()) != root_signer.public_key:
            raise MalformedCredential("the signer does not hold the key of this root")
        subject = _name(subject_name, organization=organization, country=country, serial_number=serial_number)
        until = min(now + lifetime, authority.not_valid_after_utc)
        start = max(now - BACKDATING, authority.not_valid_before_utc)
        authority_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        key_id = x509.SubjectKeyIdentifier.from_public_key(public_key.crypto)
        builder = (
            _builder(subject, authority.subject, public_key, start, until, random_bytes)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(commitment=profile == "document_signing"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([EXTENDED_KEY_USAGE[profile][0]]), critical=False)
            .add_extension(key_id, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), critical=False)
        )
        names = [_host_name(host) for host in dns_names] + [x509.UniformResourceIdentifier(uri) for uri in uris]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if crl_uri is not None:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_uri)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        return _sign(builder, root_signer)
    except (ValueError, TypeError, x509.ExtensionNotFound) as exc:
        raise MalformedCredential("the leaf's names or lifetime do not fit into a certificate") from exc


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: PublicKey,
    start: datetime,
    until: datetime,
    random_bytes: Callable[[int], bytes],
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.crypto)
        .serial_number(int.from_bytes(random_bytes(16), "big") | 1)
        .not_valid_before(start.astimezone(UTC).replace(tzinfo=None))
        .not_valid_after(until.astimezone(UTC).replace(tzinfo=None))
    )


def _name(
    common_name: str, *, organization: str | None = None, country: str | None = None, serial_number: str | None = None
) -> x509.Name:
    attributes = (
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, common_name),
        (NameOID.SERIAL_NUMBER, serial_number),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes if value is not None])


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, authority: bool = False, commitment: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(builder: x509.CertificateBuilder, signer: Signer) -> bytes:
    """Return the DER of what `builder` describes, under `signer`'s signature."""
    digest = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384(), "Ed25519": None}[signer.alg]
    draft = builder.sign(_throwaway(signer.alg), digest)
    body = draft.tbs_certificate_bytes
    signature = signer.sign(body)
    if signer.alg != "Ed25519":
        signature = to_der(signature, SUITES[signer.alg])
    bits = b"\x03" + _length(len(signature) + 1) + b"\0" + signature
    content = body + _SIGNATURE_ALGORITHM[signer.alg] + bits
    der = b"\x30" + _length(len(content)) + content
    # reading it back catches a signer that does not do what it says
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.DER)


@lru_cache(maxsize=3)
def _throwaway(alg: Alg) -> CryptoPrivateKey:
    return PrivateKey.generate(alg).crypto


def _length(number: int) -> bytes:
    if number < 0x80:
        return bytes([number])
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets
