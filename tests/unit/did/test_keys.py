"""Keys in all their forms, and the signatures they make and refuse."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519
from hypothesis import given
from hypothesis import strategies as st

from did.algorithms import COSE_ALGS, COSE_NAMES, JOSE_ALGS, JOSE_NAMES, Alg
from did.encoding import b64url_decode, b64url_encode
from did.errors import AlgorithmNotAllowed, KeyInvalid, SignatureInvalid
from did.keys import PrivateKey, PublicKey
from did.signing import LocalSigner, Signer

ALGS: tuple[Alg, ...] = ("ES256", "ES384", "Ed25519")
KEYS = {alg: PrivateKey.generate(alg) for alg in ALGS}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize("alg", ALGS)
def test_every_form_comes_back(alg: Alg) -> None:
    key = KEYS[alg]
    public = key.public_key
    forms: list[PublicKey] = [
        PublicKey.from_jwk(public.to_jwk()),
        PublicKey.from_multikey(public.to_multikey()),
        PublicKey.from_cose_key(public.to_cose_key()),
        PublicKey.from_spki(public.to_spki()),
        PublicKey.from_crypto(public.crypto),
        PublicKey.from_raw_key(public.to_raw_key()),
        PublicKey(public.alg, public.raw),
    ]
    assert all(form == public and hash(form) == hash(public) for form in forms)
    assert PrivateKey.from_jwk(key.export_jwk()).public_key == public
    assert PrivateKey.from_pkcs8(key.export_pkcs8()).public_key == public


@given(st.binary(max_size=300), st.sampled_from(ALGS))
def test_signing_and_verifying(data: bytes, alg: Alg) -> None:
    signer: Signer = LocalSigner(KEYS[alg])
    signature = signer.sign(data)
    assert len(signature) == (96 if alg == "ES384" else 64)
    signer.public_key.verify(signature, data, alg=JOSE_NAMES[signer.alg])
    with pytest.raises(SignatureInvalid):
        signer.public_key.verify(signature, data + b"x")


def test_names_of_algorithms() -> None:
    assert {JOSE_ALGS[JOSE_NAMES[alg]] for alg in ALGS} == {COSE_ALGS[COSE_NAMES[alg]] for alg in ALGS} == set(ALGS)
    assert {"none", "HS256", "RS256", "ES256K"}.isdisjoint(JOSE_ALGS)


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS256", "ES384", "EdDSA", "es256", "", "ES256K"])
def test_T01_an_algorithm_that_does_not_fit_the_key_is_refused(alg: str) -> None:
    key = KEYS["ES256"]
    with pytest.raises(AlgorithmNotAllowed) as caught:
        key.public_key.verify(key.sign(b"x"), b"x", alg=alg)
    assert caught.value.code == "algorithm_not_allowed"


def _bad_signatures(signature: bytes, der: bytes) -> dict[str, bytes]:
    half = len(signature) // 2
    r, s = signature[:half], signature[half:]
    order = P256_ORDER.to_bytes(32)
    return {
        "empty": b"",
        "zero": bytes(64),
        "zero r": bytes(32) + s,
        "zero s": r + bytes(32),
        "r = order": order + s,
        "s = order": r + order,
        "r beyond order": b"\xff" * 32 + s,
        "s plus order": r + b"\xff" * 32,
        "der": der,
        "der behind raw": signature + der,
        "padded": signature + b"\0",
        "cut": signature[:-1],
        "swapped": s + r,
        "longer halves": b"\0" + r + b"\0" + s,
        "P-384 size": signature + bytes(32),
    }


def test_T06_signatures_out_of_form_are_refused() -> None:
    key = KEYS["ES256"]
    assert isinstance(key.crypto, ec.EllipticCurvePrivateKey)
    from cryptography.hazmat.primitives import hashes

    der = key.crypto.sign(b"x", ec.ECDSA(hashes.SHA256()))
    for name, bad in _bad_signatures(key.sign(b"x"), der).items():
        with pytest.raises(SignatureInvalid):
            key.public_key.verify(bad, b"x")
            pytest.fail(name)


def test_T06_ed25519_signatures_out_of_form_are_refused() -> None:
    key = KEYS["Ed25519"]
    signature = key.sign(b"x")
    order = 2**252 + 27742317777372353535851937790883648493
    malleable = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    for bad in (b"", bytes(64), signature[:63], signature + b"\0", malleable, signature[::-1]):
        with pytest.raises(SignatureInvalid):
            key.public_key.verify(bad, b"x")


@given(st.binary(min_size=64, max_size=64))
def test_T06_random_signatures_are_refused_in_form(signature: bytes) -> None:
    for alg in ("ES256", "Ed25519"):
        with pytest.raises(SignatureInvalid):
            KEYS[alg].public_key.verify(signature, b"x")


def test_short_numbers_in_signatures() -> None:
    """Leading zeros of r and s must survive: sign until both have occurred."""
    key = KEYS["ES256"]
    seen = set()
    for number in range(3000):
        signature = key.sign(number.to_bytes(4))
        seen |= {at for at in (0, 32) if signature[at] == 0}
        if signature[0] == 0 or signature[32] == 0 or number < 20:
            key.public_key.verify(signature, number.to_bytes(4))
    assert seen == {0, 32}


def _jwk(alg: Alg) -> dict[str, Any]:
    return dict(KEYS[alg].public_key.to_jwk())


def _off_curve(jwk: dict[str, Any]) -> dict[str, Any]:
    return {**jwk, "y": jwk["x"]}


BAD_JWKS: dict[str, Callable[[], dict[str, Any]]] = {
    "off the curve": lambda: _off_curve(_jwk("ES256")),
    "off P-384": lambda: _off_curve(_jwk("ES384")),
    "identity": lambda: {"kty": "EC", "crv": "P-256", "x": b64url_encode(bytes(32)), "y": b64url_encode(bytes(32))},
    "curve mismatch": lambda: {**_jwk("ES256"), "crv": "P-384"},
    "curve of another kty": lambda: {**_jwk("ES256"), "crv": "Ed25519"},
    "kty of another curve": lambda: {**_jwk("ES256"), "kty": "OKP"},
    "kty RSA": lambda: {**_jwk("ES256"), "kty": "RSA"},
    "symmetric": lambda: {"kty": "oct", "k": "AAAA"},
    "no curve": lambda: {"kty": "EC", "x": "AA", "y": "AA"},
    "curve not text": lambda: {**_jwk("ES256"), "crv": ["P-256"]},
    "kty not text": lambda: {**_jwk("Ed25519"), "kty": {}},
    "secp256k1": lambda: {**_jwk("ES256"), "crv": "secp256k1"},
    "P-521": lambda: {**_jwk("ES256"), "crv": "P-521"},
    "X25519": lambda: {**_jwk("Ed25519"), "crv": "X25519"},
    "x too short": lambda: {**_jwk("ES256"), "x": "AAAA"},
    "x too long": lambda: {**_jwk("ES256"), "x": b64url_encode(bytes(33))},
    "x with leading zero": lambda: {**_jwk("ES256"), "x": b64url_encode(b"\0" + b64url_decode(_jwk("ES256")["x"]))},
    "x padded": lambda: {**_jwk("ES256"), "x": _jwk("ES256")["x"] + "="},
    "x not text": lambda: {**_jwk("ES256"), "x": 5},
    "y missing": lambda: {name: value for name, value in _jwk("ES256").items() if name != "y"},
    "x huge": lambda: {**_jwk("ES256"), "x": "A" * 100_000},
    "x not below p": lambda: {**_jwk("ES256"), "x": b64url_encode(b"\xff" * 32)},
    "use enc": lambda: {**_jwk("ES256"), "use": "enc"},
    "alg of another key": lambda: {**_jwk("ES256"), "alg": "ES384"},
    "alg symmetric": lambda: {**_jwk("ES256"), "alg": "HS256"},
    "alg not text": lambda: {**_jwk("ES256"), "alg": 7},
    "key_ops without verify": lambda: {**_jwk("ES256"), "key_ops": ["encrypt"]},
    "key_ops not a list": lambda: {**_jwk("ES256"), "key_ops": "verify"},
    "Ed25519 small order": lambda: {**_jwk("Ed25519"), "x": b64url_encode(b"\1" + bytes(31))},
    "Ed25519 order 2": lambda: {**_jwk("Ed25519"), "x": b64url_encode(b"\xec" + b"\xff" * 30 + b"\x7f")},
    "Ed25519 order 4": lambda: {**_jwk("Ed25519"), "x": b64url_encode(bytes(32))},
    "Ed25519 not canonical": lambda: {**_jwk("Ed25519"), "x": b64url_encode(b"\xee" + b"\xff" * 30 + b"\x7f")},
    "Ed25519 off the curve": lambda: {**_jwk("Ed25519"), "x": b64url_encode(b"\2" + bytes(31))},
}
for _alg in ALGS:
    BAD_JWKS[f"private member of {_alg}"] = lambda alg=_alg: KEYS[alg].export_jwk()  # type: ignore[misc]
BAD_JWKS["symmetric member"] = lambda: {**_jwk("ES256"), "k": "AA"}
BAD_JWKS["symmetric member in OKP"] = lambda: {**_jwk("Ed25519"), "k": "AA"}


@pytest.mark.parametrize("make", BAD_JWKS.values(), ids=BAD_JWKS.keys())
def test_T10_bad_jwks_are_refused_on_loading(make: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(KeyInvalid) as caught:
        PublicKey.from_jwk(make())
    assert caught.value.code == "malformed"
    assert caught.value.hint


def test_jwk_members_that_do_not_matter_are_ignored() -> None:
    public = KEYS["ES256"].public_key
    extra = {"kid": "x", "use": "sig", "alg": "ES256", "key_ops": ["verify"], "x5c": ["AA"], "unknown": {}}
    assert PublicKey.from_jwk({**public.to_jwk(), **extra}) == public
    assert PublicKey.from_jwk({**KEYS["Ed25519"].public_key.to_jwk(), "alg": "EdDSA"}).alg == "Ed25519"


def test_T02_key_hints_inside_a_jwk_are_never_followed() -> None:
    other = PrivateKey.generate("ES256").public_key
    hints = {
        "jwk": other.to_jwk(),
        "jku": "https://evil.example/",
        "x5u": "https://evil.example/",
        "kid": "did:web:evil",
    }
    assert PublicKey.from_jwk({**KEYS["ES256"].public_key.to_jwk(), **hints}) == KEYS["ES256"].public_key


def test_encryption_keys_say_so() -> None:
    jwk = {**KEYS["ES256"].public_key.to_jwk(), "use": "enc", "alg": "ECDH-ES", "key_ops": []}
    assert PublicKey.from_jwk(jwk, use="enc") == KEYS["ES256"].public_key
    assert PublicKey.from_jwk(jwk, use=None) == KEYS["ES256"].public_key
    for bad in ({**jwk, "use": "sig"}, {**jwk, "alg": "ES256"}, {**jwk, "key_ops": ["verify"]}):
        with pytest.raises(KeyInvalid):
            PublicKey.from_jwk(bad, use="enc")
    with pytest.raises(KeyInvalid):
        PublicKey.from_jwk({**KEYS["Ed25519"].public_key.to_jwk(), "alg": "ECDH-ES"}, use="enc")


@pytest.mark.parametrize("alg", ALGS)
def test_T10_bad_cose_keys_are_refused(alg: Alg) -> None:
    good: dict[Any, Any] = dict(KEYS[alg].public_key.to_cose_key())
    changes: list[dict[Any, Any]] = [
        {-4: bytes(32)},
        {1: 3},
        {1: 4},
        {-1: 8},
        {-1: "P-256"},
        {-1: True},
        {-2: good[-2][:-1]},
        {-2: "text"},
        {-2: b"\xff" * len(good[-2])},
        {3: -257},
        {3: -35 if alg == "ES256" else -7},
    ]
    if alg != "Ed25519":
        changes += [{-3: good[-2]}, {-3: b""}, {-3: 1}, {-3: None}]
    for change in changes:
        with pytest.raises(KeyInvalid):
            PublicKey.from_cose_key({**good, **change})
            pytest.fail(str(change))
    assert PublicKey.from_cose_key({**good, 3: COSE_NAMES[alg], 2: b"kid"}) == KEYS[alg].public_key


def test_cose_points_may_be_compressed() -> None:
    public = KEYS["ES256"].public_key
    key = dict(public.to_cose_key())
    y = key[-3]
    assert isinstance(y, bytes)
    assert PublicKey.from_cose_key({**key, -3: bool(y[-1] & 1)}) == public
    assert PublicKey.from_cose_key({**key, -3: not y[-1] & 1}) != public


def _spki(key: Any) -> bytes:
    der: bytes = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return der


def test_T10_other_key_types_and_loose_der_are_refused() -> None:
    good = KEYS["ES256"].public_key.to_spki()
    others = [
        _spki(rsa.generate_private_key(65537, 2048)),
        _spki(ec.generate_private_key(ec.SECP521R1())),
        _spki(ec.generate_private_key(ec.SECP256K1())),
        _spki(ed448.Ed448PrivateKey.generate()),
        _spki(x25519.X25519PrivateKey.generate()),
        good + b"\0",
        good[:-1],
        b"",
        good[:-1] + bytes([good[-1] ^ 1]),
    ]
    for der in others:
        with pytest.raises(KeyInvalid):
            PublicKey.from_spki(der)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "z6Mk",
        "zDn",
        "u7QE",
        "z" + "1" * 40,
        "z" + "2" * 3000,
        "6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    ],
)
def test_T41_bad_multikeys_are_refused(text: str) -> None:
    with pytest.raises(KeyInvalid):
        PublicKey.from_multikey(text)


def test_private_keys_refuse_what_does_not_fit() -> None:
    jwk, other = KEYS["ES256"].export_jwk(), PrivateKey.generate("ES256").export_jwk()
    order = b64url_encode(P256_ORDER.to_bytes(32))
    for bad in (
        {**jwk, "d": other["d"]},
        {**jwk, "d": order},
        {**jwk, "d": b64url_encode(bytes(32))},
        {**jwk, "d": "AA"},
    ):
        with pytest.raises(KeyInvalid):
            PrivateKey.from_jwk(bad)
    with pytest.raises(KeyInvalid):
        PrivateKey.from_jwk(KEYS["ES256"].public_key.to_jwk())
    for der in (b"", KEYS["ES256"].public_key.to_spki(), KEYS["ES256"].export_pkcs8()[:-1]):
        with pytest.raises(KeyInvalid):
            PrivateKey.from_pkcs8(der)
    foreign = ec.generate_private_key(ec.SECP256K1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(KeyInvalid):
        PrivateKey.from_pkcs8(foreign)
    x = x25519.X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(KeyInvalid):
        PrivateKey.from_pkcs8(x)


@pytest.mark.parametrize("alg", ALGS)
def test_the_secret_shows_nowhere(alg: Alg) -> None:
    key = KEYS[alg]
    secret = key.export_jwk()["d"]
    for text in (repr(key), str(key), repr(LocalSigner(key)), f"{key}", repr(key.public_key)):
        assert secret not in text
        assert key.public_key.thumbprint() in text
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(key)


def test_thumbprints_of_the_standards() -> None:
    """RFC 8037, appendix A.3; and RFC 7638 over the P-256 key of RFC 7517, A.1."""
    okp = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert PublicKey.from_jwk(okp).thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    p256 = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    assert PublicKey.from_jwk(p256).thumbprint() == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"


def test_the_ed25519_key_of_rfc_8037_signs_as_printed() -> None:
    key = PrivateKey.from_jwk(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }
    )
    signature = key.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
    assert b64url_encode(signature).startswith("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt")
