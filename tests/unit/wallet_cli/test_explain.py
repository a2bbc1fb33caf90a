"""Explaining: what something is, which rule it keeps or breaks; nothing is stored and no stranger is called."""

import json
from typing import Any

import httpx2
import pytest

from credentials.openid.metadata import build_authorization_server_metadata
from credentials.openid.request import parse_request_link
from tests.simulator import BASE, Simulator
from tests.unit.wallet_cli.driver import Driver


def explain(wallet: Driver, text: str, *args: str) -> Any:
    return wallet.type("explain", "-", *args, stdin=text).json


def outcomes(found: Any) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in found["checks"]}


@pytest.fixture
def credential(wallet: Driver, server: Simulator) -> str:
    """A credential that the wallet received."""
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    return str(wallet.look().credentials[0].copies[0].text)


def test_a_credential_check_by_check(wallet: Driver, server: Simulator, credential: str) -> None:
    found = explain(wallet, credential)
    assert found["kind"] == "credential (SD-JWT VC)" and found["code"] is None
    assert outcomes(found)["signature"] == "passed" and outcomes(found)["status"] == "passed"
    assert outcomes(found)["holder_binding"] == "not_run"
    shown = wallet.type("explain", "-", stdin=credential, as_json=False).stdout
    assert "RFC 9901" in shown and "0784" not in shown, "rules and findings, no claim value"


def test_a_credential_that_was_changed_expired_or_revoked(wallet: Driver, server: Simulator, credential: str) -> None:
    head, _, rest = credential.partition("~")
    payload = head.split(".")
    broken = f"{payload[0]}.{payload[1]}.{'A' * len(payload[2])}~{rest}"
    assert explain(wallet, broken)["code"] == "signature_invalid"
    assert wallet.type("explain", "-", stdin=broken).exit_code == 1
    wallet.advance(days=30)
    assert explain(wallet, credential)["code"] == "credential_expired"


def test_without_a_wallet_trust_is_not_checked(lone: Driver, wallet: Driver, credential: str) -> None:
    found = explain(wallet, credential, "--no-wallet")
    assert found["code"] == "issuer_untrusted"


def test_a_presentation_names_whom_it_is_for(wallet: Driver, server: Simulator, credential: str) -> None:
    from credentials.openid.response import check_response, parse_response

    wallet.ok("present", server.ask(claims={"residency": [["municipality_code"]]}), stdin="yes\n")
    asked = server.asked["req0"]
    answer = check_response(
        parse_response(server.sent("/vp/responses/")[0].content),
        response_mode="direct_post.jwt",
        state=asked.state,
        keys={"req0": asked.key},
    )
    assert answer.vp_token is not None
    found = explain(wallet, str(answer.vp_token["q0"][0]))
    assert found["kind"].startswith("presentation")
    assert {"label": "Answers nonce", "value": asked.nonce} in found["says"]


def test_offers_and_requests_as_links(wallet: Driver, server: Simulator) -> None:
    before = len(server.requests)
    assert outcomes(explain(wallet, server.offer("residency", by_value=True))) == {
        "shape": "passed",
        "issuer_trust": "passed",
    }
    assert explain(wallet, server.offer("residency"))["kind"] == "credential offer (link)"
    assert explain(wallet, server.ask(claims={"residency": []}))["kind"] == "presentation request (link)"
    assert explain(wallet, "openid-credential-offer://?credential_offer=%7B%7D")["code"] == "malformed"
    foreign = json.dumps({"credential_issuer": "https://evil.example", "credential_configuration_ids": ["pid"]})
    assert explain(wallet, foreign)["code"] == "issuer_untrusted"
    hosts = {request.url.host for request in server.requests[before:]}
    assert hosts <= {"id.example"}


def test_a_request_object(wallet: Driver, server: Simulator) -> None:
    link = parse_request_link(server.ask(claims={"residency": [["municipality_code"]]}))
    token = server.handle_request(httpx2.Request("GET", link.request_uri)).content.decode()
    found = explain(wallet, token)
    assert found["kind"].startswith("presentation request") and outcomes(found)["request"] == "passed"
    assert any(row["label"].strip() == "q0" for row in found["says"])
    wallet.advance(minutes=10)
    assert explain(wallet, token)["code"] == "request_expired"
    server.lies.add("stranger")
    link = parse_request_link(server.ask(claims={"residency": []}))
    token = server.handle_request(httpx2.Request("GET", link.request_uri)).content.decode()
    assert explain(wallet, token)["code"] == "verifier_untrusted"


def test_lists_metadata_and_types(wallet: Driver, server: Simulator) -> None:
    assert outcomes(explain(wallet, server.trusted_list())) == {"shape": "passed", "list": "passed", "pin": "passed"}
    server.lies.add("list_other_key")
    assert outcomes(explain(wallet, server.trusted_list()))["pin"] == "warning"
    status = server.handle_request(httpx2.Request("GET", f"{BASE}/status-lists/1")).content.decode()
    assert explain(wallet, status)["kind"] == "status list"
    wallet.advance(days=2)
    assert explain(wallet, status)["code"] == "status_unavailable"
    assert explain(wallet, server.issuer_metadata().decode())["kind"] == "issuer metadata"
    assert explain(wallet, server.type_metadata("residency").decode())["kind"] == "type metadata"
    metadata = build_authorization_server_metadata(issuer=BASE, token_endpoint=f"{BASE}/t", grant_types=["x"])
    assert explain(wallet, metadata.decode())["kind"] == "authorization server metadata"
    query = {"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}}]}
    assert explain(wallet, json.dumps(query))["kind"] == "DCQL query"
    assert explain(wallet, json.dumps({"credentials": []}))["code"] == "malformed"


def test_proofs_answers_and_applications(wallet: Driver, server: Simulator) -> None:
    from tests.unit.wallet_cli.test_gates import FORM

    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    request = server.sent("/vci/credential")[0]
    proof = json.loads(request.content)["proofs"]["jwt"][0]
    assert outcomes(explain(wallet, proof)) == {"shape": "passed", "signature": "passed"}
    assert explain(wallet, proof[:-4] + "AAAA")["code"] == "signature_invalid"
    assert explain(wallet, request.headers["dpop"])["kind"] == "DPoP proof"
    wallet.ok("apply", "e-residency", "--form", str(wallet._file("form", FORM)))
    signed = json.loads(server.sent("/v1/applications")[0].content)["application"]
    found = explain(wallet, signed)
    assert found["kind"] == "signed application" and outcomes(found)["signature"] == "passed"
    wallet.ok("present", server.ask(claims={"residency": [["municipality_code"]]}), stdin="yes\n")
    jwe = server.sent("/vp/responses/")[0].content.decode().removeprefix("response=")
    found = explain(wallet, jwe)
    assert found["kind"].startswith("encrypted") and {"label": "enc", "value": "A256GCM"} in found["says"]


@pytest.mark.parametrize("text", ["hello", "", "[1]", '{"a": 1}', "a.b"])
def test_what_is_none_of_ours(wallet: Driver, text: str) -> None:
    assert wallet.type("explain", "-", stdin=text).exit_code in (1, 2)


@pytest.mark.parametrize("text", ["a.b.c", "....", "~", "x~y~", "a.b.c~"])
def test_broken_tokens_end_in_a_code_not_in_a_fault(wallet: Driver, text: str) -> None:
    ended = wallet.type("explain", "-", stdin=text)
    assert ended.exit_code == 1 and "fault of the wallet" not in ended.stderr


def test_T95_nothing_of_it_acts_on_the_terminal(wallet: Driver) -> None:
    text = json.dumps({"credential_issuer": "https://x.example", "credential_configuration_ids": ["a\u202eb\x1b[2J"]})
    shown = wallet.type("explain", "-", stdin=text, as_json=False).stdout
    assert "\x1b" not in shown and "\u202e" not in shown
