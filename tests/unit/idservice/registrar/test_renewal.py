"""Renewal: new keys, new checks, two officers, the same personal code (S05)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from did.signing import LocalSigner
from idservice.database import transaction
from idservice.issuer import lifecycle
from idservice.registrar import jobs

from .issued import collect
from .office import Office, Reply
from .people import Applicant, another, form

FAR = timedelta(days=5 * 365 - 80)
"""Within the 90 days before the date of expiry."""

PATH = "/v1/applications"


@pytest.fixture
def mari(office: Office, later: Callable[[timedelta], None]) -> tuple[Applicant, str]:
    """An active case, 80 days before its end."""
    applicant, number = office.approved(form(document={**form()["document"], "date_of_expiry": "2035-01-01"}))
    office.release(number)
    collect(office, number)
    assert office.state(number) == "active"
    later(FAR)
    return applicant, number


def renewing(**changes: Any) -> dict[str, Any]:
    return form(
        document={"number": "KB7654321", "issuing_country": "BR", "date_of_expiry": "2036-01-31"},
        fee_receipt="R-2",
        **changes,
    )


def renew(office: Office, old: Applicant, new: Applicant, sent: dict[str, Any] | None = None) -> Reply:
    text = new.application(office.now, sent or renewing(), renews=old.id)
    proof = new.proof(office.now, "POST", PATH, by=LocalSigner(old.auth))
    return office.call("POST", PATH, json={"application": text}, headers={"DPoP": proof})


def test_S05_a_holder_renews_with_new_keys_and_keeps_the_code(office: Office, mari: tuple[Applicant, str]) -> None:
    old, number = mari
    code = office.get(f"/v1/cases/{number}", "registrar")["personal_code"]
    new = Applicant(office.service.base_url)
    reply = renew(office, old, new)
    assert (reply.status_code, reply.json()["state"]) == (201, "submitted"), reply.text
    renewed = reply.json()["number"]
    office.examine(renewed)
    assert {check["result"] for check in office.checks(renewed).values()} == {"passed"}
    assert office.decide(office.propose(renewed, "approve")).status_code == 200
    file = office.get(f"/v1/cases/{renewed}", "registrar")
    assert (file["kind"], file["previous"], file["personal_code"]) == ("renewal", number, code)
    office.release(renewed)
    assert office.state(number) == "active"
    collect(office, renewed)
    assert jobs.settle_ready(office.service) == 1
    assert (office.state(renewed), office.state(number)) == ("active", "revoked")
    assert office.follow(old)["reason"] == "renewed"
    with transaction(office.service.engine) as db:
        assert lifecycle.state(db, old.id) == "revoked"
        assert lifecycle.state(db, reply.json()["id"]) == "valid"


def test_S05_renewal_opens_90_days_before_the_end(
    office: Office, mari: tuple[Applicant, str], later: Callable[[timedelta], None]
) -> None:
    old, number = mari
    later(FAR - timedelta(days=30))
    reply = renew(office, old, Applicant(office.service.base_url))
    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
    assert "renewal opens on" in reply.json()["detail"]
    assert office.post(f"/v1/cases/{number}/renewal", "registrar", {}, expect=409)["code"] == "conflict"


def test_a_renewal_proves_the_old_key(office: Office, mari: tuple[Applicant, str]) -> None:
    old, _ = mari
    new = Applicant(office.service.base_url)
    text = new.application(office.now, renewing(), renews=old.id)
    reply = office.call("POST", PATH, json={"application": text})
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")
    own = {"DPoP": new.proof(office.now, "POST", PATH)}
    reply = office.call("POST", PATH, json={"application": text}, headers=own)
    foreign = (reply.status_code, reply.json()["code"], reply.json()["detail"])
    unknown = new.application(office.now, renewing(), renews="A" * 22)
    headers = {"DPoP": new.proof(office.now, "POST", PATH)}
    reply = office.call("POST", PATH, json={"application": unknown}, headers=headers)
    assert (reply.status_code, reply.json()["code"], reply.json()["detail"]) == foreign
    assert foreign[:2] == (404, "not_found")


def test_a_renewal_brings_new_keys_for_both_roles(office: Office, mari: tuple[Applicant, str]) -> None:
    old, _ = mari
    reply = renew(office, old, Applicant(office.service.base_url, sign=old.sign))
    assert (reply.status_code, reply.json()["code"]) == (400, "malformed")
    reply = renew(office, old, Applicant(office.service.base_url, auth=old.auth))
    assert (reply.status_code, reply.json()["code"]) == (400, "malformed")


def test_a_renewal_is_of_the_same_person(office: Office, mari: tuple[Applicant, str]) -> None:
    old, _ = mari
    reply = renew(office, old, Applicant(office.service.base_url), renewing(birthdate="1968-05-29"))
    assert (reply.status_code, reply.json()["code"]) == (400, "malformed")


def test_one_renewal_at_a_time(office: Office, mari: tuple[Applicant, str]) -> None:
    old, number = mari
    assert renew(office, old, Applicant(office.service.base_url)).status_code == 201
    reply = renew(office, old, Applicant(office.service.base_url))
    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
    assert office.post(f"/v1/cases/{number}/renewal", "registrar", {"reason": "key_loss"}, expect=409)


def test_S05_an_officer_opens_a_renewal_for_a_changed_name(
    office: Office, mari: tuple[Applicant, str], later: Callable[[timedelta], None]
) -> None:
    _, number = mari
    later(timedelta(days=10))
    draft = office.post(f"/v1/cases/{number}/renewal", "registrar", {"reason": "changed_data"}, expect=201)
    assert draft["state"] == "draft"
    assert office.get(f"/v1/cases/{draft['number']}", "registrar")["previous"] == number
    new = Applicant(office.service.base_url)
    sent = renewing(family_name="Saar")
    text = new.application(office.now, sent, renewal_code=draft["renewal_code"])
    reply = office.call("POST", PATH, json={"application": text})
    assert (reply.status_code, reply.json()["number"]) == (201, draft["number"])
    again = Applicant(office.service.base_url).application(office.now, sent, renewal_code=draft["renewal_code"])
    assert office.call("POST", PATH, json={"application": again}).status_code == 404
    office.examine(draft["number"])
    proposal = office.propose(draft["number"], "approve")
    content = office.get(f"/v1/proposals/{proposal['id']}", "approver")["content"]
    assert content["effect"]["items"]["e-residency"]["family_name"] == "Saar"
    office.decide(proposal)
    office.release(draft["number"])
    collect(office, draft["number"])
    assert office.state(draft["number"]) == "active"
    assert office.state(number) == "revoked"


def test_a_renewal_code_is_no_guess_and_is_not_kept_in_the_clear(office: Office, mari: tuple[Applicant, str]) -> None:
    _, number = mari
    draft = office.post(f"/v1/cases/{number}/renewal", "registrar", {}, expect=201)
    assert draft["renewal_code"] not in str(office.get(f"/v1/cases/{draft['number']}", "registrar"))
    assert draft["renewal_code"] not in str(office.audit())
    other = Applicant(office.service.base_url).application(office.now, renewing(), renewal_code="A" * 22)
    assert office.call("POST", PATH, json={"application": other}).status_code == 404


def test_a_key_with_a_case_of_its_own_renews_no_other(office: Office, mari: tuple[Applicant, str]) -> None:
    _, number = mari
    other, _ = office.apply(another(3))
    draft = office.post(f"/v1/cases/{number}/renewal", "registrar", {"reason": "key_loss"}, expect=201)
    text = other.application(office.now, renewing(), renewal_code=draft["renewal_code"])
    reply = office.call("POST", PATH, json={"application": text})
    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
    assert office.state(draft["number"]) == "draft"


def test_nothing_is_renewed_that_was_not_granted(office: Office) -> None:
    applicant, number = office.apply()
    assert renew(office, applicant, Applicant(office.service.base_url)).status_code == 409
    assert office.post(f"/v1/cases/{number}/renewal", "registrar", {"reason": "key_loss"}, expect=409)


def test_a_renewal_of_a_case_revoked_meanwhile_goes_no_further(office: Office, mari: tuple[Applicant, str]) -> None:
    old, number = mari
    new = Applicant(office.service.base_url)
    renewed = renew(office, old, new).json()["number"]
    office.examine(renewed)
    office.decide(office.propose(number, "revoke", reason="follow_up"))
    body = {"action": "approve"}
    assert office.post(f"/v1/cases/{renewed}/proposals", "registrar", body, expect=422)["code"] == "policy_not_met"


def test_a_renewal_approved_before_the_revocation_is_not_released(office: Office, mari: tuple[Applicant, str]) -> None:
    old, number = mari
    renewed = renew(office, old, Applicant(office.service.base_url)).json()["number"]
    office.examine(renewed)
    office.decide(office.propose(renewed, "approve"))
    office.decide(office.propose(number, "revoke", reason="follow_up"))
    body = {"identity_checked": True, "document_seen": "passport"}
    assert office.post(f"/v1/cases/{renewed}/offer", "registrar", body, expect=422)["code"] == "policy_not_met"
