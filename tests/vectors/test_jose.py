"""Project Wycheproof's JWS, JWE and JWK cases, as far as our algorithms go, and HAIP's encrypted responses."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from credentials.errors import IdError
from credentials.jose import ALLOWED_ALGS, check_algorithm, check_signature, parse_jws
from credentials.jwe import HAIP_ENCS, decrypt_jwe
from did.encoding import b64url_decode, json_object
from did.keys import PrivateKey, PublicKey
from tests.paths import VECTORS, need

# RFC 7515 section 5.2 forbids characters outside the alphabet; the set says "valid".
JWS_DEVIATIONS = {372}


def _groups(name: str) -> list[dict[str, Any]]:
    path = VECTORS / "jose" / name
    groups: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["testGroups"] if path.exists() else []
    return groups


def _jws_cases() -> Iterator[Any]:
    for group in _groups("json_web_signature_test.json"):
        for case in group["tests"]:
            yield pytest.param(group.get("public") or group["private"], case, id=f"{case['tcId']}-{case['comment']}")


def _jwk_cases() -> Iterator[Any]:
    for group in _groups("json_web_key_test.json"):
        for case in group["tests"]:
            keys = (group.get("public") or group["private"])["keys"]
            yield pytest.param(keys, case, id=f"{case['tcId']}-{case['comment']}")


def _jwe_cases() -> Iterator[Any]:
    for group in _groups("json_web_encryption_test.json"):
        for case in group["tests"]:
            yield pytest.param(group["private"], case, id=f"{case['tcId']}-{case['comment']}")


def _verify(token: object, jwk: dict[str, Any]) -> bytes:
    assert isinstance(token, str)
    key = PublicKey.from_jwk({name: value for name, value in jwk.items() if name != "d"})
    jws = parse_jws(token)
    check_algorithm(jws, ALLOWED_ALGS)
    check_signature(jws, key)
    return jws.payload


def _ours(jwk: dict[str, Any], token: object) -> bool:
    """Tell whether key and header are of a kind that we verify at all."""
    return jwk.get("crv") in ("P-256", "P-384", "Ed25519") and jwk.get("alg", "ES256") in ALLOWED_ALGS


@pytest.mark.parametrize(("jwk", "case"), list(_jws_cases()))
def test_signed_tokens(jwk: dict[str, Any], case: dict[str, Any]) -> None:
    token = case["jws"] if isinstance(case["jws"], str) else json.dumps(case["jws"])
    if case["result"] == "valid" and _ours(jwk, token) and case["tcId"] not in JWS_DEVIATIONS:
        _verify(token, jwk)
        return
    # what is invalid, and what our profile does not know (RSA, HMAC, P-521), is refused alike
    with pytest.raises(IdError):
        _verify(token, jwk)


@pytest.mark.parametrize(("keys", "case"), list(_jwk_cases()))
def test_hostile_key_sets(keys: list[dict[str, Any]], case: dict[str, Any]) -> None:
    """Every key of a set is refused, or refuses the token: all valid cases here need HMAC, which we never do."""
    for jwk in keys:
        with pytest.raises(IdError):
            _verify(case["jws"], jwk)


@pytest.mark.parametrize(("jwk", "case"), list(_jwe_cases()))
def test_encrypted_tokens(jwk: dict[str, Any], case: dict[str, Any]) -> None:
    token = case["jwe"] if isinstance(case["jwe"], str) else json.dumps(case["jwe"])
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        with pytest.raises(IdError):
            decrypt_jwe(token, keys={"": PrivateKey.generate("ES256")})
        return
    key = PrivateKey.from_jwk({name: jwk[name] for name in ("kty", "crv", "x", "y", "d")})
    header = _header(token)
    supported = header.get("alg") == "ECDH-ES" and header.get("enc") in HAIP_ENCS
    keys = {jwk.get("kid", ""): key, "": key}
    if case["result"] == "valid" and supported:
        assert decrypt_jwe(token, keys=keys) == bytes.fromhex(case["pt"])
        return
    with pytest.raises(IdError):
        decrypt_jwe(token, keys=keys)


def _header(token: str) -> dict[str, Any]:
    try:
        return json_object(b64url_decode(token.partition(".")[0]))
    except IdError:
        return {}


def test_haip_encrypted_responses() -> None:
    cases = json.loads(need("haip", "encrypted_responses.json").read_text("utf-8"))
    jwk = cases["verifier_private_jwk"]
    key = PrivateKey.from_jwk({name: jwk[name] for name in ("kty", "crv", "x", "y", "d")})
    for case in cases["cases"]:
        if case["haip_allowed"]:
            assert json.loads(decrypt_jwe(case["jwe"], keys={jwk["kid"]: key})) == case["payload"]
        else:
            with pytest.raises(IdError):
                decrypt_jwe(case["jwe"], keys={jwk["kid"]: key})


def test_there_are_cases() -> None:
    need("jose", "json_web_signature_test.json")
    assert len(list(_jws_cases())) == 279 and len(list(_jwe_cases())) > 80 and len(list(_jwk_cases())) > 10
