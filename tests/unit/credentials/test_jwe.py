"""JWE as fenced: only what was offered is decrypted (T57)."""

import json
from typing import Any

import pytest
from joserfc import jwe as oracle
from joserfc.jwk import ECKey, OctKey

from credentials.errors import AlgorithmNotAllowed, EncryptionFailed, IdError, KeyInvalid, TooLarge
from credentials.jwe import HAIP_ENCS, decrypt_jwe, encrypt_jwe
from did.encoding import b64url_decode, b64url_encode
from did.keys import PrivateKey

KEY = PrivateKey.generate("ES256")
JWK = {**KEY.public_key.to_jwk(), "kid": "k1", "use": "enc", "alg": "ECDH-ES"}
KEYS = {"k1": KEY}


@pytest.mark.parametrize("enc", HAIP_ENCS)
def test_round_trip(enc: str) -> None:
    token = encrypt_jwe(b"hello", recipient_jwk=JWK, enc=enc, cty="json", typ="x")
    assert decrypt_jwe(token, keys=KEYS) == b"hello"
    assert decrypt_jwe(token.encode(), keys=KEYS) == b"hello"
    assert decrypt_jwe(encrypt_jwe(b"", recipient_jwk=JWK, enc=enc), keys=KEYS) == b""


def test_without_kid_the_nameless_key() -> None:
    token = encrypt_jwe(b"x", recipient_jwk=KEY.public_key.to_jwk(), enc="A128GCM")
    assert decrypt_jwe(token, keys={"": KEY}) == b"x"
    with pytest.raises(EncryptionFailed):
        decrypt_jwe(token, keys=KEYS)


def test_large_answers_fit() -> None:
    plain = bytes(500_000)
    assert decrypt_jwe(encrypt_jwe(plain, recipient_jwk=JWK, enc="A256GCM"), keys=KEYS) == plain


@pytest.mark.parametrize("enc", ["A192GCM", "A128CBC-HS256", "", "none"])
def test_T57_enc_that_was_not_offered(enc: str) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        encrypt_jwe(b"x", recipient_jwk=JWK, enc=enc)


def test_T57_enc_narrowed_by_the_request() -> None:
    token = encrypt_jwe(b"x", recipient_jwk=JWK, enc="A256GCM")
    with pytest.raises(EncryptionFailed):
        decrypt_jwe(token, keys=KEYS, encs=["A128GCM"])


def _oracle(header: dict[str, Any], key: Any = None, **options: Any) -> str:
    recipient = key or ECKey.import_key(dict(KEY.public_key.to_jwk()))
    registry = oracle.JWERegistry(None, [value for name, value in header.items() if name in ("alg", "enc", "zip")])
    return oracle.encrypt_compact(header, b"hello", recipient, registry=registry, **options)


def test_reads_what_joserfc_wrote() -> None:
    assert decrypt_jwe(_oracle({"alg": "ECDH-ES", "enc": "A128GCM", "kid": "k1"}), keys=KEYS) == b"hello"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "ECDH-ES+A128KW", "enc": "A128GCM", "kid": "k1"},
        {"alg": "ECDH-ES", "enc": "A128CBC-HS256", "kid": "k1"},
        {"alg": "ECDH-ES", "enc": "A192GCM", "kid": "k1"},
        {"alg": "ECDH-ES", "enc": "A128GCM", "zip": "DEF", "kid": "k1"},
    ],
)
def test_T57_algorithms_that_were_not_offered(header: dict[str, Any]) -> None:
    with pytest.raises(EncryptionFailed):
        decrypt_jwe(_oracle(header), keys=KEYS)


def test_T57_password_and_direct_algorithms() -> None:
    key = OctKey.import_key(b"0" * 16)
    for alg in ("dir", "PBES2-HS256+A128KW", "A128KW"):
        header = {"alg": alg, "enc": "A128GCM", "kid": "k1"}
        token = _oracle(header, key)
        with pytest.raises(EncryptionFailed):
            decrypt_jwe(token, keys=KEYS)


def _with_header(token: str, **members: Any) -> str:
    first, _, rest = token.partition(".")
    header = {**json.loads(b64url_decode(first)), **members}
    return f"{b64url_encode(json.dumps(header).encode())}.{rest}"


@pytest.mark.parametrize(
    "members",
    [
        {"kid": "other"},
        {"kid": 1},
        {"kid": ["k1"]},
        {"epk": None},
        {"epk": {}},
        {"epk": {**KEY.export_jwk()}},
        {"epk": {"kty": "EC", "crv": "P-256", "x": b64url_encode(bytes(32)), "y": b64url_encode(bytes(32))}},
        {"epk": PrivateKey.generate("ES384").public_key.to_jwk()},
        {"epk": PrivateKey.generate("Ed25519").public_key.to_jwk()},
        {"crit": ["exp"]},
        {"zip": "DEF"},
        {"p2c": 10**9},
        {"enc": ["A256GCM"]},
        {"apv": "AA"},
    ],
)
def test_T57_altered_headers(members: dict[str, Any]) -> None:
    token = encrypt_jwe(b"x", recipient_jwk=JWK, enc="A256GCM")
    with pytest.raises(EncryptionFailed):
        decrypt_jwe(_with_header(token, **members), keys=KEYS)


def test_T57_altered_parts() -> None:
    token = encrypt_jwe(b"secret", recipient_jwk=JWK, enc="A256GCM")
    parts = token.split(".")
    for at in range(5):
        for change in (parts[at] + "A", parts[at][:-1], parts[at][::-1] + "_", "", parts[at] + "="):
            if change != parts[at]:
                with pytest.raises(IdError):
                    decrypt_jwe(".".join([*parts[:at], change, *parts[at + 1 :]]), keys=KEYS)
    for text in ("", "....", token + ".", token[:-23], "é" + token):
        with pytest.raises(EncryptionFailed):
            decrypt_jwe(text, keys=KEYS)
    with pytest.raises(TooLarge):
        decrypt_jwe("a" * 2_000_000, keys=KEYS)


def test_T57_short_tag() -> None:
    """A GCM tag cut to 96 bits would still be checked by some libraries."""
    token = encrypt_jwe(b"secret", recipient_jwk=JWK, enc="A256GCM")
    head, _, tag = token.rpartition(".")
    with pytest.raises(EncryptionFailed):
        decrypt_jwe(f"{head}.{tag[:16]}", keys=KEYS)


def test_another_key() -> None:
    token = encrypt_jwe(b"x", recipient_jwk=JWK, enc="A256GCM")
    with pytest.raises(EncryptionFailed):
        decrypt_jwe(token, keys={"k1": PrivateKey.generate("ES256")})
    with pytest.raises(EncryptionFailed):
        decrypt_jwe(token, keys={"k1": PrivateKey.generate("ES384")})


@pytest.mark.parametrize(
    "jwk",
    [
        {**JWK, "use": "sig"},
        {**PrivateKey.generate("ES384").public_key.to_jwk(), "kid": "a"},
        {**PrivateKey.generate("Ed25519").public_key.to_jwk(), "kid": "a"},
        {**KEY.export_jwk(), "kid": "a"},
        {**JWK, "kid": 7},
        {"kty": "oct", "k": "AAAA"},
    ],
)
def test_keys_that_are_not_for_this(jwk: dict[str, Any]) -> None:
    with pytest.raises(KeyInvalid):
        encrypt_jwe(b"x", recipient_jwk=jwk, enc="A256GCM")


def test_key_for_another_algorithm() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        encrypt_jwe(b"x", recipient_jwk={**JWK, "alg": "ECDH-ES+A256KW"}, enc="A256GCM")
