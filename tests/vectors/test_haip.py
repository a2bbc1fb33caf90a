"""Generated HAIP vectors: x509_hash request objects good and bad, encrypted responses, and draft-era left-overs."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from credentials.errors import IdError, ProtocolError
from credentials.openid import dcql, response
from credentials.openid.credential import parse_credential_request
from credentials.openid.metadata import parse_issuer_metadata
from credentials.openid.offer import parse_offer
from credentials.openid.request import AuthorizationRequest, check_request, parse_request
from credentials.openid.token import GRANT_PRE_AUTHORIZED, parse_token_request
from credentials.openid.wire import build_form
from credentials.signed_list import VerifierTrust
from did.encoding import b64_decode
from did.keys import PrivateKey
from tests.paths import VECTORS, need

NOW = datetime(2026, 11, 22, tzinfo=UTC)
STRICT_ONLY = {"enc_values_incomplete", "direct_post_unencrypted"}


def _load(name: str) -> Any:
    path = VECTORS / "haip" / name
    return json.loads(path.read_text()) if path.exists() else {"cases": [{"name": "absent"}], "objects": []}


REQUESTS = _load("request_objects.json")


def _check(case: dict[str, Any], *, strict: bool = True) -> AuthorizationRequest:
    trust = VerifierTrust(added_anchors=tuple(b64_decode(der) for der in REQUESTS["trust_anchors_der_b64"]))
    parsed = parse_request(case["request_object"])
    return check_request(parsed, link_client_id=parsed.client_id, trust=trust, now=NOW, strict=strict)


@pytest.mark.parametrize("case", REQUESTS["cases"], ids=lambda case: case["name"])
def test_request_objects(case: dict[str, Any]) -> None:
    need("haip", "request_objects.json")
    if case["valid"]:
        request = _check(case)
        assert request.state == "st-1"
        assert request.encryption_enc == "A256GCM"
        assert request.verifier.origins == ("https://verifier.example.org",)
        return
    with pytest.raises(IdError) as caught:
        _check(case)
    assert caught.value.code
    assert caught.value.hint
    if case["name"] in STRICT_ONLY:
        assert _check(case, strict=False).nonce
    else:
        with pytest.raises(IdError):
            _check(case, strict=False)


@pytest.mark.parametrize("index", range(2))
def test_encrypted_responses(index: int) -> None:
    file = json.loads(need("haip", "encrypted_responses.json").read_text())
    case, jwk = file["cases"][index], file["verifier_private_jwk"]
    message = response.parse_response(build_form({"response": case["jwe"]}))
    assert isinstance(message, response.EncryptedResponse)
    assert message.kid == jwk["kid"]
    keys = {jwk["kid"]: PrivateKey.from_jwk({name: jwk[name] for name in ("kty", "crv", "x", "y", "d")})}
    if not case["haip_allowed"]:
        with pytest.raises(ProtocolError):
            response.check_response(message, response_mode="direct_post.jwt", state="st-1", keys=keys)
        return
    answer = response.check_response(message, response_mode="direct_post.jwt", state="st-1", keys=keys)
    assert answer.vp_token == {name: tuple(value) for name, value in case["payload"]["vp_token"].items()}
    assert json.loads(answer.plaintext) == case["payload"]


def test_draft_shapes_are_refused() -> None:
    """Not one of the left-overs of the drafts passes as a message of 1.0."""
    objects = {
        entry["file"]: entry["object"]
        for entry in json.loads(need("haip", "legacy_draft_objects.json").read_text())["objects"]
    }
    with pytest.raises(ProtocolError):
        parse_offer(json.dumps(objects["credential_offer_sd_jwt_vc.json"]))
    with pytest.raises(ProtocolError):
        parse_credential_request(json.dumps(objects["credential_request_sd_jwt_vc.json"]).encode())
    with pytest.raises(dcql.DcqlInvalid):
        dcql.parse_query(objects["presentation_definition_sd_jwt_vc.json"])
    with pytest.raises(ProtocolError):
        details = json.dumps(objects["authorization_details_sd_jwt_vc.json"])
        form = {"grant_type": GRANT_PRE_AUTHORIZED, "pre-authorized_code": "x", "authorization_details": details}
        parse_token_request(build_form(form))
    with pytest.raises(ProtocolError):
        issuer = "https://issuer.example"
        configuration = objects["credential_metadata_sd_jwt_vc.json"]
        metadata = {"credential_issuer": issuer, "credential_endpoint": issuer + "/c"}
        parse_issuer_metadata(
            json.dumps({**metadata, "credential_configurations_supported": {"a": configuration}}).encode()
        )
