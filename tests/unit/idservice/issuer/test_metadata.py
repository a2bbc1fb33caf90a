"""Published metadata: complete, strict, and what real clients look for (OpenID4VCI 1.0 section 12, T43)."""

import json

from fastapi.testclient import TestClient

from credentials.openid.metadata import (
    check_authorization_server_metadata,
    check_issuer_metadata,
    check_signed_issuer_metadata,
    parse_authorization_server_metadata,
    parse_issuer_metadata,
)
from idservice.service import Service

ISSUER = "/.well-known/openid-credential-issuer"
SERVER = "/.well-known/oauth-authorization-server"


def test_T43_issuer_metadata_passes_the_check_of_a_wallet(service: Service, client: TestClient) -> None:
    answer = client.get(ISSUER)
    assert answer.headers["content-type"] == "application/json"
    parsed = check_issuer_metadata(parse_issuer_metadata(answer.content), credential_issuer=service.base_url, dev=True)
    assert parsed.batch_size == 10
    assert parsed.nonce_endpoint == service.url("/vci/nonce")
    assert parsed.notification_endpoint == service.url("/vci/notification")
    assert set(parsed.configurations) == {kind.name for kind in service.types}


def test_every_configuration_is_complete(service: Service, client: TestClient) -> None:
    metadata = client.get(ISSUER).json()
    assert "authorization_servers" not in metadata
    for name, one in metadata["credential_configurations_supported"].items():
        kind = service.types.get(name)
        assert (one["format"], one["vct"], one["scope"]) == ("dc+sd-jwt", kind.vct, name)
        assert one["cryptographic_binding_methods_supported"] == ["jwk"]
        assert one["proof_types_supported"] == {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}}
        assert one["credential_signing_alg_values_supported"] == ["ES256"]
        assert "claims" not in one
        assert "display" not in one
        shown = one["credential_metadata"]
        assert {words["locale"] for words in shown["display"]} == {"en", "et", "pt", "de", "ar"}
        assert {tuple(claim["path"]) for claim in shown["claims"]} == set(kind.claim_paths)
        assert all({words["locale"] for words in claim["display"]} >= {"en", "ar"} for claim in shown["claims"])


def test_signed_metadata_says_the_same(service: Service, client: TestClient) -> None:
    answer = client.get(ISSUER, headers={"Accept": "application/jwt"})
    assert answer.headers["content-type"] == "application/jwt"
    anchors = list(service.keys.roots().values())
    signed = check_signed_issuer_metadata(
        answer.text, credential_issuer=service.base_url, anchors=anchors, now=service.clock.now(), dev=True
    )
    plain = parse_issuer_metadata(client.get(ISSUER, headers={"Accept": "application/json, application/jwt"}).content)
    assert signed.configurations == plain.configurations


def test_authorization_server_metadata(service: Service, client: TestClient) -> None:
    answer = client.get(SERVER)
    assert answer.headers["content-type"] == "application/json"
    server = check_authorization_server_metadata(
        parse_authorization_server_metadata(answer.content), issuer=service.base_url, dev=True
    )
    assert server.token_endpoint == service.url("/vci/token")
    assert server.anonymous_pre_authorized
    assert "ES256" in server.dpop_algs
    assert "openid_credential" in server.authorization_details_types
    assert "urn:ietf:params:oauth:grant-type:pre-authorized_code" in server.grant_types


def test_metadata_can_be_cached(client: TestClient) -> None:
    for path in (ISSUER, SERVER):
        assert client.get(path).headers["cache-control"].startswith("public")
    assert json.loads(client.get(ISSUER).content) == client.get(ISSUER).json()
