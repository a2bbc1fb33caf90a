"""draft-ietf-oauth-sd-jwt-vc: the published credentials, through the format's own examination, and key discovery."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from credentials.errors import IdError
from credentials.formats import FORMATS
from credentials.formats.base import CheckContext
from credentials.jwt_vc_issuer import fetch_issuer_keys, metadata_url, pick_key
from credentials.trust import TrustedIssuer, TrustPolicy
from did.keys import PublicKey
from did.methods.base import Fetched
from tests.paths import VECTORS, need

NOW = datetime.fromtimestamp(1785785100, UTC)
FORMAT = FORMATS["dc+sd-jwt"]


def _load(name: str) -> Any:
    path = VECTORS / "sd-jwt-vc" / name
    return json.loads(path.read_text("utf-8")) if path.exists() else []


EXAMPLES = {case["name"]: case for case in _load("examples.json")}


class KeySource:
    """Answers with issuer metadata that publishes one key."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        self.asked.append(url)
        return Fetched(200, "application/json", json.dumps(self.answers[url]).encode())


def _context(case: dict[str, Any], *, binding: bool, presenting: bool = True) -> CheckContext:
    payload = case["processed_payload"]
    iss, vct = payload["iss"], payload["vct"]
    kid = {"kid": "doc-signer-05-25-2022"}
    metadata = {"issuer": iss, "jwks": {"keys": [{**case["issuer_jwk"], **kid}]}}
    kb = case.get("kb_payload") or {"nonce": "n", "aud": "a"}
    return CheckContext(
        policy=TrustPolicy(issuers=(TrustedIssuer(id=iss, types=frozenset({vct}), jwks_issuer=True),)),
        fetch=KeySource({metadata_url(iss): metadata}),
        now=NOW,
        presenting=presenting,
        holder_binding=binding,
        nonce=kb["nonce"],
        audience=kb["aud"],
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_published_presentations(name: str) -> None:
    case = EXAMPLES[name]
    verified = FORMAT.verify(case["presentation"], _context(case, binding=case.get("kb_payload") is not None))
    assert verified.claims == case["processed_payload"]
    assert verified.holder_bound is (case.get("kb_payload") is not None)
    assert verified.holder_key == (PublicKey.from_jwk(case["holder_jwk"]) if verified.holder_bound else None)


@pytest.mark.parametrize("name", [name for name, case in EXAMPLES.items() if "issued" in case])
def test_published_credentials_as_issued(name: str) -> None:
    case = EXAMPLES[name]
    verified = FORMAT.verify(case["issued"], _context(case, binding=False, presenting=False))
    assert verified.claims.items() >= case["input_claims"].items()


@pytest.mark.parametrize("name", [name for name, case in EXAMPLES.items() if not case.get("kb_payload")])
def test_T11_published_presentation_without_binding_fails_where_binding_is_due(name: str) -> None:
    case = EXAMPLES[name]
    with pytest.raises(IdError) as refusal:
        FORMAT.verify(case["presentation"], _context(case, binding=True))
    assert refusal.value.code == "holder_binding_invalid"


def test_published_issuer_metadata() -> None:
    need("sd-jwt-vc", "issuer_metadata.json")
    published = _load("issuer_metadata.json")
    for place in published["wellknown"]:
        assert metadata_url(place["iss"]) == place["iss"][: len("https://example.com")] + place["path"]
    issuer = published["jwks"]["issuer"]
    source = KeySource({metadata_url(issuer): published["jwks"]})
    expected = published["jwks"]["jwks"]["keys"][1]
    assert pick_key(fetch_issuer_keys(issuer, fetch=source), expected["kid"]) == PublicKey.from_jwk(expected)
    by_uri = published["jwks_uri"]
    source = KeySource({metadata_url(issuer): by_uri, by_uri["jwks_uri"]: published["jwks"]["jwks"]})
    assert pick_key(fetch_issuer_keys(issuer, fetch=source), expected["kid"]) == PublicKey.from_jwk(expected)
    assert source.asked == [metadata_url(issuer), by_uri["jwks_uri"]]
