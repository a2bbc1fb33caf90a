"""A service with people in it, for tests that walk the OpenAPI documents: what must be there before an operation.

`prepared` makes it so that an operation can succeed, and says what of its example depends on that: ids in the path,
proofs in headers, hashes and tokens in the body. Everything else is sent as the document has it.
"""

import base64
import io
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from PIL import Image

from credentials.jwe import encrypt_jwe
from idservice.app import create_public_app, create_staff_app
from idservice.database import reading
from idservice.issuer.offers import CreatedOffer
from idservice.registrar import followup
from idservice.registry.rows import status_lists
from idservice.service import Service
from tests.factories import BASE_URL, FixedClock, agency_bearer, bearer
from tests.unit.idservice.issuer import wallet as issuing
from tests.unit.idservice.registrar.issued import collect
from tests.unit.idservice.registrar.office import Office
from tests.unit.idservice.registrar.people import FORM, Applicant, form
from tests.unit.idservice.verifier import wallet as presenting

DOCUMENTS = Path(__file__).resolve().parents[2] / "openapi"
AUDIENCES = ("registrar", "agency", "wallet")
PIXEL_SIDE = 240
NO_EXAMPLE = "nothing sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a request needs beside its example: path parameters, headers, members of the body."""

    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


def document(audience: str) -> dict[str, Any]:
    """Return a committed document."""
    made: dict[str, Any] = json.loads((DOCUMENTS / f"{audience}.json").read_text(encoding="utf-8"))
    return made


def operations(audience: str) -> dict[str, dict[str, Any]]:
    """Return `POST /path` -> operation."""
    paths = document(audience)["paths"]
    return {f"{method.upper()} {path}": one for path, ways in paths.items() for method, one in ways.items()}


def sent_by(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the request examples of an operation by name."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        return {name: one["value"] for name, one in content["examples"].items()}
    return {NO_EXAMPLE: None}


class World:
    """One service, both of its listeners, officers, an agency and wallets."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.office = Office(service)
        self.apps = {"public": create_public_app(service), "staff": create_staff_app(service)}
        self.public = TestClient(self.apps["public"], base_url=BASE_URL)
        self.staff = TestClient(self.apps["staff"], base_url=BASE_URL)
        self.holder = presenting.Wallet(service, self.public)
        self.bearer_wallet = issuing.Wallet(service, self.public)

    def app(self, audience: str) -> Any:
        """Return the listener that a document is about."""
        return self.apps["staff" if audience == "registrar" else "public"]

    def client(self, audience: str) -> TestClient:
        """Return a client of that listener."""
        return self.staff if audience == "registrar" else self.public

    def headers(self, operation: str, officer: str = "") -> dict[str, str]:
        """Return the token that an operation wants."""
        path = operation.partition(" ")[2]
        if path.startswith(("/v1/presentation-requests", "/v1/verify")):
            return agency_bearer()
        named = officer or _OFFICERS.get(operation, "registrar")
        return bearer(named)

    def prepared(self, operation: str, example: str) -> Prepared:
        """Make it so that the example of the operation can succeed."""
        return _STATES.get(operation, _nothing)(self, example)

    # What people did before

    def applied(self, sent: Mapping[str, Any] | None = None) -> tuple[Applicant, str]:
        """Return a new applicant and the number of the case."""
        return self.office.apply(dict(sent or FORM))

    def examined(self, sent: Mapping[str, Any] | None = None) -> str:
        """Return the number of a case that is paid and checked."""
        _, number = self.applied(sent or unlike_others())
        self.office.examine(number)
        return number

    def approved(self) -> tuple[Applicant, str]:
        """Return an applicant whose case is approved."""
        return self.office.approved(unlike_others())

    def proof(self, applicant: Applicant, method: str, path: str) -> dict[str, str]:
        """Return a DPoP header of an applicant."""
        return {"DPoP": applicant.proof(self.service.clock.now(), method, path)}

    def asked(self) -> dict[str, Any]:
        """Return the answer to an agency that has asked for a login."""
        answer = self.public.post("/v1/presentation-requests", json={"purpose": "login"}, headers=agency_bearer())
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def access(self) -> str:
        """Return an access token for a direct offer, without DPoP."""
        return str(self.bearer_wallet.redeem(issuing.direct(self.service))["access_token"])


def unlike_others() -> dict[str, Any]:
    """Return the form of somebody whom no duplicate check takes for another."""
    letters = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12))
    number = f"ZZ{secrets.randbelow(10**9):09}"
    document = {**FORM["document"], "number": number}
    return form(given_name=letters.title(), document=document, fee_receipt=f"R-{number}", email=None)


def _photo() -> str:
    written = io.BytesIO()
    Image.new("RGB", (PIXEL_SIDE, PIXEL_SIDE), "white").save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


_OFFICERS = {"GET /v1/audit": "auditor", "POST /v1/proposals/{id}/decision": "approver"}


# --- what each operation needs --------------------------------------------------------------------


def _nothing(world: World, example: str) -> Prepared:
    return Prepared()


def _case(world: World, example: str) -> Prepared:
    return Prepared(path={"number": world.applied(unlike_others())[1]})


def _approved_case(world: World, example: str) -> Prepared:
    return Prepared(path={"number": world.approved()[1]})


def _case_with_photo(world: World, example: str) -> Prepared:
    return Prepared(path={"number": world.applied({**unlike_others(), "photo": _photo()})[1]})


def _case_to_check(world: World, example: str) -> Prepared:
    listed = {"family_name": "Quarrel", "given_name": "Zebulon", "birthdate": "1961-04-09"}
    number = world.examined({**unlike_others(), **(listed if example == "mark" else {})})
    return Prepared(path={"number": number, "name": "sanctions" if example == "mark" else "embassy"})


def _case_with_followup(world: World, example: str) -> Prepared:
    sent = unlike_others()
    soon = (world.service.clock.now() + timedelta(days=9)).date().isoformat()
    _, number = world.office.approved({**sent, "document": {**sent["document"], "date_of_expiry": soon}})
    world.office.release(number)
    collect(world.office, number)
    assert world.office.state(number) == "active"
    clock = world.service.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days=31))
    followup.run(world.service)
    return Prepared(path={"number": number})


def _case_to_propose(world: World, example: str) -> Prepared:
    if example in ("revoke", "reinstate"):
        _, number = world.approved()
        if example == "reinstate":
            world.office.post(f"/v1/cases/{number}/freeze", "registrar", {"reason": "called"})
        return Prepared(path={"number": number})
    return Prepared(path={"number": world.examined()})


def _proposal(world: World, example: str) -> Prepared:
    made = world.office.propose(world.examined(), "approve")
    return Prepared(path={"id": made["id"]}, body={"content_hash": made["content_hash"]})


def _read_proposal(world: World, example: str) -> Prepared:
    return Prepared(path=_proposal(world, example).path)


def _offer(world: World, example: str) -> Prepared:
    return Prepared(path={"offer_id": issuing.direct(world.service).id})


def _application(world: World, example: str) -> Prepared:
    applicant = Applicant(world.service.base_url)
    return Prepared(body={"application": applicant.application(world.service.clock.now(), unlike_others())})


def _question(world: World, example: str) -> Prepared:
    applicant, number = world.applied(unlike_others())
    world.office.post(f"/v1/cases/{number}/question", "registrar", {"question": "Which purpose?"})
    signed = applicant.application(world.service.clock.now(), unlike_others())
    return Prepared(path={"id": applicant.id}, body={"application": signed})


def _own(method: str, ending: str, *, approved: bool = False) -> Callable[[World, str], Prepared]:
    def prepare(world: World, example: str) -> Prepared:
        applicant, _ = world.approved() if approved else world.applied(unlike_others())
        path = f"/v1/applications/{applicant.id}{ending}"
        return Prepared(path={"id": applicant.id}, headers=world.proof(applicant, method, path))

    return prepare


def _request(world: World, example: str) -> Prepared:
    return Prepared(path={"id": world.asked()["id"]})


def _judged(world: World, example: str) -> Prepared:
    held = presenting.hold(world.service)
    if example == "credential":
        return Prepared(body={"credential": held.credential})
    if example == "batch":
        return Prepared(body={"items": [{"credential": held.credential}] * 2})
    asked = {"client_id": "x509_hash:Uvo3Htu", "nonce": "n-0S6_WzA2Mj"}
    return Prepared(body={"presentation": world.holder.present(asked, held)})


def _link(world: World, example: str) -> Prepared:
    return Prepared(path={"link": _reference(world, issuing.direct(world.service))})


def _reference(world: World, offer: CreatedOffer) -> str:
    return str(world.bearer_wallet.fetch_offer(offer).request.url).rpartition("/")[2]


def _grant(world: World, example: str) -> Prepared:
    if example == "code":
        offer = issuing.direct(world.service, tx_code=True)
        code = world.bearer_wallet.code(offer)
        return Prepared(body={"pre-authorized_code": code, "tx_code": offer.tx_code})
    who = issuing.resident()
    wallet = issuing.Wallet(world.service, world.public, who.auth)
    redeemed = wallet.redeem(issuing.of_case(world.service, who))
    return Prepared(headers={"DPoP": wallet.dpop("/vci/token")}, body={"refresh_token": redeemed["refresh_token"]})


def _token(world: World, example: str) -> Prepared:
    wallet = world.bearer_wallet
    proof = wallet.proof(issuing.new_key(), wallet.nonce())
    return Prepared(headers={"Authorization": f"Bearer {world.access()}"}, body={"proofs": {"jwt": [proof]}})


def _issued(world: World, example: str) -> Prepared:
    access = world.access()
    answer = world.bearer_wallet.credential(access, [issuing.new_key()], configuration="official-role")
    told = {"notification_id": answer.json()["notification_id"]}
    return Prepared(headers={"Authorization": f"Bearer {access}"}, body=told)


def _request_object(world: World, example: str) -> Prepared:
    link = world.asked()["request"]
    return Prepared(path={"request_ref": str(world.holder.fetch(link).request.url).rpartition("/")[2]})


def _response(world: World, example: str) -> Prepared:
    asked = world.holder.open(world.asked()["request"])
    path = {"response_ref": str(asked["response_uri"]).rpartition("/")[2]}
    if example == "refusal":
        return Prepared(path=path, body={"state": asked["state"]})
    names = ("personal_administrative_number", "family_name", "given_name", "birthdate", "assurance_level")
    shown = world.holder.present(asked, presenting.hold(world.service), disclose=[(name,) for name in names])
    message = json.dumps({"vp_token": {"e": [shown]}, "state": asked["state"]}).encode()
    jwe = encrypt_jwe(message, recipient_jwk=world.holder.key_of(asked), enc="A256GCM")
    return Prepared(path=path, body={"response": jwe})


def _list(world: World, example: str) -> Prepared:
    presenting.hold(world.service)
    with reading(world.service.engine) as db:
        return Prepared(path={"list_id": db.execute(status_lists.select().limit(1)).one().id})


def _at(**path: str) -> Callable[[World, str], Prepared]:
    return lambda world, example: Prepared(path=path)


_STATES: dict[str, Callable[[World, str], Prepared]] = {
    "GET /v1/cases/{number}": _approved_case,
    "GET /v1/cases/{number}/photo": _case_with_photo,
    "GET /v1/proposals/{id}": _read_proposal,
    "POST /v1/cases/{number}/payment": _case,
    "POST /v1/cases/{number}/checks": _case,
    "POST /v1/cases/{number}/checks/{name}": _case_to_check,
    "POST /v1/cases/{number}/question": _case,
    "POST /v1/cases/{number}/followup": _case_with_followup,
    "POST /v1/cases/{number}/proposals": _case_to_propose,
    "POST /v1/proposals/{id}/decision": _proposal,
    "POST /v1/cases/{number}/offer": _approved_case,
    "POST /v1/cases/{number}/suspend": _approved_case,
    "POST /v1/cases/{number}/freeze": _approved_case,
    "POST /v1/cases/{number}/renewal": _approved_case,
    "GET /v1/offers/{offer_id}": _offer,
    "POST /v1/offers/{offer_id}/cancel": _offer,
    "GET /v1/presentation-requests/{id}": _request,
    "POST /v1/verify": _judged,
    "POST /v1/applications": _application,
    "GET /v1/applications/{id}": _own("GET", ""),
    "POST /v1/applications/{id}/answer": _question,
    "POST /v1/applications/{id}/freeze": _own("POST", "/freeze", approved=True),
    "POST /v1/applications/{id}/revoke": _own("POST", "/revoke"),
    "GET /vci/offers/{link}": _link,
    "POST /vci/token": _grant,
    "POST /vci/credential": _token,
    "POST /vci/notification": _issued,
    "GET /vp/requests/{request_ref}": _request_object,
    "POST /vp/requests/{request_ref}": _request_object,
    "POST /vp/responses/{response_ref}": _response,
    "GET /dids/agencies/{agency_id}/did.json": _at(agency_id="bank"),
    "GET /vct/{name}/{version}": _at(name="e-residency", version="1"),
    "GET /status-lists/{list_id}": _list,
}
