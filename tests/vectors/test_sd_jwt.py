"""RFC 9901: the published examples, the JSON serialization, and generated good and bad tokens."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from credentials import sd_jwt
from credentials.errors import IdError
from credentials.formats.sd_jwt_vc_check import bound_key
from did.encoding import b64url_encode
from did.keys import PublicKey
from tests.paths import VECTORS, need

TYPS = ("example+sd-jwt", "dc+sd-jwt")
NOW = datetime.fromtimestamp(1748537300, UTC)


def _load(name: str) -> Any:
    path = VECTORS / "sd-jwt" / name
    return json.loads(path.read_text("utf-8")) if path.exists() else []


EXAMPLES = {case["name"]: case for case in _load("rfc9901_examples.json")}
CASES = {case["name"]: case for case in _load("verification_cases.json")}
SERIALIZED = {case["name"]: case for case in _load("json_serialization.json")}

EXPECTED_CODES = {
    "child_without_parent": "disclosure_invalid",
    "unreferenced": "disclosure_invalid",
    "duplicate_digest_two_levels": "disclosure_invalid",
    "duplicate_disclosure": "disclosure_invalid",
    "claim_name_dots": "disclosure_invalid",
    "overwrites_existing": "disclosure_invalid",
    "three_elements_in_array": "disclosure_invalid",
    "disclosure_not_array": "disclosure_invalid",
    "dots_with_extra_key": "disclosure_invalid",
    "alg_none": "algorithm_not_allowed",
    "unknown_sd_alg": "algorithm_not_allowed",
    "expired_hidden_in_disclosure": "credential_expired",
    "kb_wrong_nonce": "nonce_mismatch",
    "kb_wrong_aud": "audience_mismatch",
    "kb_wrong_key": "holder_binding_invalid",
    "kb_sd_hash_without_last_tilde": "holder_binding_invalid",
    "kb_added_disclosure_after_signing": "holder_binding_invalid",
    "kb_stale": "holder_binding_invalid",
    "kb_no_sd_hash": "holder_binding_invalid",
    "kb_no_cnf": "holder_binding_invalid",
}


def _judge(text: str, issuer_jwk: dict[str, str], now: datetime, binding: tuple[str, str] | None) -> dict[str, Any]:
    """Verify as RFC 9901 section 7.3 says: the credential, then the binding that policy asks for."""
    parsed = sd_jwt.parse_sd_jwt(text)
    processed = sd_jwt.verify_sd_jwt(parsed, key=PublicKey.from_jwk(issuer_jwk), typ=TYPS, now=now)
    if binding is not None:
        payload = parsed.jws.unverified_claims()
        nonce, audience = binding
        sd_jwt.verify_key_binding(
            parsed,
            holder_key=bound_key(payload),
            nonce=nonce,
            audience=audience,
            now=now,
            hash_alg=sd_jwt.hash_name(payload),
        )
    return processed.claims


@pytest.mark.parametrize("name", CASES)
def test_generated_tokens_are_judged_as_stated(name: str) -> None:
    case = CASES[name]
    binding = (case["expected_nonce"], case["expected_aud"]) if case["require_key_binding"] else None
    now = datetime.fromtimestamp(case["now"], UTC)
    if case["valid"]:
        assert _judge(case["sd_jwt"], case["issuer_jwk"], now, binding) == case["processed_payload"]
        return
    with pytest.raises(IdError) as refusal:
        _judge(case["sd_jwt"], case["issuer_jwk"], now, binding)
    assert refusal.value.code == EXPECTED_CODES[name]
    assert refusal.value.hint


@pytest.mark.parametrize("name", [name for name, case in EXAMPLES.items() if "issued" in case])
def test_published_credentials_verify_as_issued(name: str) -> None:
    case = EXAMPLES[name]
    claims = _judge(case["issued"], case["issuer_jwk"], NOW, None)
    expected = case["issuer_payload"]
    assert {key: claims[key] for key in ("iss", "iat", "exp")} == {key: expected[key] for key in ("iss", "iat", "exp")}
    given = {key: value for key, value in case["input_claims"].items() if key not in ("iss", "iat", "exp", "cnf")}
    assert {key: claims[key] for key in given} == given


@pytest.mark.parametrize("name", [name for name, case in EXAMPLES.items() if "presentation" in case])
def test_published_presentations_verify(name: str) -> None:
    case = EXAMPLES[name]
    kb = case.get("kb_payload")
    binding = (kb["nonce"], kb["aud"]) if kb else None
    assert _judge(case["presentation"], case["issuer_jwk"], NOW, binding) == case["processed_payload"]
    if kb:
        assert sd_jwt.digest_of(sd_jwt.parse_sd_jwt(case["presentation"]).presented) == case["sd_hash"]


@pytest.mark.parametrize("name", [name for name, case in EXAMPLES.items() if "issued" not in case])
def test_printed_payloads_hide_everything_without_disclosures(name: str) -> None:
    processed = sd_jwt.process(EXAMPLES[name]["issuer_payload"], ())
    assert processed.hidden > 0 and processed.disclosed == ()
    text = json.dumps(processed.claims)
    assert "_sd" not in text and '"..."' not in text


@pytest.mark.parametrize("name", SERIALIZED)
def test_json_serialization_reads_as_the_compact_form(name: str) -> None:
    case = SERIALIZED[name]
    text = sd_jwt.from_json(case["jws"])
    parsed = sd_jwt.parse_sd_jwt(text)
    kb = parsed.kb_jwt is not None
    binding = ("1234567890", "https://verifier.example.org") if kb else None
    claims = _judge(text, case["issuer_jwk"], datetime.fromtimestamp(1748537300, UTC), binding)
    assert claims["iss"] == "https://issuer.example.com"
    header = case["jws"].get("header") or case["jws"]["signatures"][0]["header"]
    assert parsed.disclosures == tuple(header["disclosures"])
    assert kb == ("kb_jwt" in header)


def test_printed_disclosures_have_the_printed_digests() -> None:
    need("sd-jwt", "disclosures.json")
    texts = _load("disclosures.json")
    member = b64url_encode(texts["object"]["array"].encode())
    assert sd_jwt.digest_of(member) == texts["embedded_object"]["_sd"][0]
    assert sd_jwt.process(texts["embedded_object"], [member]).claims["family_name"] == "Möbius"
    item = b64url_encode(texts["array_element"]["array"].encode())
    processed = sd_jwt.process(texts["embedded_array"], [item])
    assert processed.claims == {"nationalities": ["DE", "FR", "US"]}
    assert processed.disclosed == (("nationalities", 1),)


@pytest.mark.parametrize("at", [0, 1])
def test_printed_recursive_disclosures_have_the_printed_digests(at: int) -> None:
    need("sd-jwt", "disclosures.json")
    printed = _load("disclosures.json")["recursive"][at].partition("Content of Disclosures:")
    found = re.findall(r"^(\w+)\.\.\. = (\[.*?\])(?=\n\w+\.\.\. =|\Z)", printed[2].strip(), re.MULTILINE | re.DOTALL)
    assert len(found) >= 3
    digests = re.findall(r'"([\w-]{43})"', printed[0])
    for start, array in found:
        digest = b64url_encode(hashlib.sha256(b64url_encode(array.encode()).encode()).digest())
        assert digest.startswith(start)
    if at == 0:
        assert sorted(digest[:7] for digest in digests) == sorted(start for start, _ in found)


def test_one_published_disclosure_typed_in() -> None:
    """RFC 9901 section 4.2.3, so that something of the text runs without the vectors."""
    text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert sd_jwt.digest_of(text) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
