"""An agency asks: what is accepted, what is refused, and that one agency is not another (T61, T73)."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import select

from credentials.openid.session_words import session_words
from idservice.audit import audit_rows
from idservice.database import transaction
from idservice.service import Service
from idservice.verifier import rows

from .conftest import BACK, HOOK, Ask
from .wallet import Wallet

Post = Callable[..., Response]


def query(service: Service, *paths: list[Any], type_name: str = "e-residency", **more: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": "e",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": [service.types.get(type_name).vct]},
    }
    if paths:
        entry["claims"] = [{"path": path} for path in paths]
    return {"credentials": [{**entry, **more}]}


def refused(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["hint"]
    assert body["detail"]
    return answer.status_code, body["code"]


def test_a_request_by_purpose_sends_the_query_of_the_purpose(service: Service, ask: Ask, wallet: Wallet) -> None:
    made = ask()
    assert made["state"] == "waiting"
    assert made["flow"] == "cross_device"
    assert made["page"].startswith(service.url("/present/"))
    assert made["handle"][4] == "-"
    asked = wallet.open(made["request"])
    assert asked["dcql_query"] == query(service, ["family_name"], ["given_name"])
    assert made["words"] == session_words(asked["client_id"], asked["nonce"])
    assert made["client_id"] == asked["client_id"]


def test_a_purpose_with_one_type_and_no_query_asks_all_its_claims(service: Service, ask: Ask, wallet: Wallet) -> None:
    asked = wallet.open(ask(purpose="proof")["request"])
    [entry] = asked["dcql_query"]["credentials"]
    assert entry["meta"]["vct_values"] == [service.types.get("e-residency").vct]
    assert entry["claims"] == [{"path": ["assurance_level"]}]


def test_a_purpose_with_several_types_needs_a_query(post: Post) -> None:
    assert refused(post({"purpose": "sign"})) == (400, "malformed")


def test_T61_a_query_within_one_purpose_is_accepted_and_tied_to_it(service: Service, ask: Ask) -> None:
    made = ask(dcql_query=query(service, ["birthdate"], ["nationalities", 0]))
    assert made["purpose"] == "loan"


@pytest.mark.parametrize("path", [["document_number"], ["email"], ["pairwise_sub"], ["nationalities"], ["nope"]])
def test_T61_a_claim_beyond_the_registration_is_over_asking(service: Service, post: Post, path: list[Any]) -> None:
    answer = post({"dcql_query": query(service, ["family_name"], path)})
    assert refused(answer) == (422, "over_asking")
    assert path[0] in answer.json()["detail"]


def test_T61_a_type_beyond_the_registration_is_over_asking(service: Service, post: Post) -> None:
    assert refused(post({"dcql_query": query(service, ["code"], type_name="pid")})) == (422, "over_asking")
    assert refused(post({"dcql_query": query(service, type_name="pid")})) == (422, "over_asking")


def test_T61_a_query_beyond_the_named_purpose_is_over_asking(service: Service, post: Post) -> None:
    body = {"purpose": "proof", "dcql_query": query(service, ["family_name"])}
    assert refused(post(body)) == (422, "over_asking")


def test_T61_a_purpose_of_nobody_is_over_asking(post: Post) -> None:
    assert refused(post({"purpose": "everything"})) == (422, "over_asking")


def test_T61_transaction_data_beyond_the_purpose_is_over_asking(service: Service, post: Post) -> None:
    body = {
        "purpose": "sign",
        "dcql_query": query(service, ["family_name"], type_name="signing"),
        "transaction_data": [{"type": "payment", "credential_ids": ["e"], "amount": "1"}],
    }
    assert refused(post(body)) == (422, "over_asking")


def test_transaction_data_reach_the_wallet_as_they_were_asked(service: Service, ask: Ask, wallet: Wallet) -> None:
    made = ask(
        purpose="sign",
        dcql_query=query(service, ["family_name"], type_name="signing"),
        transaction_data=[{"type": "document-sign", "credential_ids": ["e"], "name": "loan.pdf", "sha256": "ab"}],
    )
    [encoded] = wallet.open(made["request"])["transaction_data"]
    assert isinstance(encoded, str)


@pytest.mark.parametrize(
    "transaction",
    [
        {"type": "document-sign", "credential_ids": ["other"]},
        {"type": "document-sign", "credential_ids": []},
        {"type": "document-sign"},
        {"credential_ids": ["e"]},
        {"type": 5, "credential_ids": ["e"]},
    ],
)
def test_transaction_data_that_fit_nothing_are_refused(
    service: Service, post: Post, transaction: dict[str, Any]
) -> None:
    body = {
        "purpose": "sign",
        "dcql_query": query(service, ["family_name"], type_name="signing"),
        "transaction_data": [transaction],
    }
    assert refused(post(body)) == (400, "malformed")


def test_transaction_data_are_never_bound_to_a_login_credential(service: Service, post: Post) -> None:
    body = {
        "purpose": "sign",
        "dcql_query": query(service, ["family_name"]),
        "transaction_data": [{"type": "document-sign", "credential_ids": ["e"]}],
    }
    assert refused(post(body)) == (400, "malformed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"purpose": "loan", "extra": 1},
        {"purpose": 5},
        {"dcql_query": {"credentials": []}},
        {"dcql_query": []},
        {"dcql_query": {"credentials": [{"id": "e", "format": "dc+sd-jwt"}]}},
        {"purpose": "loan", "flow": "sideways"},
        {"purpose": "loan", "flow": "same_device"},
        {"purpose": "loan", "flow": "cross_device", "redirect_uri": BACK},
        {"purpose": "loan", "redirect_uri": "https://evil.example/back"},
        {"purpose": "loan", "redirect_uri": BACK + "/"},
        {"purpose": "loan", "redirect_uri": "javascript:alert(1)"},
        {"purpose": "loan", "webhook": HOOK},
        {"purpose": "loan", "webhook": "http://169.254.169.254/latest"},
        {"purpose": "loan", "client_id_prefix": "redirect_uri"},
        {"purpose": "loan", "transaction_data": []},
    ],
)
def test_what_does_not_fit_is_malformed(post: Post, body: dict[str, Any]) -> None:
    assert refused(post(body)) == (400, "malformed")


def test_a_registered_redirect_makes_it_the_same_device_flow(ask: Ask) -> None:
    assert ask(redirect_uri=BACK)["flow"] == "same_device"


def test_T73_nobody_asks_without_the_token_of_an_agency(post: Post) -> None:
    assert refused(post(agency="nobody")) == (401, "unauthenticated")


def test_the_same_idempotency_key_makes_one_request(service: Service, post: Post) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = post(**headers), post(**headers)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    other = post({"purpose": "proof"}, **headers)
    assert refused(other) == (409, "conflict")
    with transaction(service.engine) as db:
        assert len(db.execute(select(rows.presentation_requests.c.id)).all()) == 1


def test_asking_is_written_to_the_audit_trail_without_the_query(service: Service, ask: Ask) -> None:
    made = ask()
    with transaction(service.engine) as db:
        [row] = db.execute(select(audit_rows).where(audit_rows.c.subject == f"presentation:{made['id']}")).all()
    assert row.act == "presentation.requested"
    assert row.actor == "agency:library"
    assert row.data == {"purpose": "loan", "flow": "cross_device", "prefix": "x509_hash"}


def test_the_private_key_of_an_answer_lies_sealed(service: Service, ask: Ask) -> None:
    made = ask()
    with transaction(service.engine) as db:
        found = rows.find(db, now=service.clock.now(), id=made["id"])
    assert found is not None
    assert "d" not in found.key_jwk  # type: ignore[union-attr]  # it is open
    assert b"PRIVATE" not in found.key_sealed  # type: ignore[union-attr]
    assert "key_sealed" not in repr(found)


def test_T68_a_request_that_is_too_large_is_refused(service: Service, post: Post) -> None:
    big = query(service, *([["family_name"]] * 5000))
    assert refused(post({"dcql_query": big})) == (413, "too_large")
