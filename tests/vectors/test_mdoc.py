"""ISO mdoc: the standard's Annex D, published device responses, and OpenID4VP session transcripts."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from credentials import cbor, cose
from credentials.mdoc.device_response import check_device_auth, parse_device_response
from credentials.mdoc.mso import check_digests, check_mso, parse_mso
from credentials.mdoc.session_transcript import dc_api_transcript, redirect_transcript
from did.encoding import b64url_decode, b64url_encode
from did.keys import PrivateKey, PublicKey
from tests.paths import VECTORS, need

RESPONSES = VECTORS / "mdoc" / "device_responses.json"
CASES = json.loads(RESPONSES.read_text()) if RESPONSES.exists() else []


def jwk(x: str, y: str, d: str | None = None) -> dict[str, str]:
    members = {"kty": "EC", "crv": "P-256", "x": x, "y": y} | ({"d": d} if d else {})
    return {name: b64url_encode(bytes.fromhex(value)) if name in "xyd" else value for name, value in members.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["n"]))
def test_published_device_responses_hold(case: dict[str, Any]) -> None:
    [document] = parse_device_response(bytes.fromhex(case["device_response_hex"]))
    key = PublicKey.from_jwk(jwk(case["issuer_key"]["x_hex"], case["issuer_key"]["y_hex"]))
    mso = parse_mso(cose.verify_sign1(document.issuer_signed.issuer_auth, key=key))
    check_mso(mso, doc_type=document.doc_type, now=datetime.fromisoformat(case["now"]))
    claims = check_digests(document.issuer_signed, mso)
    assert sum(map(len, claims.values())) == sum(map(len, document.issuer_signed.namespaces.values()))
    check_device_auth(document, mso, session_transcript=bytes.fromhex(case["session_transcript_hex"]))


def test_published_device_responses_are_there() -> None:
    need("mdoc", "device_responses.json")
    assert len(CASES) == 9


def test_annex_d() -> None:
    annex = json.loads(need("mdoc", "annex_d.json").read_text())
    [document] = parse_device_response(bytes.fromhex(annex["device_response"]))
    auth = document.issuer_signed.issuer_auth
    [certificate] = auth.x5chain()
    assert certificate.hex() == annex["ds_cert"]
    from cryptography.x509 import load_der_x509_certificate

    key = PublicKey.from_crypto(load_der_x509_certificate(certificate).public_key())
    mso = parse_mso(cose.verify_sign1(auth, key=key))
    check_mso(mso, doc_type="org.iso.18013.5.1.mDL", now=datetime(2020, 12, 1, tzinfo=UTC))
    claims = check_digests(document.issuer_signed, mso)["org.iso.18013.5.1"]
    assert claims["family_name"] == "Doe"
    assert claims["portrait"].hex() == annex["device_response_portrait_data"]
    transcript = cbor.unwrap_tagged_bytes(cbor.decode(bytes.fromhex(annex["session_transcript_bytes"])))
    reader = PrivateKey.from_jwk(
        jwk(annex["ephemeral_reader_key_x"], annex["ephemeral_reader_key_y"], annex["ephemeral_reader_key_d"])
    )
    check_device_auth(document, mso, session_transcript=transcript, reader_key=reader)


def test_session_transcripts_of_openid4vp() -> None:
    cases = json.loads(need("openid4vp", "session_transcripts.json").read_text())
    assert cases
    for case in cases:
        thumbprint = bytes.fromhex(case["jwk_thumbprint_hex"]) if case.get("jwk_thumbprint_hex") else None
        if thumbprint is not None:
            encryption = PublicKey.from_jwk(case["encryption_jwk"], use="enc")
            assert b64url_decode(encryption.thumbprint()) == thumbprint
        if case["kind"] == "OpenID4VPHandover":
            made = redirect_transcript(
                client_id=case["client_id"], nonce=case["nonce"], response_uri=case["uri"], jwk_thumbprint=thumbprint
            )
        else:
            made = dc_api_transcript(origin=case["origin"], nonce=case["nonce"], jwk_thumbprint=thumbprint)
        assert made.hex() == case["session_transcript_hex"], case["name"]
