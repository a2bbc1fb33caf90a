"""The signed request object: signature, nonce, key, fetches, end (T55 from the verifier's side)."""

import json
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

from cryptography.x509 import load_der_x509_certificate
from fastapi.testclient import TestClient

from credentials.jose import verify_jws
from did.keys import PublicKey
from idservice.service import Service

from .conftest import Ask, move_clock
from .wallet import Wallet, header, path_of, payload


def test_the_link_names_client_request_and_method_only(service: Service, ask: Ask) -> None:
    link = ask()["request"]
    parts = urlsplit(link)
    query = parse_qs(parts.query, strict_parsing=True)
    assert parts.scheme == "openid4vp"
    assert set(query) == {"client_id", "request_uri", "request_uri_method"}
    assert query["request_uri_method"] == ["post"]
    assert query["request_uri"][0].startswith(service.url("/vp/requests/"))
    assert len(query["request_uri"][0].rpartition("/")[2]) >= 22


def test_T55_the_object_is_signed_by_the_agencys_own_certified_key(service: Service, ask: Ask, wallet: Wallet) -> None:
    answer = wallet.fetch(ask()["request"])
    assert answer.headers["content-type"] == "application/oauth-authz-req+jwt"
    assert answer.headers["cache-control"] == "no-store"
    top = header(answer.text)
    assert top["typ"] == "oauth-authz-req+jwt"
    assert "jwk" not in top
    leaf = b64decode(top["x5c"][0])
    certificate = load_der_x509_certificate(leaf)
    assert certificate.issuer != certificate.subject
    key = PublicKey.from_crypto(certificate.public_key())
    claims = verify_jws(answer.text, key=key, typ="oauth-authz-req+jwt").claims
    hashed = urlsafe_b64encode(sha256(leaf).digest()).decode().rstrip("=")
    assert claims["client_id"] == f"x509_hash:{hashed}"
    assert key == service.keys.agency_signer("library").public_key


def test_the_object_says_what_the_profile_demands(service: Service, ask: Ask, wallet: Wallet) -> None:
    asked = wallet.open(ask()["request"])
    assert asked["response_type"] == "vp_token"
    assert asked["response_mode"] == "direct_post.jwt"
    assert asked["aud"] == "https://self-issued.me/v2"
    assert asked["response_uri"].startswith(service.url("/vp/responses/"))
    assert len(asked["nonce"]) >= 43
    assert len(asked["state"]) >= 22
    assert not asked.keys() & {"redirect_uri", "request_uri", "request", "client_id_scheme", "scope", "wallet_nonce"}
    metadata = asked["client_metadata"]
    assert set(metadata["encrypted_response_enc_values_supported"]) == {"A128GCM", "A256GCM"}
    assert "dc+sd-jwt" in metadata["vp_formats_supported"]
    [jwk] = metadata["jwks"]["keys"]
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("EC", "P-256", "ECDH-ES", "enc")
    assert "d" not in jwk
    assert jwk["kid"]


def test_T55_the_wallets_nonce_is_echoed_and_only_then(ask: Ask, wallet: Wallet) -> None:
    link = ask()["request"]
    assert payload(wallet.fetch(link, wallet_nonce="abc-123").text)["wallet_nonce"] == "abc-123"
    assert "wallet_nonce" not in wallet.open(link)


def test_a_wallet_may_post_metadata_and_words_we_do_not_know(client: TestClient, ask: Ask) -> None:
    path = path_of(parse_qs(urlsplit(ask()["request"]).query)["request_uri"][0])
    form = {
        "wallet_metadata": json.dumps({"vp_formats_supported": {}}),
        "vp_formats_supported": "{}",
        "wallet_nonce": "n",
    }
    assert client.post(path, data=form).status_code == 200


def test_a_doubled_wallet_nonce_is_refused(client: TestClient, ask: Ask) -> None:
    path = path_of(parse_qs(urlsplit(ask()["request"]).query)["request_uri"][0])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post(path, content="wallet_nonce=a&wallet_nonce=b", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


def test_a_second_fetch_asks_the_same_question(ask: Ask, wallet: Wallet) -> None:
    link = ask()["request"]
    first, second = wallet.open(link), wallet.open(link)
    same = ("nonce", "state", "client_id", "response_uri", "client_metadata", "dcql_query")
    assert [first[name] for name in same] == [second[name] for name in same]


def test_no_two_requests_share_nonce_state_key_or_address(ask: Ask, wallet: Wallet) -> None:
    first, second = wallet.open(ask()["request"]), wallet.open(ask()["request"])
    for name in ("nonce", "state", "response_uri"):
        assert first[name] != second[name]
    assert wallet.key_of(first)["x"] != wallet.key_of(second)["x"]


def test_fetching_opens_the_request(ask: Ask, wallet: Wallet, read) -> None:  # type: ignore[no-untyped-def]  # a fixture
    made = ask()
    assert read(made["id"]).json()["state"] == "waiting"
    wallet.open(made["request"])
    assert read(made["id"]).json()["state"] == "opened"


def test_a_request_ends_after_five_minutes(service: Service, ask: Ask, wallet: Wallet) -> None:
    link = ask()["request"]
    move_clock(service, "PT4M50S")
    assert wallet.fetch(link).status_code == 200
    move_clock(service, "PT5M1S")
    answer = wallet.fetch(link)
    assert answer.status_code == 410
    assert answer.json()["error"] == "invalid_request"
    assert answer.json()["error_description"].startswith("request_expired: ")


def test_an_answered_request_is_not_shown_again(ask: Ask, wallet: Wallet) -> None:
    link = ask()["request"]
    wallet.refuse(wallet.open(link))
    assert wallet.fetch(link).status_code == 410


def test_an_unknown_request_is_not_found(client: TestClient, ask: Ask) -> None:
    made = ask()
    for guess in ("AAAAAAAAAAAAAAAAAAAAAA", made["handle"].replace("-", ""), made["id"]):
        assert client.get(f"/vp/requests/{guess}").status_code == 404


def test_the_did_form_is_signed_under_a_key_of_the_did(service: Service, ask: Ask, wallet: Wallet) -> None:
    answer = wallet.fetch(ask(client_id_prefix="decentralized_identifier")["request"])
    did = service.agency_did("library")
    assert payload(answer.text)["client_id"] == f"decentralized_identifier:{did}"
    top = header(answer.text)
    assert top["kid"].startswith(f"{did}#")
    assert "x5c" not in top
