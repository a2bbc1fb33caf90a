"""Acts of officers and residents against one another's cases (T74, T87, S01, S02, S05)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from idservice.service import Service
from tests.e2e.test_case_life import Released, TwoListeners, collect, release
from tests.unit.idservice.issuer.wallet import Wallet, details, new_key, refusal
from tests.unit.idservice.registrar.people import Applicant, form

COPIES = details("e-residency", "signing")


@pytest.fixture
def office(service: Service) -> TwoListeners:
    """The whole service with its staff."""
    return TwoListeners(service)


def redeem(office: TwoListeners, person: Applicant, offer: Released) -> tuple[Wallet, dict[str, str]]:
    wallet = Wallet(office.service, office.public, person.auth)
    return wallet, wallet.redeem(offer, wanted=COPIES)  # type: ignore[arg-type]  # link and code are all it reads


def test_S05_what_was_redeemed_before_a_freeze_issues_nothing_after_it_is_lifted(office: TwoListeners) -> None:
    """The case would stay `approved`, and what it renews valid, while its credentials are in a wallet."""
    mari, number = office.approved()
    wallet, token = redeem(office, mari, release(office, number))
    office.freeze(mari)
    lifted = office.decide(office.propose(number, "reinstate", reason="Seen in person", identity_checked=True))
    assert lifted.json()["state"] == "approved"
    denied = wallet.credential(token["access_token"], [new_key()], identifier="e-residency/3")
    assert refusal(denied)[1] == "invalid_token"
    assert refusal(wallet.refresh(token["refresh_token"]))[1] == "invalid_grant"
    collect(office, mari, release(office, number))
    assert office.state(number) == "active"


@pytest.fixture
def hit(office: TwoListeners) -> str:
    """A checked case whose applicant stands on a list."""
    lists = Path(office.service.settings.data) / "lists"
    lists.mkdir()
    with (lists / "un.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["entry", "name", "birthdate", "aliases"], ["7", "Mari Tamm", "1968", ""]])
    _, number = office.apply()
    office.examine(number)
    return number


@pytest.mark.parametrize("name", ["sanctions", "duplicate", "personal_code"])
def test_T74_no_officer_writes_a_milder_result_over_the_machines_hit(office: TwoListeners, hit: str, name: str) -> None:
    """`look` by hand took the place of the hits, and the second officer saw none."""
    before = office.checks(hit)[name]
    reply = office.call("POST", f"/v1/cases/{hit}/checks/{name}", "registrar", {"result": "look", "source": "my eyes"})
    assert (reply.status_code, reply.json()["code"]) == (422, "policy_not_met")
    assert office.checks(hit, "approver")[name] == before


def test_S05_a_renewal_offer_ends_with_the_case_it_renews(office: TwoListeners) -> None:
    old, number = office.approved(form(document={**form()["document"], "date_of_expiry": "2040-01-01"}))
    collect(office, old, release(office, number))
    draft = office.post(f"/v1/cases/{number}/renewal", "registrar", {"reason": "changed_data"}, expect=201)
    new = Applicant(office.service.base_url)
    text = new.application(office.now, form(fee_receipt="R-2"), renewal_code=draft["renewal_code"])
    new.id = office.call("POST", "/v1/applications", json={"application": text}).json()["id"]
    office.examine(draft["number"])
    office.decide(office.propose(draft["number"], "approve"))
    offer = release(office, draft["number"])
    wallet = Wallet(office.service, office.public, new.auth)
    code = wallet.code(offer)  # type: ignore[arg-type]
    assert office.decide(office.propose(number, "revoke", reason="key_loss")).json()["state"] == "revoked"
    assert refusal(wallet.token(code, tx_code=offer.tx_code, wanted=COPIES))[1:] == ("invalid_grant", "offer_expired")
    assert office.state(draft["number"]) == "ready"


def test_S01_a_code_that_was_adopted_stays_with_its_person(office: TwoListeners) -> None:
    """A new form may bring another name; a person's code may not go along to it."""
    _, first = office.approved(form(document={**form()["document"], "number": "AA111111"}))
    code = office.get(f"/v1/cases/{first}", "registrar")["personal_code"]
    mari, number = office.apply(form(fee_receipt="R-7", document={**form()["document"], "number": "AA222222"}))
    office.examine(number)
    if office.checks(number)["duplicate"]["result"] == "look":
        office.post(f"/v1/cases/{number}/checks/duplicate", "registrar", {"mark": "other_person"})
    proposal = office.propose(number, "approve", personal_code=code)
    office.decide(proposal, decision="send_back")
    office.post(f"/v1/cases/{number}/question", "registrar", {"question": "Is this your name?"})
    other = form(
        fee_receipt="R-7", family_name="Saar", given_name="Jaan", document={**form()["document"], "number": "AA333333"}
    )
    sent = {"application": mari.application(office.now, other)}
    assert office.call("POST", f"/v1/applications/{mari.id}/answer", json=sent).status_code == 200
    assert office.get(f"/v1/cases/{number}", "registrar")["personal_code"] != code
