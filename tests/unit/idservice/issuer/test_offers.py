"""Offers: how they are made, found, described, cancelled; the staff API for direct ones (T42, T66, T67)."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import inspect, text

from credentials.openid.offer import CredentialOffer, OfferReference, parse_offer, parse_offer_link
from idservice.database import transaction
from idservice.issuer import offers
from idservice.issuer.offers import OfferItem
from idservice.problems import Refused
from idservice.service import Service
from tests.factories import bearer

from .wallet import PERSON, ROLE, Wallet, direct, of_case, resident


def create(service: Service, **change: Any) -> offers.CreatedOffer:
    arguments: dict[str, Any] = {
        "items": [OfferItem(type_name="official-role", claims=ROLE)],
        "case_id": None,
        "tx_code": False,
        "holder_jkt": None,
        "created_by": "staff:test",
    }
    with transaction(service.engine) as db:
        return offers.create_offer(db, service, **(arguments | change))


def test_an_offer_by_reference_and_by_value_is_the_same(service: Service, client: TestClient) -> None:
    offer = direct(service, tx_code=True)
    answer = Wallet(service, client).fetch_offer(offer)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    by_value = parse_offer_link(offer.uri_by_value, dev=True)
    assert isinstance(by_value, CredentialOffer)
    assert parse_offer(answer.content, dev=True) == by_value
    assert by_value.credential_issuer == service.base_url
    assert by_value.configuration_ids == ("official-role",)
    assert by_value.pre_authorized is not None
    assert len(by_value.pre_authorized.code) == 22
    assert by_value.pre_authorized.tx_code is not None
    assert by_value.pre_authorized.tx_code.length == 6


def test_the_offer_is_bare_json_whatever_the_accept_header(service: Service, client: TestClient) -> None:
    reference = parse_offer_link(direct(service).uri, dev=True)
    assert isinstance(reference, OfferReference)
    path = reference.uri.removeprefix(service.base_url)
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/json"
    assert "credential_issuer" in answer.json()


def test_the_link_is_no_handle_and_no_id(service: Service, client: TestClient) -> None:
    offer = direct(service)
    assert offer.handle not in offer.uri
    assert offer.id not in offer.uri
    for guess in (offer.id, offer.handle, "a" * 22, "x" * 5000):
        assert client.get(f"/vci/offers/{guess}").status_code in (404, 410)


def test_handles_are_short_only_where_a_transaction_code_guards_them(service: Service) -> None:
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", direct(service, tx_code=True).handle)
    assert len(direct(service).handle.replace("-", "")) == 26


def test_T42_a_handle_shows_types_and_state_but_no_claims(service: Service) -> None:
    offer = direct(service, tx_code=True)
    for spelling in (offer.handle, offer.handle.replace("-", ""), offer.handle.lower()):
        view = offers.describe(service, spelling, source="198.51.100.7")
        assert view.uri == offer.uri
        assert (view.state, view.types, view.tx_code) == ("waiting", ("official-role",), True)
    assert "welfare.example" not in repr(view)


def test_look_alike_letters_in_a_handle_do_not_count(service: Service) -> None:
    while "1" not in (offer := direct(service)).handle or "0" not in offer.handle:
        pass
    spoken = offer.handle.replace("1", "l").replace("0", "o")
    assert offers.describe(service, spoken, source="198.51.100.7").id == offer.id


def test_T67_guessing_handles_is_limited_by_source(service: Service) -> None:
    codes = []
    for _ in range(12):
        with pytest.raises(Refused) as refused:
            offers.describe(service, "AAAA-AAAA", source="198.51.100.7")
        codes.append(refused.value.code)
    assert codes == ["offer_expired"] * 10 + ["rate_limited"] * 2
    offer = direct(service)
    assert offers.describe(service, offer.handle, source="198.51.100.8").id == offer.id


def test_a_redeemed_offer_gives_its_link_to_nobody(service: Service, client: TestClient) -> None:
    offer = direct(service)
    Wallet(service, client).redeem(offer)
    view = offers.describe(service, offer.handle, source="198.51.100.7")
    assert (view.state, view.uri) == ("redeemed", None)
    assert Wallet(service, client).fetch_offer(offer).status_code == 410


def test_T66_unknown_and_ended_offers_look_alike(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    ended = direct(service)
    code = wallet.code(ended)
    with transaction(service.engine) as db:
        offers.cancel(db, service, ended.id, actor="staff:test")
    assert wallet.token(code).content == wallet.token("no-such-code").content
    unknown = client.get("/vci/offers/" + "a" * 22)
    known = wallet.fetch_offer(ended)
    assert unknown.status_code == known.status_code == 410
    assert unknown.content == known.content


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"items": []}, "malformed"),
        ({"items": [OfferItem(type_name="official-role", claims=ROLE)] * 2}, "malformed"),
        ({"items": [OfferItem(type_name="no-such-type", claims={})]}, "not_found"),
        ({"items": [OfferItem(type_name="official-role", claims={**ROLE, "colour": "green"})]}, "malformed"),
        ({"items": [OfferItem(type_name="official-role", claims={"role": "registrar"})]}, "claim_missing"),
        ({"items": [OfferItem(type_name="official-role", claims={**ROLE, "valid_until": "2001-01-01"})]}, "malformed"),
        ({"items": [OfferItem(type_name="e-residency", claims={**PERSON, "pairwise_sub": "x"})]}, "malformed"),
        (
            {
                "items": [
                    OfferItem(
                        type_name="e-residency", claims=PERSON | {"personal_administrative_number": "36805280108"}
                    )
                ]
            },
            "personal_code_invalid",
        ),
        ({"case_id": "case-1"}, "malformed"),
        ({"holder_jkt": "a" * 43}, "malformed"),
    ],
)
def test_offers_that_break_a_rule_are_not_made(service: Service, change: Mapping[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        create(service, **change)
    assert refused.value.code == code


def test_states_and_cancelling(service: Service, client: TestClient, later: Any) -> None:
    waiting, redeemed, old = direct(service), direct(service), direct(service)
    Wallet(service, client).redeem(redeemed)
    with transaction(service.engine) as db:
        for _ in range(2):
            offers.cancel(db, service, waiting.id, actor="staff:test")
        assert offers.state(db, service, waiting.id) == "cancelled"
        with pytest.raises(Refused) as refused:
            offers.cancel(db, service, redeemed.id, actor="staff:test")
        assert refused.value.code == "conflict"
        with pytest.raises(Refused) as unknown:
            offers.state(db, service, "no such id")
        assert unknown.value.code == "not_found"
    later(timedelta(minutes=6))
    with transaction(service.engine) as db:
        assert offers.state(db, service, old.id) == "expired"


def test_an_offer_is_issued_with_its_first_credential(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    offer = of_case(service, who)
    token = wallet.redeem(offer)["access_token"]
    with transaction(service.engine) as db:
        assert offers.state(db, service, offer.id) == "redeemed"
    wallet.credential(token, [who.sign], configuration="signing")
    with transaction(service.engine) as db:
        assert offers.state(db, service, offer.id) == "issued"


# --- staff API ----------------------------------------------------------------------------------


def post(staff_client: TestClient, role: str, body: Any, **headers: str) -> Any:
    return staff_client.post("/v1/offers", json=body, headers={**bearer(role), **headers})


def test_a_registrar_offers_a_direct_type(service: Service, client: TestClient, staff_client: TestClient) -> None:
    body = {"credential_configuration_id": "official-role", "claims": ROLE, "tx_code": True}
    answer = post(staff_client, "registrar", body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert set(made) == {"id", "state", "offer", "offer_by_value", "handle", "tx_code", "expires_at"}
    assert answer.headers["cache-control"] == "no-store"
    seen = staff_client.get(f"/v1/offers/{made['id']}", headers=bearer("registrar")).json()
    assert seen["state"] == "waiting"
    assert "tx_code" not in seen
    cancelled = staff_client.post(f"/v1/offers/{made['id']}/cancel", headers=bearer("registrar"))
    assert cancelled.json()["state"] == "cancelled"


def test_the_same_idempotency_key_gives_the_same_offer(staff_client: TestClient) -> None:
    body = {"credential_configuration_id": "official-role", "claims": ROLE, "tx_code": True}
    key = {"Idempotency-Key": "7f0c"}
    first = post(staff_client, "registrar", body, **key)
    again = post(staff_client, "registrar", body, **key)
    assert first.json() == again.json()
    other = post(staff_client, "registrar", {**body, "tx_code": False}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"credential_configuration_id": "official-role"}, 400),
        ({"credential_configuration_id": "official-role", "claims": ROLE, "colour": 1}, 400),
        ({"credential_configuration_id": "no-such-type", "claims": {}}, 404),
        ({"credential_configuration_id": "official-role", "claims": {}}, None),
    ],
)
def test_bad_direct_offers(staff_client: TestClient, body: Any, status: int | None) -> None:
    answer = post(staff_client, "registrar", body)
    assert answer.status_code == status or (status is None and 400 <= answer.status_code < 500)
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_direct_offers_are_for_registrars_on_the_staff_listener(client: TestClient, staff_client: TestClient) -> None:
    body = {"credential_configuration_id": "official-role", "claims": ROLE}
    assert staff_client.post("/v1/offers", json=body).status_code == 401
    wrong = {"Authorization": "Bearer wrong"}
    assert staff_client.post("/v1/offers", json=body, headers=wrong).status_code == 401
    assert post(staff_client, "auditor", body).status_code == 403
    assert post(client, "registrar", body).status_code in (404, 405)


def test_a_type_that_needs_a_case_is_not_offered_directly(
    staff_client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = service.types.get("official-role")
    object.__setattr__(kind, "direct_offer", False)
    try:
        answer = post(staff_client, "registrar", {"credential_configuration_id": "official-role", "claims": ROLE})
    finally:
        object.__setattr__(kind, "direct_offer", True)
    assert (answer.status_code, answer.json()["code"]) == (403, "four_eyes_required")


def test_nothing_personal_stands_in_plain_rows(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    token = wallet.redeem(of_case(service, who))["access_token"]
    wallet.credential(token, [who.sign], configuration="signing")
    with transaction(service.engine) as db:
        names = [name for name in inspect(db).get_table_names() if name.startswith(("issuer_", "audit"))]
        stored = json.dumps([[repr(row) for row in db.execute(text(f"SELECT * FROM {name}"))] for name in names])  # noqa: S608
    for value in (PERSON["family_name"], PERSON["given_name"], PERSON["personal_administrative_number"]):
        assert str(value) not in stored
