"""The page of an offer: what it says, what it hides, how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from idservice.problems import Refused
from idservice.service import Service
from idservice.web import offer
from tests.factories import NOW, bearer

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
LINK = "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Flocalhost%3A8000%2Fvci%2Foffers%2Fabc"


@dataclass(frozen=True)
class FakeOffer:
    state: str = "waiting"
    types: tuple[str, ...] = ("e-residency", "signing")
    tx_code: bool = True
    expires_at: datetime = NOW + timedelta(minutes=15)
    uri: str | None = LINK


def serve(service: Service, found: FakeOffer | Refused) -> TestClient:
    def describe(_service: Service, handle: str, *, source: str) -> FakeOffer:
        assert source
        if isinstance(found, Refused):
            raise found
        return found

    app = FastAPI()
    app.include_router(offer.public_router(service, describe))
    return TestClient(app, base_url="http://localhost:8000")


def test_the_page_names_issuer_types_and_the_slip(service: Service) -> None:
    page = serve(service, FakeOffer()).get("/offer/7QK4-M2XD", headers=HTML)
    assert page.status_code == 200
    for words in ("localhost:8000", "e-Residency", "slip", "wallet receive http://localhost:8000/offer/7QK4-M2XD"):
        assert words in page.text, words
    assert f'href="{LINK}"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_an_offer_without_slip_does_not_speak_of_one(service: Service) -> None:
    assert "slip" not in serve(service, FakeOffer(tx_code=False)).get("/offer/x", headers=HTML).text


def test_a_wallet_gets_the_link_as_json(service: Service) -> None:
    assert serve(service, FakeOffer()).get("/offer/7qk4m2xd", headers=JSON).json() == {"offer": LINK}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("redeemed", "It has been used."),
        ("issued", "It has been used, and"),
        ("expired", "Its time has run out."),
        ("killed", "five times"),
        ("cancelled", "has withdrawn it"),
    ],
)
def test_an_offer_that_is_over_says_why(service: Service, state: str, words: str) -> None:
    page = serve(service, FakeOffer(state=state, uri=None)).get("/offer/x", headers=HTML)
    assert page.status_code == 410
    assert words in page.text
    assert "openid-credential-offer" not in page.text


def test_T72_a_handle_with_markup_stays_text(service: Service) -> None:
    page = serve(service, FakeOffer()).get("/offer/%3Cscript%3Ealert(1)%3C%2Fscript%3E", headers=HTML)
    assert "<script>alert" not in page.text


def test_an_offer_that_is_over_refuses_a_wallet(service: Service) -> None:
    with pytest.raises(Refused) as refused:
        serve(service, FakeOffer(state="expired", uri=None)).get("/offer/x", headers=JSON)
    assert refused.value.code == "offer_expired"


def test_the_real_offer_page_works_with_the_issuer(
    service: Service, staff_client: TestClient, client: TestClient
) -> None:
    body = {
        "credential_configuration_id": "official-role",
        "claims": {"role": "registrar", "agency_did": "did:web:x.example", "scopes": ["cases.read"]},
        "tx_code": True,
    }
    made = staff_client.post("/v1/offers", json=body, headers=bearer("registrar"))
    assert made.status_code == 201, made.text
    page = client.get(f"/offer/{made.json()['handle'].lower()}", headers=HTML)
    assert page.status_code == 200
    assert made.json()["tx_code"] not in page.text
    assert client.get(f"/offer/{made.json()['handle']}", headers=JSON).json()["offer"] == made.json()["offer"]
