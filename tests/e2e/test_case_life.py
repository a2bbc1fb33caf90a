"""A case from the application to its end, through both listeners and the wallet protocol (S01, S02, S05)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from credentials.formats import FORMATS
from credentials.openid.credential import check_credential_response, parse_credential_response
from credentials.verify import verify_credential
from did.keys import PrivateKey
from idservice.app import create_public_app, create_staff_app
from idservice.database import transaction
from idservice.registrar import jobs
from idservice.registry import trust
from idservice.service import Service
from tests.factories import FixedClock
from tests.unit.idservice.issuer.wallet import Wallet, details, new_key, refusal
from tests.unit.idservice.registrar.office import Office, Reply
from tests.unit.idservice.registrar.people import Applicant, another, form


class TwoListeners(Office):
    """The whole service: residents and wallets on the public app, officers on the staff app."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        base = service.base_url
        self.public = TestClient(create_public_app(service), base_url=base, raise_server_exceptions=False)
        self.inside = TestClient(create_staff_app(service), base_url=base, raise_server_exceptions=False)

    def call(
        self, method: str, path: str, who: str | None = None, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request to the listener that it belongs to."""
        self.client = self.public if path.startswith("/v1/applications") else self.inside
        return super().call(method, path, who, json, headers)


@dataclass
class Released:
    """A released offer, as the wallet gets it: the link, and the code from the slip."""

    uri: str
    tx_code: str


@pytest.fixture
def office(service: Service) -> TwoListeners:
    """The whole service with its staff."""
    return TwoListeners(service)


def release(office: Office, number: str) -> Released:
    made = office.release(number)
    return Released(uri=made["offer"], tx_code=made["tx_code"])


@dataclass
class Held:
    """What a wallet holds after pick-up."""

    access: str
    refresh: str
    copies: list[tuple[str, PrivateKey]]


def collect(office: TwoListeners, person: Applicant, offer: Released) -> Held:
    """Redeem an offer with the case's keys and fetch ten copies and the signing credential."""
    wallet = Wallet(office.service, office.public, person.auth)
    token = wallet.redeem(offer, wanted=details("e-residency", "signing"))  # type: ignore[arg-type]
    keys = [new_key() for _ in range(10)]
    copies = list(zip(ask(wallet, token["access_token"], keys, "e-residency/3"), keys, strict=True))
    (signing,) = ask(wallet, token["access_token"], [person.sign], "signing")
    return Held(access=token["access_token"], refresh=token["refresh_token"], copies=[*copies, (signing, person.sign)])


def ask(wallet: Wallet, access: str, keys: list[PrivateKey], identifier: str) -> list[str]:
    answer = wallet.credential(access, keys, identifier=identifier)
    assert answer.status_code == 200, answer.text
    return [
        str(one)
        for one in check_credential_response(parse_credential_response(answer.content), keys=len(keys)).credentials
    ]


def verdicts(office: Office, held: Held) -> set[tuple[str, str | None]]:
    """Judge every copy as a verifier would, against the published lists."""
    service = office.service
    with transaction(service.engine) as db:
        policy = trust.policy(service, db)
    found: set[tuple[str, str | None]] = set()
    for credential, key in held.copies:
        judged = verify_credential(
            credential,
            policy=policy,
            fetch=service.fetch,
            statuses=trust.status_source(service),
            now=service.clock.now(),
            holder_key=key.public_key,
        )
        found.add((judged.verdict, judged.code))
    return found


VALID = {("valid", None)}


def test_S01_S02_S05_a_whole_life(office: TwoListeners, clock: FixedClock) -> None:
    mari, number = office.approved()
    code = office.get(f"/v1/cases/{number}", "registrar")["personal_code"]
    held = collect(office, mari, release(office, number))
    assert office.follow(mari)["state"] == "active"
    assert verdicts(office, held) == VALID
    parsed = FORMATS["dc+sd-jwt"].parse(held.copies[0][0])
    expiry = office.get(f"/v1/cases/{number}", "registrar")["date_of_expiry"]
    claims = parsed.unverified_claims
    assert (claims["personal_administrative_number"], claims["family_name"]) == (code, "Tamm")
    assert (claims["date_of_expiry"], claims["assurance_level"]) == (expiry, "high")

    assert office.freeze(mari).json() == {"state": "suspended"}
    clock.advance(timedelta(minutes=1))
    assert verdicts(office, held) == {("invalid", "credential_suspended")}
    lift = office.propose(number, "reinstate", reason="Seen in person", identity_checked=True)
    assert office.decide(lift, who="registrar").json()["code"] == "four_eyes_required"
    assert verdicts(office, held) == {("invalid", "credential_suspended")}
    assert office.decide(lift).json()["state"] == "active"
    clock.advance(timedelta(minutes=1))
    assert verdicts(office, held) == VALID

    office.decide(office.propose(number, "revoke", reason="key_loss"))
    clock.advance(timedelta(minutes=1))
    assert verdicts(office, held) == {("invalid", "credential_revoked")}
    wallet = Wallet(office.service, office.public, mari.auth)
    renewed = wallet.refresh(held.refresh)
    if renewed.status_code == 200:
        denied = wallet.credential(renewed.json()["access_token"], [new_key()], identifier="e-residency/3")
        assert refusal(denied)[2] == "credential_revoked"


def test_T74_what_was_approved_is_what_is_issued(office: TwoListeners) -> None:
    mari, number = office.apply(another(1))
    office.examine(number)
    proposal = office.propose(number, "approve", assurance_level="substantial")
    approved = office.get(f"/v1/proposals/{proposal['id']}", "approver")["content"]["effect"]["items"]["e-residency"]
    office.decide(proposal)
    held = collect(office, mari, release(office, number))
    claims = FORMATS["dc+sd-jwt"].parse(held.copies[0][0]).unverified_claims
    assert {name: claims[name] for name in approved} == approved


def test_S02_only_the_key_of_the_case_collects(office: TwoListeners) -> None:
    mari, number = office.approved()
    offer = release(office, number)
    thief = Wallet(office.service, office.public, new_key())
    denied = thief.token(thief.code(offer), tx_code=offer.tx_code)  # type: ignore[arg-type]
    assert refusal(denied)[1:] == ("invalid_grant", "holder_binding_invalid")
    assert office.state(number) == "ready"
    collect(office, mari, offer)
    assert office.state(number) == "active"


def test_S02_a_killed_offer_is_released_anew(office: TwoListeners) -> None:
    mari, number = office.approved()
    offer = release(office, number)
    wallet = Wallet(office.service, office.public, mari.auth)
    code = wallet.code(offer)  # type: ignore[arg-type]
    wrong = "000000" if offer.tx_code != "000000" else "000001"
    for _ in range(5):
        assert wallet.token(code, tx_code=wrong).status_code == 400
    assert refusal(wallet.token(code, tx_code=offer.tx_code))[1] == "invalid_grant"
    assert office.get(f"/v1/cases/{number}", "registrar")["offer"]["state"] == "killed"
    assert office.state(number) == "ready"
    held = collect(office, mari, release(office, number))
    assert verdicts(office, held) == VALID


def test_S02_a_lost_token_answer_is_repaired_at_the_counter(office: TwoListeners) -> None:
    mari, number = office.approved()
    first = release(office, number)
    wallet = Wallet(office.service, office.public, mari.auth)
    lost = wallet.redeem(first, wanted=details("e-residency", "signing"))  # type: ignore[arg-type]
    assert office.state(number) == "ready"
    held = collect(office, mari, release(office, number))
    denied = wallet.credential(lost["access_token"], [new_key()], identifier="e-residency/3")
    assert denied.status_code in (400, 401)
    assert verdicts(office, held) == VALID


def test_S05_old_copies_end_when_the_new_are_collected(office: TwoListeners, clock: FixedClock) -> None:
    old, number = office.approved(form(document={**form()["document"], "date_of_expiry": "2040-01-01"}))
    old_copies = collect(office, old, release(office, number))
    assert office.state(number) == "active"
    draft = office.post(f"/v1/cases/{number}/renewal", "registrar", {"reason": "changed_data"}, expect=201)
    new = Applicant(office.service.base_url)
    sent = form(family_name="Saar", fee_receipt="R-2")
    text = new.application(office.now, sent, renewal_code=draft["renewal_code"])
    new.id = office.call("POST", "/v1/applications", json={"application": text}).json()["id"]
    office.examine(draft["number"])
    office.decide(office.propose(draft["number"], "approve"))
    offer = release(office, draft["number"])
    assert verdicts(office, old_copies) == VALID
    new_copies = collect(office, new, offer)
    assert jobs.settle_ready(office.service) == 1
    clock.advance(timedelta(minutes=1))
    assert verdicts(office, old_copies) == {("invalid", "credential_revoked")}
    assert verdicts(office, new_copies) == VALID
    claims = [FORMATS["dc+sd-jwt"].parse(held.copies[0][0]).unverified_claims for held in (old_copies, new_copies)]
    assert [one["family_name"] for one in claims] == ["Tamm", "Saar"]
    assert claims[0]["personal_administrative_number"] == claims[1]["personal_administrative_number"]
    assert claims[0]["pairwise_sub"] == claims[1]["pairwise_sub"]


def test_T73_B2_each_listener_carries_its_own_routes_only(office: TwoListeners) -> None:
    mari, number = office.apply()
    token = {"Authorization": f"Bearer {office.tokens['registrar']}"}
    for path in ("/v1/cases", f"/v1/cases/{number}", "/v1/proposals", "/v1/audit"):
        assert office.public.get(path, headers=token).status_code == 404
    proof = {"DPoP": mari.proof(office.now, "GET", f"/v1/applications/{mari.id}")}
    assert office.inside.get(f"/v1/applications/{mari.id}", headers=proof).status_code == 404


def test_T86_an_answer_that_was_lost_is_given_again(office: TwoListeners) -> None:
    _, number = office.apply()
    office.examine(number)
    proposal = office.propose(number, "approve")
    body = {"decision": "approve", "content_hash": proposal["content_hash"]}
    path = f"/v1/proposals/{proposal['id']}/decision"
    first = office.post(path, "approver", body, key="decision-1")
    assert office.post(path, "approver", body, key="decision-1") == first
    office.post(path, "approver", body, expect=409)
    assert len(office.audit(act="case.approved")) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"question":"a","question":"b"}', 400),
        (b'{"question":' + b"[" * 40 + b"]" * 40 + b"}", 400),
        (b'{"question":NaN}', 400),
        (b'{"question":"a"} x', 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"question":"\\ud800"}', 400),
        (b"{" + b" " * (1 << 20) + b"}", 413),
    ],
)
def test_T70_bad_json_changes_nothing(office: TwoListeners, body: bytes, status: int) -> None:
    _, number = office.apply()
    headers = {"Authorization": f"Bearer {office.tokens['registrar']}", "Content-Type": "application/json"}
    reply = office.inside.post(f"/v1/cases/{number}/question", content=body, headers=headers)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert office.state(number) == "submitted"


@pytest.mark.parametrize("name", ["%00", "%F0%9F%92%A0", "a" * 4000, "..%2F..", "%E2%80%AE", "2026-000001'--"])
def test_an_odd_name_in_a_path_is_a_4xx(office: TwoListeners, name: str) -> None:
    mari, number = office.apply()
    for path in (f"/v1/cases/{name}", f"/v1/proposals/{name}", f"/v1/cases/{name}/photo", f"/v1/cases?after={name}"):
        assert office.call("GET", path, "registrar").status_code < 500, path
    assert office.call("GET", f"/v1/audit?after={name}&case={name}", "auditor").status_code < 500
    for path in (f"/v1/cases/{name}/checks", f"/v1/cases/{number}/checks/{name}"):
        body = {"result": "passed", "source": "call"} if path.endswith(name) else {}
        assert 400 <= office.call("POST", path, "registrar", body).status_code < 500, path
    path = f"/v1/applications/{name}"
    assert 400 <= office.call("GET", path, headers={"DPoP": mari.proof(office.now, "GET", path)}).status_code < 500
    key = {"Idempotency-Key": name[:40]}
    assert office.call("POST", f"/v1/cases/{number}/checks", "registrar", {}, key).status_code < 500
