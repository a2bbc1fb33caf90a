"""Compact JWS: what is refused before any crypto, and why (T01, T02, T04-T07)."""

import json
from typing import Any

import pytest

from credentials.errors import (
    AlgorithmNotAllowed,
    IdError,
    MalformedCredential,
    SignatureInvalid,
    TooLarge,
    TypeUnexpected,
)
from credentials.jose import ALLOWED_ALGS, parse_jws, sign_jws, verify_jws
from did.encoding import b64url_decode, b64url_encode
from did.keys import PrivateKey
from did.signing import LocalSigner
from tests.unit.credentials.world import ISSUER, OTHER, raw_jws

HEADER = {"alg": "ES256", "typ": "test+jwt"}
CLAIMS = {"sub": "somebody", "n": 1}
ORDER = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")


def verify(token: str, **changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"key": ISSUER.public_key, "typ": "test+jwt", "algs": ALLOWED_ALGS}
    return verify_jws(token, **(arguments | changes)).claims


@pytest.mark.parametrize("alg", ["ES256", "ES384", "Ed25519"])
def test_signs_and_verifies(alg: Any) -> None:
    signer = LocalSigner(PrivateKey.generate(alg))
    token = sign_jws(CLAIMS, typ="test+jwt", signer=signer, header={"kid": "k"})
    verified = verify_jws(token, key=signer.public_key, typ=["other", "test+jwt"], algs=ALLOWED_ALGS)
    assert verified.claims == CLAIMS and verified.key == signer.public_key and verified.compact == token
    assert verified.header == {"alg": "EdDSA" if alg == "Ed25519" else alg, "typ": "test+jwt", "kid": "k"}
    assert verified.payload == b64url_decode(token.split(".")[1])


def test_both_names_of_ed25519() -> None:
    signer = LocalSigner(PrivateKey.generate("Ed25519"))
    for alg in ("EdDSA", "Ed25519"):
        token = raw_jws({"alg": alg, "typ": "test+jwt"}, CLAIMS, signer)
        assert verify(token, key=signer.public_key) == CLAIMS


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 0, ["ES256"], {"a": 1}, True])
def test_T01_alg_none_absent_or_no_text(alg: Any) -> None:
    for signature in ("", b64url_encode(ISSUER.sign(b"x"))):
        signed = raw_jws({**HEADER, "alg": alg}, CLAIMS).rpartition(".")[0]
        with pytest.raises(AlgorithmNotAllowed):
            verify(f"{signed}.{signature}")
    with pytest.raises(AlgorithmNotAllowed):
        verify(raw_jws({"typ": "test+jwt"}, CLAIMS))


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512", "RS256", "PS256", "ES512", "ES256K", "es256", "dir"])
def test_T01_symmetric_and_foreign_algorithms(alg: str) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        verify(raw_jws({**HEADER, "alg": alg}, CLAIMS))
    with pytest.raises(AlgorithmNotAllowed):
        verify(raw_jws({**HEADER, "alg": alg}, CLAIMS), algs={alg})


@pytest.mark.parametrize("alg", ["ES384", "EdDSA", "Ed25519"])
def test_T01_algorithm_that_does_not_fit_the_key(alg: str) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        verify(raw_jws({**HEADER, "alg": alg}, CLAIMS))


def test_T01_default_is_the_profile() -> None:
    signer = LocalSigner(PrivateKey.generate("ES384"))
    token = sign_jws(CLAIMS, typ="t", signer=signer)
    with pytest.raises(AlgorithmNotAllowed):
        verify_jws(token, key=signer.public_key, typ="t")


@pytest.mark.parametrize("member", ["jku", "x5u"])
def test_T02_places_to_fetch_a_key_from(member: str) -> None:
    with pytest.raises(MalformedCredential):
        parse_jws(raw_jws({**HEADER, member: "https://evil.example/keys"}, CLAIMS))


def test_T02_an_embedded_key_decides_nothing() -> None:
    token = raw_jws({**HEADER, "jwk": OTHER.public_key.to_jwk(), "kid": "../../etc/passwd"}, CLAIMS, OTHER)
    with pytest.raises(SignatureInvalid):
        verify(token)


@pytest.mark.parametrize("typ", ["kb+jwt", "Test+jwt", "application/test+jwt", "test+jwt ", "", None, 1, ["test+jwt"]])
def test_T04_typ_is_exact(typ: Any) -> None:
    with pytest.raises(TypeUnexpected):
        verify(raw_jws({**HEADER, "typ": typ}, CLAIMS))
    with pytest.raises(TypeUnexpected):
        verify(raw_jws({"alg": "ES256"}, CLAIMS))


@pytest.mark.parametrize("members", [{"crit": ["exp"]}, {"crit": []}, {"crit": "b64"}, {"b64": False}, {"b64": True}])
def test_T05_crit_and_b64(members: dict[str, Any]) -> None:
    with pytest.raises(MalformedCredential):
        parse_jws(raw_jws({**HEADER, **members}, CLAIMS))


def _signatures() -> list[Any]:
    good = ISSUER.sign(b"x")
    zero, one = bytes(32), bytes(31) + b"\1"
    return [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(64), id="zeros"),
        pytest.param(good[:63], id="cut"),
        pytest.param(good + b"\0", id="padded"),
        pytest.param(b"\x30\x44\x02\x20" + good[:32] + b"\x02\x20" + good[32:], id="der"),
        pytest.param(zero + one, id="r zero"),
        pytest.param(one + zero, id="s zero"),
        pytest.param(ORDER + one, id="r is the order"),
        pytest.param(one + ORDER, id="s is the order"),
        pytest.param(b"\xff" * 64, id="out of range"),
        pytest.param(good, id="of something else"),
    ]


@pytest.mark.parametrize("signature", _signatures())
def test_T06_bad_signatures(signature: bytes) -> None:
    signed = raw_jws(HEADER, CLAIMS).rpartition(".")[0]
    with pytest.raises(SignatureInvalid):
        verify(f"{signed}.{b64url_encode(signature)}")


@pytest.mark.parametrize("ending", ["=", "==", "?", " ", "\n", "+", "/", "é", "."])
def test_T06_signature_text_is_strict(ending: str) -> None:
    with pytest.raises(MalformedCredential):
        parse_jws(raw_jws(HEADER, CLAIMS) + ending)


def test_T06_loose_trailing_bits() -> None:
    signed, _, signature = raw_jws(HEADER, CLAIMS).rpartition(".")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = last[last.index(signature[-1]) + 1]
    with pytest.raises(MalformedCredential):
        parse_jws(f"{signed}.{signature[:-1]}{changed}")


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "...", "a.b.c.d", "e30", json.dumps({"payload": "e30"})])
def test_T07_wrong_number_of_parts(token: str) -> None:
    with pytest.raises(MalformedCredential):
        parse_jws(token)


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"ES256","alg":"none","typ":"test+jwt"}',
        b'{"alg":"ES256","typ":"test+jwt","typ":"test+jwt"}',
        b'\xef\xbb\xbf{"alg":"ES256"}',
        b'{"alg":"ES256"} x',
        b'{"alg":"\xff"}',
        b'{"alg":NaN}',
        b'{"alg":"\\ud800"}',
        b'["ES256"]',
        b"{" * 40,
        b'{"a":' * 20 + b"1" + b"}" * 20,
        b"",
    ],
)
def test_T07_strict_header(header: bytes) -> None:
    with pytest.raises(MalformedCredential):
        parse_jws(raw_jws(header, CLAIMS))


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub":"a","sub":"b"}',
        b'{"a":{"sub":"a","sub":"b"}}',
        b'{"a":1e999}',
        b'{"a":123456789012345678901234567890}',
        b"[1]",
        b'"text"',
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b"{}{}",
        b"",
    ],
)
def test_T07_strict_payload(payload: bytes) -> None:
    with pytest.raises(MalformedCredential):
        verify(raw_jws(HEADER, payload))
    with pytest.raises(MalformedCredential):
        parse_jws(raw_jws(HEADER, payload)).unverified_claims()


def test_T07_sizes() -> None:
    with pytest.raises(TooLarge):
        parse_jws("a" * (256 * 1024 + 1))
    with pytest.raises(TooLarge):
        parse_jws(raw_jws({**HEADER, "kid": "k" * 40_000}, CLAIMS))
    assert parse_jws(raw_jws(HEADER, {"a": "b" * 300_000}), max_bytes=1 << 20).unverified_claims()["a"][0] == "b"


def test_bytes_are_read_like_text_if_they_are_ascii() -> None:
    token = raw_jws(HEADER, CLAIMS)
    assert parse_jws(token.encode()) == parse_jws(token)
    with pytest.raises(MalformedCredential):
        parse_jws(token.encode() + b"\xff")


def test_a_header_that_was_changed_by_a_caller_is_not_the_next_callers() -> None:
    token = raw_jws({**HEADER, "x5c": ["a"]}, CLAIMS)
    first = parse_jws(token).header
    first["alg"] = "none"
    first["x5c"].append("b")
    assert parse_jws(token).header == {**HEADER, "x5c": ["a"]}


def test_a_header_with_a_key_is_read_anew_each_time() -> None:
    token = raw_jws({**HEADER, "jwk": {"kty": "EC"}}, CLAIMS)
    parse_jws(token).header["jwk"]["kty"] = "oct"
    assert parse_jws(token).header["jwk"] == {"kty": "EC"}


def test_signing_refuses_what_is_not_its_own_to_set() -> None:
    for member in ("alg", "typ"):
        with pytest.raises(MalformedCredential):
            sign_jws(CLAIMS, typ="t", signer=ISSUER, header={member: "x"})
    for value in (object(), {1: 2}, 1 << 60, {"a": {1}}):
        with pytest.raises(MalformedCredential):
            sign_jws({"a": value}, typ="t", signer=ISSUER)


def test_headers_that_python_takes_for_equal_are_not_mixed_up() -> None:
    for value in (1, True, 1.0, "1", ["1"], [1], [True]):
        assert repr(parse_jws(sign_jws(CLAIMS, typ="t", signer=ISSUER, header={"n": value})).header["n"]) == repr(value)


def test_signing_bytes_keeps_them() -> None:
    assert parse_jws(sign_jws(b"\0raw", typ="t", signer=ISSUER)).payload == b"\0raw"


def test_every_refusal_says_what_and_what_next() -> None:
    with pytest.raises(IdError) as refusal:
        verify(raw_jws({**HEADER, "typ": "other"}, CLAIMS))
    assert (refusal.value.code, refusal.value.detail) == ("type_unexpected", "the token's typ is other, not test+jwt")
    assert refusal.value.hint
