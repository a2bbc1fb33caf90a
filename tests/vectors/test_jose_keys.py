"""Raw ECDSA and Ed25519 signatures and JWKs of the Wycheproof project."""

import json
from typing import Any

import pytest

from did.algorithms import JOSE_ALGS
from did.encoding import b64url_decode, json_object
from did.errors import IdError, KeyInvalid
from did.keys import PublicKey
from tests.paths import need

SIGNATURES = [
    ("ecdsa_secp256r1_sha256_p1363_test.json", 184),
    ("ecdsa_secp384r1_sha384_p1363_test.json", 197),
    ("ed25519_test.json", 94),
]


def load(name: str) -> Any:
    return json.loads(need("jose", name).read_text())


@pytest.mark.parametrize(("name", "count"), SIGNATURES)
def test_signatures(name: str, count: int) -> None:
    wrong, seen = [], 0
    for group in load(name)["testGroups"]:
        jwk, spki = group.get("publicKeyJwk"), bytes.fromhex(group["publicKeyDer"])
        for case in group["tests"]:
            seen += 1
            try:
                key = PublicKey.from_spki(spki)
                assert key == PublicKey.from_multikey(key.to_multikey())
                assert jwk is None or key == PublicKey.from_jwk(jwk)
                key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
                found = "valid"
            except IdError as error:
                assert error.code in ("signature_invalid", "malformed")
                found = "invalid"
            if found != case["result"]:
                wrong.append((case["tcId"], case["comment"], found))
    assert (wrong, seen) == ([], count)


def verify_with(keys: list[dict[str, Any]], jws: str) -> None:
    """Verify a JWS the way a key set is used: one key by `kid`, its algorithm its own."""
    head, payload, signature = jws.split(".")
    header = json_object(b64url_decode(head))
    (jwk,) = [key for key in keys if key.get("kid") == header["kid"]]
    PublicKey.from_jwk(jwk).verify(b64url_decode(signature), f"{head}.{payload}".encode(), alg=header["alg"])


def test_json_web_keys_that_must_be_refused() -> None:
    refused = skipped = 0
    for group in load("json_web_key_test.json")["testGroups"]:
        if group["private"]["keys"][0]["kty"] == "oct" or "public" not in group:
            for jwk in group["private"]["keys"]:
                with pytest.raises(KeyInvalid):  # no symmetric key is a key here (T01)
                    PublicKey.from_jwk(jwk)
            skipped += len(group["tests"])
            continue
        for case in group["tests"]:
            assert case["result"] == "invalid"
            with pytest.raises(IdError):
                verify_with(group["public"]["keys"], case["jws"])
            refused += 1
    assert (refused, skipped) == (6, 9)


def test_elliptic_curve_and_edwards_jws() -> None:
    """The keys of the JWS file: whatever is signed by a key type of ours verifies under that key alone."""
    seen = 0
    for group in load("json_web_signature_test.json")["testGroups"]:
        public = group.get("public", {})
        keys = public.get("keys", [public])
        if not all(key.get("crv") in ("P-256", "P-384", "Ed25519") for key in keys):
            continue
        for case in group["tests"]:
            if not isinstance(case["jws"], str) or case["result"] != "valid":
                continue
            head = json_object(b64url_decode(case["jws"].split(".")[0]))
            if head.get("alg") not in JOSE_ALGS or keys[0].get("alg", head["alg"]) != head["alg"]:
                continue
            seen += 1
            signing_input, _, signature = case["jws"].rpartition(".")
            for key in keys:
                if key.get("kid") == head.get("kid"):
                    PublicKey.from_jwk(key).verify(b64url_decode(signature), signing_input.encode(), alg=head["alg"])
    assert seen
