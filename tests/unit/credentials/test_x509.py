"""Certificates: ours, and the full check of a chain (T03)."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import IdError, IssuerUntrusted, KeyInvalid, MalformedCredential, TooLarge
from credentials.x509 import (
    authority_key_ids,
    check_chain,
    fingerprint,
    from_pem,
    make_leaf,
    make_root,
    public_key,
    to_pem,
    validity,
    x5c_decode,
    x5c_encode,
)
from did.keys import PrivateKey
from did.signing import LocalSigner
from tests.unit.credentials.world import BASE, ISSUER, LEAF, NOW, OTHER, ROOT, ROOT_KEY, STATUS_LEAF, leaf, signer


def check(chain: Any, **changes: Any) -> Any:
    arguments: dict[str, Any] = {"anchors": [ROOT], "now": NOW, "usage": "credential_signing"}
    return check_chain(chain, **(arguments | changes))


def certificate(
    subject: str = "leaf",
    *,
    issuer: str = "Test root",
    key: Any = None,
    by: Any = None,
    ca: bool | None = False,
    path_length: int | None = None,
    usage: str | None = "digital_signature",
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    digest: Any = None,
    days: tuple[int, int] = (-1, 100),
) -> bytes:
    """Return a certificate as free-form as the builder allows; signed by the test root's key unless told otherwise."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key((key or ISSUER.key.crypto).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length), critical=True)
    if usage is not None:
        names = (
            "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
            "key_cert_sign crl_sign encipher_only decipher_only"
        )
        flags = {name: name == usage for name in names.split()}
        builder = builder.add_extension(x509.KeyUsage(**flags), critical=True)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(by or ROOT_KEY.key.crypto, digest or hashes.SHA256()).public_bytes(Encoding.DER)


NAMED = ((x509.SubjectAlternativeName([x509.UniformResourceIdentifier(BASE)]), False),)
MIDDLE_KEY = ec.generate_private_key(ec.SECP256R1())


def middle(**changes: Any) -> bytes:
    """Return an intermediate authority under the test root."""
    arguments: dict[str, Any] = {"key": MIDDLE_KEY, "ca": True, "usage": "key_cert_sign"}
    return certificate("middle", **(arguments | changes))


def below_middle(**changes: Any) -> bytes:
    """Return a leaf under the intermediate."""
    arguments: dict[str, Any] = {"issuer": "middle", "by": MIDDLE_KEY, "extra": NAMED}
    return certificate("leaf", **(arguments | changes))


@pytest.mark.parametrize("alg", ["ES256", "ES384", "Ed25519"])
def test_own_root_and_leaf_for_every_kind_of_signer(alg: Any) -> None:
    root_key, leaf_key = LocalSigner(PrivateKey.generate(alg)), LocalSigner(PrivateKey.generate(alg))
    root = make_root(
        name="Ministry", signer=root_key, now=NOW, lifetime=timedelta(days=99), organization="Office", country="EE"
    )
    made = leaf(public_key=leaf_key.public_key, root=root, root_signer=root_key, dns_names=["id.example"], now=NOW)
    checked = check([made], anchors=[root])
    assert checked.public_key == leaf_key.public_key
    assert (checked.uris, checked.dns_names, checked.der) == ((BASE,), ("id.example",), made)
    assert checked.fingerprint == fingerprint(made) and checked.anchor == root
    parsed = x509.load_der_x509_certificate(root)
    parsed.verify_directly_issued_by(parsed)
    assert parsed.subject.rfc4514_string() == "CN=Ministry,O=Office,C=EE"
    identifier = parsed.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert checked.authority_key_ids == (base64.urlsafe_b64encode(identifier).rstrip(b"=").decode(),)
    assert authority_key_ids(x5c_encode([made])) == checked.authority_key_ids


def test_profiles_of_leaves() -> None:
    parsed = x509.load_der_x509_certificate(leaf(profile="document_signing", serial_number="PNOEE-49005010001"))
    usage = parsed.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and usage.content_commitment and not usage.key_cert_sign
    purposes = parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [purpose.dotted_string for purpose in purposes] == ["1.3.6.1.5.5.7.3.36"]
    assert parsed.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value == "PNOEE-49005010001"
    local = leaf(profile="tls_server", dns_names=["localhost", "127.0.0.1", "::1"], crl_uri=f"{BASE}/crl")
    names = x509.load_der_x509_certificate(local).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def test_a_leaf_never_outlives_its_root_nor_starts_before_it() -> None:
    made = x509.load_der_x509_certificate(leaf(lifetime=timedelta(days=99_999), now=NOW - timedelta(days=40)))
    root = x509.load_der_x509_certificate(ROOT)
    assert made.not_valid_after_utc == root.not_valid_after_utc
    assert made.not_valid_before_utc == root.not_valid_before_utc


def test_a_leaf_needs_the_key_of_its_root() -> None:
    with pytest.raises(MalformedCredential):
        leaf(root_signer=OTHER)


@pytest.mark.parametrize("changes", [{"subject_name": "x" * 65}, {"country": "Estonia"}, {"dns_names": ["é"]}])
def test_names_that_do_not_fit(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedCredential):
        leaf(**changes)
    with pytest.raises(MalformedCredential):
        make_root(name="", signer=signer(), now=NOW, lifetime=timedelta(days=1))


def test_serial_numbers_come_from_the_bytes_given() -> None:
    made = [leaf(random_bytes=lambda count: bytes([7] * count)) for _ in range(2)]
    assert x509.load_der_x509_certificate(made[0]).serial_number == int.from_bytes(bytes([7] * 16))


def test_T03_a_good_chain_of_text_bytes_or_both() -> None:
    for chain in ([LEAF], x5c_encode([LEAF]), tuple(x5c_encode([LEAF])), [below_middle(), middle()]):
        assert check(chain).uris == (BASE,)


def test_T03_self_signed_leaf() -> None:
    own = certificate("leaf", issuer="leaf", by=ISSUER.key.crypto, extra=NAMED)
    with pytest.raises(IssuerUntrusted, match="self-signed"):
        check([own])
    with pytest.raises(IssuerUntrusted):
        check([own], anchors=[own])
    with pytest.raises(IssuerUntrusted):
        check([make_root(name="r", signer=ISSUER, now=NOW, lifetime=timedelta(days=1))])


def test_T03_anchor_included() -> None:
    for chain in ([LEAF, ROOT], [below_middle(), middle(), ROOT], [ROOT]):
        with pytest.raises(IssuerUntrusted, match="anchor"):
            check(chain)


def test_T03_reordered_extra_or_doubled() -> None:
    for chain in ([middle(), below_middle()], [LEAF, middle()], [below_middle()], [LEAF, LEAF], [LEAF, STATUS_LEAF]):
        with pytest.raises(IssuerUntrusted):
            check(chain)
    with pytest.raises(TooLarge):
        check([LEAF] * 6)


def test_T03_expired_or_not_yet_valid_at_each_level() -> None:
    for now in (NOW + timedelta(days=400), NOW - timedelta(days=2)):
        with pytest.raises(IssuerUntrusted):
            check([LEAF], now=now)
    with pytest.raises(IssuerUntrusted, match="expired"):
        check([below_middle(), middle(days=(-9, -1))])
    old = make_root(name="Test root", signer=ROOT_KEY, now=NOW - timedelta(days=9), lifetime=timedelta(days=8))
    with pytest.raises(IssuerUntrusted, match="expired"):
        check([LEAF], anchors=[old])


def test_T03_validity_is_asked_each_time_though_paths_are_kept() -> None:
    assert check([LEAF]).not_after > NOW
    with pytest.raises(IssuerUntrusted):
        check([LEAF], now=NOW + timedelta(days=365))
    assert check([LEAF]).uris == (BASE,)
    with pytest.raises(IssuerUntrusted):
        check([LEAF], anchors=[])


def test_T03_authority_used_as_leaf() -> None:
    with pytest.raises(IssuerUntrusted, match="authority"):
        check([middle(extra=NAMED)])
    with pytest.raises(IssuerUntrusted, match="digital signatures"):
        check([certificate(usage="key_cert_sign", extra=NAMED)])


def test_T03_issued_by_what_is_no_authority() -> None:
    for fake in (middle(ca=False), middle(ca=None), middle(usage="crl_sign")):
        with pytest.raises(IssuerUntrusted):
            check([below_middle(), fake])


def test_T03_path_length() -> None:
    lower_key = ec.generate_private_key(ec.SECP256R1())
    lower = certificate("lower", issuer="middle", by=MIDDLE_KEY, key=lower_key, ca=True, usage="key_cert_sign")
    bottom = certificate("leaf", issuer="lower", by=lower_key, extra=NAMED)
    # the test root allows one authority below itself, this chain has two
    with pytest.raises(IssuerUntrusted):
        check([bottom, lower, middle()])
    with pytest.raises(IssuerUntrusted, match="longer"):
        check([bottom, lower, middle(path_length=0)])
    assert check([below_middle(), middle(path_length=0)]).uris == (BASE,)


def test_T03_leaf_of_another_root_with_the_same_name() -> None:
    key = signer()
    twin = make_root(name="Test root", signer=key, now=NOW - timedelta(days=1), lifetime=timedelta(days=9))
    made = leaf(root=twin, root_signer=key)
    with pytest.raises(IssuerUntrusted):
        check([made])
    assert check([made], anchors=[ROOT, twin]).anchor == twin
    assert check([LEAF], anchors=[twin, ROOT]).anchor == ROOT


@pytest.mark.parametrize("usage", ["status_signing", "request_signing", "metadata", "tls_server", "mdoc_signing"])
def test_T03_leaf_for_another_purpose(usage: Any) -> None:
    with pytest.raises(IssuerUntrusted, match="is not for"):
        check([LEAF], usage=usage)
    assert check([leaf(profile=usage)], usage=usage).uris == (BASE,)


def test_T03_leaf_without_extended_usage_serves_any_signature() -> None:
    assert check([certificate(extra=NAMED)], usage="status_signing").uris == (BASE,)
    assert check([certificate(usage=None, ca=None, extra=NAMED)]).uris == (BASE,)


def test_T03_critical_extension_that_is_not_understood() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    with pytest.raises(IssuerUntrusted, match="critical"):
        check([certificate(extra=(*NAMED, (unknown, True)))])
    assert check([certificate(extra=(*NAMED, (unknown, False)))]).uris == (BASE,)
    limits = x509.NameConstraints([x509.DNSName("other.example")], None)
    for critical in (True, False):
        with pytest.raises(IssuerUntrusted):
            check([below_middle(), middle(extra=((limits, critical),))])


def test_T03_weak_signatures_and_foreign_keys() -> None:
    rsa_key = rsa.generate_private_key(65537, 2048)
    with pytest.raises(IssuerUntrusted):
        check([certificate(key=rsa_key, extra=NAMED)])
    with pytest.raises(IssuerUntrusted):
        check([certificate(key=ec.generate_private_key(ec.SECP521R1()), extra=NAMED)])
    root = certificate("rsa", issuer="rsa", key=rsa_key, by=rsa_key, ca=True, usage="key_cert_sign")
    with pytest.raises(IssuerUntrusted):
        check([certificate(issuer="rsa", by=rsa_key, extra=NAMED)], anchors=[root])


def test_T03_altered_certificate() -> None:
    for at in range(0, len(LEAF), 7):
        altered = bytearray(LEAF)
        altered[at] ^= 1
        with pytest.raises(IdError):
            check([bytes(altered)])


@pytest.mark.parametrize(
    "x5c",
    [None, [], "MII", {}, [1], [None], [""], ["!"], ["AAAA"], [base64.urlsafe_b64encode(LEAF).decode() + "\n"], [b""]],
)
def test_shapes_that_are_no_chain(x5c: Any) -> None:
    with pytest.raises(MalformedCredential):
        check(x5c)
    with pytest.raises(IdError):
        authority_key_ids(x5c)


def test_sizes() -> None:
    with pytest.raises(TooLarge):
        x5c_decode([base64.b64encode(bytes(20_000)).decode()])


def test_parts_of_one_certificate() -> None:
    start, end = validity(LEAF)
    assert start < NOW < end and end - start == timedelta(days=365, minutes=5)
    assert public_key(LEAF) == ISSUER.public_key
    for act in (validity, public_key):
        with pytest.raises(MalformedCredential):
            act(b"x")
    with pytest.raises(KeyInvalid):
        public_key(certificate(key=rsa.generate_private_key(65537, 2048)))


def test_pem_and_back() -> None:
    assert from_pem(to_pem(LEAF) + to_pem(ROOT)) == [LEAF, ROOT]
    for text in ("", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        with pytest.raises(MalformedCredential):
            from_pem(text)
    with pytest.raises(MalformedCredential):
        to_pem(b"x")


@given(st.binary(max_size=400), st.integers(0, len(LEAF)))
def test_nothing_but_our_own_errors_for_any_bytes(noise: bytes, at: int) -> None:
    for der in (noise, LEAF[:at] + noise + LEAF[at:], LEAF[:at] + noise):
        try:
            check([der], now=datetime(2026, 11, 22, tzinfo=UTC))
        except IdError:
            continue
        assert der == LEAF


def test_a_signer_of_another_kind_than_it_says_is_noticed() -> None:
    class Liar:
        alg = "ES256"
        public_key = ROOT_KEY.public_key

        def sign(self, data: bytes) -> bytes:
            return OTHER.sign(data)

    made = make_leaf(
        profile="metadata",
        subject_name="x",
        public_key=ISSUER.public_key,
        root=ROOT,
        root_signer=Liar(),  # type: ignore[arg-type]  # a class attribute serves as the property
        now=NOW,
        lifetime=timedelta(days=1),
    )
    with pytest.raises(IssuerUntrusted):
        check([made], usage="metadata")
