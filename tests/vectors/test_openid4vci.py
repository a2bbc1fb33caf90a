"""Vectors and printed examples of OpenID4VCI 1.0: key proof, metadata, offers, authorization details."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from credentials.errors import IdError, ProtocolError
from credentials.jose import parse_jws
from credentials.openid import credential, key_proof, metadata, offer, token
from credentials.openid.wire import build_form
from credentials.x509 import x5c_decode
from tests.paths import VECTORS, need

NOW = datetime.fromtimestamp(1701960450, UTC)
EXAMPLES = VECTORS / "openid4vci" / "examples"


def test_key_proof() -> None:
    case = json.loads(need("openid4vci", "key_proof_jwt.json").read_text())
    proof = key_proof.parse_key_proof(case["jwt"])
    expected = {"audience": case["credential_issuer"], "nonce": case["c_nonce"], "now": NOW}
    key = key_proof.check_key_proof(case["jwt"], client_id=proof.issuer, **expected)
    assert key == proof.jwk
    for wrong in (
        {"audience": case["credential_issuer"] + "/"},
        {"nonce": "other"},
        {"now": NOW + timedelta(minutes=10)},
        {"now": NOW - timedelta(minutes=10)},
        {"algs": ("ES384",)},
    ):
        with pytest.raises(ProtocolError):
            key_proof.check_key_proof(case["jwt"], **{"client_id": proof.issuer, **expected, **wrong})


def test_issuer_metadata() -> None:
    body = need("openid4vci", "examples", "credential_issuer_metadata_sd_jwt_long.json").read_bytes()
    found = metadata.parse_issuer_metadata(body)
    assert found.credential_issuer == "https://credential-issuer.example.com"
    assert found.server == "https://server.example.com"
    assert found.batch_size == 10
    (configuration,) = found.configurations.values()
    assert configuration.format == "dc+sd-jwt"
    assert configuration.proof_algs == {"jwt": ("ES256",)}
    assert configuration.display(["fr"])["name"] == "IdentityCredential"
    assert metadata.check_issuer_metadata(found, credential_issuer=found.credential_issuer) is found
    with pytest.raises(ProtocolError):
        metadata.check_issuer_metadata(found, credential_issuer=found.credential_issuer + "/")


def test_signed_metadata_of_one_self_signed_certificate_is_refused() -> None:
    text = "".join(need("openid4vci", "examples", "credential_issuer_metadata_sd_jwt_jwt.txt").read_text().split())
    chain = x5c_decode(parse_jws(text).header["x5c"])
    assert len(chain) == 1
    for anchors in ([], chain):
        with pytest.raises(ProtocolError) as caught:
            metadata.check_signed_issuer_metadata(
                text, credential_issuer="https://credential-issuer.example.com", anchors=anchors, now=NOW
            )
        assert caught.value.code == "issuer_untrusted"


@pytest.mark.parametrize("name", ["credential_metadata_sd_jwt_vc.json", "credential_metadata_jwt_vc_json.json"])
def test_configurations(name: str) -> None:
    value = json.loads(need("openid4vci", "examples", name).read_text())
    issuer = "https://issuer.example"
    value |= {"credential_issuer": issuer, "credential_endpoint": f"{issuer}/credential"}
    found = metadata.parse_issuer_metadata(json.dumps(value).encode())
    assert found.configurations.keys() == value["credential_configurations_supported"].keys()


def test_offers() -> None:
    body = need("openid4vci", "examples", "credential_offer_pre-authz_code.json").read_bytes()
    found = offer.parse_offer(body)
    assert found.pre_authorized is not None
    assert found.pre_authorized.tx_code is not None
    assert found.pre_authorized.tx_code.description
    assert offer.parse_offer(offer.build_offer(found)) == found
    printed = need("openid4vci", "examples", "credential_offer_authz_code.txt").read_text()
    code = offer.parse_offer(printed[printed.index("{") :])
    assert code.authorization_code is not None
    assert code.pre_authorized is None


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("authorization_details*.json")), ids=lambda path: path.stem)
def test_authorization_details(path: Path) -> None:
    need("openid4vci", "examples")
    text = path.read_text()
    form = {"grant_type": token.GRANT_PRE_AUTHORIZED, "pre-authorized_code": "c", "authorization_details": text}
    details = token.parse_token_request(build_form(form)).authorization_details
    assert [one.configuration_id for one in details] == [
        entry["credential_configuration_id"] for entry in json.loads(text)
    ]


def test_draft_credential_request_is_refused() -> None:
    """The printed mdoc request still has the draft's `format` and `doctype`: 1.0 knows neither."""
    body = need("openid4vci", "examples", "credential_request_iso_mdl.json").read_bytes()
    with pytest.raises(ProtocolError) as caught:
        credential.parse_credential_request(body)
    assert caught.value.error == "invalid_credential_request"


@pytest.mark.parametrize("name", ["credential_response_jwt_vc_json.txt", "credential_response_sd_jwt_vc.txt"])
def test_printed_responses(name: str) -> None:
    """Printed over many lines, which strict JSON does not allow: refused as printed, read once the lines are joined."""
    text = need("openid4vci", "examples", name).read_text()
    body = text[text.index("{") :]
    with pytest.raises(ProtocolError):
        credential.parse_credential_response(body.encode())
    joined = "".join(line.strip() for line in body.splitlines())
    try:
        found = credential.parse_credential_response(joined.encode())
    except IdError:
        assert "..." in joined
        return
    assert isinstance(found, credential.CredentialResponse)
    assert len(found.credentials) == 1
