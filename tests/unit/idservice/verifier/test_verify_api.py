"""`POST /v1/verify`: a credential or a presentation in hand, one or many (contract of the verdict)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from idservice.service import Service
from idservice.verifier.check import MAX_ITEMS

from .conftest import bearer
from .wallet import NAME, Held, Wallet, hold, set_status

Verify = Callable[..., Response]
ASKED = {"client_id": "x509_hash:somebody", "nonce": "n-1"}


@pytest.fixture
def held(service: Service) -> Held:
    return hold(service)


@pytest.fixture
def verify(client: TestClient, service: Service) -> Verify:
    def send(body: Any, *, agency: str = "library", content_type: str = "application/json") -> Response:
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {**bearer(agency), "Content-Type": content_type}
        return client.post("/v1/verify", content=content, headers=headers)

    return send


def presentation(wallet: Wallet, held: Held, **lie: Any) -> dict[str, Any]:
    shown = wallet.present(ASKED, held, **lie)
    return {"presentation": shown, "nonce": ASKED["nonce"], "audience": ASKED["client_id"]}


def outcomes(verdict: Mapping[str, Any]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in verdict["checks"]}


def test_a_credential_is_checked_without_holder_binding(verify: Verify, held: Held) -> None:
    answer = verify({"credential": held.credential})
    assert answer.status_code == 200
    verdict = answer.json()
    assert verdict["verdict"] == "valid"
    assert outcomes(verdict)["holder_binding"] == "not_run"
    assert verdict["credentials"][0]["claims"]["family_name"] == "Tamm"
    assert answer.headers["cache-control"] == "no-store"


def test_a_presentation_is_checked_against_nonce_and_audience(verify: Verify, wallet: Wallet, held: Held) -> None:
    verdict = verify(presentation(wallet, held)).json()
    assert verdict["verdict"] == "valid"
    assert outcomes(verdict)["holder_binding"] == "passed"
    assert list(outcomes(verdict))[:4] == ["size", "shape", "type", "algorithm"]


def test_T13_a_presentation_for_another_nonce_or_receiver_is_invalid(
    verify: Verify, wallet: Wallet, held: Held
) -> None:
    body = presentation(wallet, held)
    assert verify({**body, "nonce": "n-2"}).json()["code"] == "nonce_mismatch"
    assert verify({**body, "audience": "x509_hash:other"}).json()["code"] == "audience_mismatch"


def test_T11_a_presentation_without_binding_is_invalid(verify: Verify, wallet: Wallet, held: Held) -> None:
    verdict = verify(presentation(wallet, held, bound=False)).json()
    assert (verdict["verdict"], verdict["code"], verdict["credentials"]) == ("invalid", "holder_binding_invalid", [])


def test_a_query_is_held_against_a_presentation(service: Service, verify: Verify, wallet: Wallet, held: Held) -> None:
    query = {
        "credentials": [
            {
                "id": "e",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [held.vct]},
                "claims": [{"path": list(path)} for path in NAME],
            }
        ]
    }
    body = presentation(wallet, held)
    assert verify({**body, "dcql_query": query}).json()["verdict"] == "valid"
    whole = {**body, "presentation": {"e": [body["presentation"]]}, "dcql_query": query}
    verdict = verify(whole).json()
    assert verdict["verdict"] == "valid"
    assert verdict["credentials"][0]["query_id"] == "e"
    more = presentation(wallet, held, disclose=[*NAME, ("birthdate",)])
    assert verify({**more, "dcql_query": query}).json()["code"] == "claim_unrequested"


def test_a_withdrawn_credential_is_invalid(service: Service, verify: Verify, held: Held) -> None:
    set_status(service, held, "suspended")
    verdict = verify({"credential": held.credential}).json()
    assert (verdict["verdict"], verdict["code"]) == ("invalid", "credential_suspended")
    assert verdict["credentials"] == []


@pytest.mark.parametrize("junk", ["", "x", "a.b.c~", "~~~~", "é", "A" * 100_000, "eyJhbGciOiJub25lIn0.e30.~"])
def test_T07_junk_is_a_verdict_not_an_error(verify: Verify, junk: str) -> None:
    answer = verify({"credential": junk})
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "invalid"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"credential": 5},
        {"credential": "x", "presentation": "y"},
        {"credential": "x", "nonce": "n"},
        {"presentation": "x"},
        {"presentation": "x", "nonce": "n"},
        {"presentation": "x", "audience": "a"},
        {"presentation": "x", "nonce": "", "audience": "a"},
        {"presentation": "x", "nonce": 1, "audience": "a"},
        {"presentation": 5, "nonce": "n", "audience": "a"},
        {"presentation": {"e": ["x"]}, "nonce": "n", "audience": "a"},
        {"presentation": "x", "nonce": "n", "audience": "a", "dcql_query": {}},
        {"presentation": "x", "nonce": "n", "audience": "a", "once": 1},
        {"items": []},
        {"items": {}},
        {"items": [5]},
        {"items": [{"credential": "x"}], "credential": "x"},
        {"items": [{"credential": "x"}] * (MAX_ITEMS + 1)},
    ],
)
def test_a_body_that_does_not_fit_is_malformed(verify: Verify, body: Any) -> None:
    answer = verify(body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"
    assert answer.json()["hint"]


@pytest.mark.parametrize(
    "body", ["", "{", '{"credential":"x","credential":"y"}', "[" * 99, '{"credential":"\\ud800"}', "NaN"]
)
def test_T70_json_that_is_not_strict_is_malformed(verify: Verify, body: str) -> None:
    answer = verify(body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"


def test_T69_another_content_type_is_refused(verify: Verify) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/jwt"):
        assert verify('{"credential":"x"}', content_type=content_type).status_code == 415


def test_T73_nobody_else_may_call(verify: Verify, held: Held) -> None:
    assert verify({"credential": held.credential}, agency="nobody").status_code == 401


def test_many_at_once_are_judged_one_by_one(service: Service, verify: Verify, wallet: Wallet, held: Held) -> None:
    frozen = hold(service)
    set_status(service, frozen, "revoked")
    items = [
        {"credential": held.credential},
        {"credential": frozen.credential},
        presentation(wallet, held),
        {"credential": "junk"},
    ]
    answer = verify({"items": items})
    assert answer.status_code == 200
    verdicts = answer.json()["verdicts"]
    assert [one["verdict"] for one in verdicts] == ["valid", "invalid", "valid", "invalid"]
    assert verdicts[1]["code"] == "credential_revoked"


def test_a_batch_with_one_unreadable_item_names_its_place(verify: Verify, held: Held) -> None:
    answer = verify({"items": [{"credential": held.credential}, {"presentation": "x"}]})
    assert answer.status_code == 400
    assert "items[1]" in answer.json()["detail"]
