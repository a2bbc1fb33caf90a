"""Two agencies at one service, and a wallet that talks to it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from idservice import access
from idservice.clock import parse_duration
from idservice.database import transaction
from idservice.purposefile import PurposeEntry
from idservice.service import Service
from tests.factories import NOW, FixedClock

from .wallet import Wallet

BACK = "https://library.example/back"
HOOK = "https://library.example/hook"

LOAN = {
    "name": "loan",
    "description": {"en": "Library card", "et": "Raamatukogukaart"},
    "claims": {"e-residency": [["family_name"], ["given_name"], ["birthdate"], ["nationalities", None]]},
    "retention": "P5Y",
    "query": {
        "credentials": [
            {
                "id": "e",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["e-residency"]},
                "claims": [{"path": ["family_name"]}, {"path": ["given_name"]}],
            }
        ]
    },
}
SIGN = {
    "name": "sign",
    "description": {"en": "Sign a loan agreement"},
    "claims": {"signing": [["family_name"], ["given_name"]], "e-residency": [["family_name"]]},
    "retention": "PT0S",
    "transaction_data_types": ["document-sign"],
}
PROOF = {
    "name": "proof",
    "description": {"en": "Proof of residency"},
    "claims": {"e-residency": [["assurance_level"]]},
    "retention": "PT0S",
}
PURPOSES = [PurposeEntry.model_validate(one) for one in (LOAN, SIGN, PROOF)]

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def service(service: Service) -> Service:
    """The service, with the agencies `library` and `clinic` registered."""
    for agency_id, name in (("library", "City Library"), ("clinic", "Clinic <b>\u202e")):
        with transaction(service.engine) as db:
            access.add_agency(
                db,
                service,
                agency_id=agency_id,
                names={"en": name},
                purposes=PURPOSES,
                token=f"token-of-{agency_id}",
                redirect_uris=[BACK],
                webhook_url=None,
                policy_url="https://library.example/privacy",
            )
        service.keys.add_agency(agency_id, name=name, did=service.agency_did(agency_id))
    return service


@pytest.fixture
def wallet(service: Service, client: TestClient) -> Wallet:
    return Wallet(service, client)


@pytest.fixture
def post(client: TestClient, service: Service) -> Callable[..., Response]:
    """POST a presentation request as an agency and return the bare answer."""

    def send(body: Mapping[str, Any] | None = None, *, agency: str = "library", **headers: str) -> Response:
        return client.post(
            "/v1/presentation-requests",
            content=json.dumps({"purpose": "loan"} if body is None else body),
            headers={**bearer(agency), "Content-Type": "application/json", **headers},
        )

    return send


@pytest.fixture
def ask(post: Callable[..., Response]) -> Ask:
    """Ask as an agency; the 201 answer."""

    def asked(*, agency: str = "library", **body: Any) -> dict[str, Any]:
        answer = post({"purpose": "loan", **body} if "dcql_query" not in body else body, agency=agency)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return asked


@pytest.fixture
def read(client: TestClient) -> Callable[..., Response]:
    """GET one request as an agency."""

    def get(id: str, *, agency: str = "library", **query: str) -> Response:
        return client.get(f"/v1/presentation-requests/{id}", params=query, headers=bearer(agency))

    return get


def bearer(agency: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{agency}"}


def move_clock(service: Service, duration: str) -> None:
    """Move the clock so that it shows `duration` after the time at which tests begin."""
    clock = service.clock
    assert isinstance(clock, FixedClock)
    clock.advance(NOW + parse_duration(duration) - clock.now())
