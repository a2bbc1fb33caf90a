"""What needs two officers, and that it takes two (T74, T84)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from did.encoding import b64url_decode, jcs
from idservice.database import transaction
from idservice.registrar import jobs, sealed
from idservice.registrar.tables import case_proposals, cases

from .office import Office
from .people import another, form

LISTED = "entry,name,birthdate,aliases\n7,Mari Tamm,1968-05-28,\n"


@pytest.fixture
def hit(office: Office) -> str:
    """Return the number of a case whose applicant is on a list."""
    folder = office.service.settings.data / "lists"
    folder.mkdir()
    (folder / "un.csv").write_text(LISTED, encoding="utf-8")
    _, number = office.apply()
    office.examine(number)
    return number


def ready(office: Office) -> str:
    _, number = office.apply()
    office.examine(number)
    return number


def refused(reply: Any, status: int, code: str) -> None:
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    assert reply.json()["hint"]


def test_S01_a_registrar_proposes_and_an_approver_decides(office: Office) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    assert set(proposal) == {"id", "content_hash", "expires_at"}
    reply = office.decide(proposal)
    assert reply.json() == {"state": "approved", "number": number, "decision": "approve"}
    file = office.get(f"/v1/cases/{number}", "registrar")
    assert file["date_of_expiry"].startswith(str(office.now.year + 5))
    assert set(file["granted"]) == {"document_number", "date_of_issuance", "date_of_expiry", "assurance_level"}
    assert file["granted"]["date_of_issuance"] == office.now.date().isoformat()
    assert [row["state"] for row in file["proposals"]] == ["approved"]


def test_T74_the_second_sees_exactly_what_will_be_issued(office: Office) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    seen = office.get(f"/v1/proposals/{proposal['id']}", "approver")
    assert seen["content_hash"] == proposal["content_hash"]
    assert sealed.sha256_of(jcs(seen["content"])) == proposal["content_hash"]
    claims = seen["content"]["effect"]["items"]["e-residency"]
    assert claims["family_name"] == "Tamm"
    assert claims["nationalities"] == ["BR"]
    assert claims["assurance_level"] == "high"
    assert set(seen["content"]["effect"]["items"]) == {"e-residency", "signing"}
    assert seen["content"]["effect"]["items"]["signing"]["date_of_expiry"] == claims["date_of_expiry"]
    assert {check["name"] for check in seen["content"]["effect"]["checks"]} >= {"sanctions", "duplicate"}
    assert [row["id"] for row in office.get("/v1/proposals", "approver")["proposals"]] == [proposal["id"]]
    assert "Tamm" not in str(office.get("/v1/proposals", "approver"))


def test_T84_the_hash_of_a_proposal_cannot_be_guessed_from_a_person(office: Office) -> None:
    number = ready(office)
    first = office.propose(number, "approve")
    content = office.get(f"/v1/proposals/{first['id']}", "approver")["content"]
    assert len(b64url_decode(content["salt"])) == 16
    office.decide(first, decision="send_back")
    second = office.propose(number, "approve")
    assert second["content_hash"] != first["content_hash"]


def test_T74_the_same_officer_never_decides_alone(office: Office) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    refused(office.decide(proposal, who="registrar"), 403, "four_eyes_required")
    office.decide(proposal, decision="send_back")
    proposal = office.propose(number, "approve", who="both")
    refused(office.decide(proposal, who="both"), 403, "four_eyes_required")
    assert office.state(number) == "checks"
    assert office.decide(proposal, who="approver").json()["state"] == "approved"


@pytest.mark.parametrize("who", ["registrar2", "auditor", "admin", "viewer", "examiner", "untrained"])
def test_T74_a_decision_needs_the_role_and_the_training(office: Office, who: str) -> None:
    proposal = office.propose(ready(office), "approve")
    refused(office.decide(proposal, who=who), 403, "role_missing")


@pytest.mark.parametrize("who", ["approver", "auditor", "admin", "viewer", "untrained"])
def test_T74_a_proposal_needs_the_role_and_the_training(office: Office, who: str) -> None:
    number = ready(office)
    refused(office.call("POST", f"/v1/cases/{number}/proposals", who, {"action": "approve"}), 403, "role_missing")


def test_S01_neither_officer_may_be_the_applicant(office: Office) -> None:
    mari, number = office.apply()
    office.examine(number)
    office.post("/v1/staff/keys", "approver", {"thumbprint": mari.jkt}, expect=201)
    office.post("/v1/staff/keys", "registrar2", {"thumbprint": mari.sign_jkt}, expect=201)
    reply = office.call("POST", f"/v1/cases/{number}/proposals", "registrar2", {"action": "approve"})
    refused(reply, 403, "four_eyes_required")
    proposal = office.propose(number, "approve")
    refused(office.decide(proposal, who="approver"), 403, "four_eyes_required")
    assert office.decide(proposal, who="approver2").json()["state"] == "approved"


def test_T74_an_approval_is_used_once(office: Office) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    office.decide(proposal)
    refused(office.decide(proposal, who="approver2"), 409, "conflict")
    refused(office.decide(proposal, decision="refuse"), 409, "conflict")


def test_T74_the_decision_names_the_content_that_was_seen(office: Office) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    refused(office.decide({**proposal, "content_hash": "A" * 43}), 409, "conflict")
    assert office.state(number) == "checks"


EDITS: dict[str, Callable[[Office, str], object]] = {
    "checks": lambda office, number: office.post(f"/v1/cases/{number}/checks", "registrar2"),
    "check by hand": lambda office, number: office.post(
        f"/v1/cases/{number}/checks/document", "registrar2", {"result": "passed", "source": "MRZ"}
    ),
    "payment": lambda office, number: office.post(f"/v1/cases/{number}/payment", "registrar2", {"receipt": "R-9"}),
    "question": lambda office, number: office.post(f"/v1/cases/{number}/question", "registrar2", {"question": "Why?"}),
}


@pytest.mark.parametrize("edit", sorted(EDITS))
def test_S01_any_edit_after_the_first_signature_voids_it(office: Office, edit: str) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    EDITS[edit](office, number)
    refused(office.decide(proposal), 409, "conflict")
    assert office.get(f"/v1/proposals/{proposal['id']}", "registrar")["state"] == "voided"
    assert [row["data"]["proposal"] for row in office.audit(act="proposal.voided")] == [proposal["id"]]


def test_S01_the_applicants_new_form_voids_a_proposal(office: Office) -> None:
    mari, number = office.apply()
    office.examine(number)
    office.post(f"/v1/cases/{number}/question", "registrar", {"question": "Sure?"})
    refusal = office.propose(number, "refuse", reason="no_answer")
    text_ = mari.application(office.now, form(purpose="Another purpose altogether"))
    reply = office.call("POST", f"/v1/applications/{mari.id}/answer", json={"application": text_})
    assert reply.status_code == 200
    refused(office.decide(refusal), 409, "conflict")


def test_an_edit_that_slipped_past_is_found_at_the_decision(office: Office) -> None:
    """The base hash holds where no code voided the proposal: here a check row was written behind its back."""
    number = ready(office)
    proposal = office.propose(number, "approve")
    with transaction(office.service.engine) as db:
        db.execute(text("UPDATE cases SET decision_due = :due"), {"due": "2031-01-01 00:00:00.000000"})
    refused(office.decide(proposal), 409, "conflict")
    assert office.get(f"/v1/proposals/{proposal['id']}", "registrar")["state"] == "voided"


def test_a_proposal_that_was_tampered_with_is_not_carried_out(office: Office) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    with transaction(office.service.engine) as db:
        row = db.execute(select(case_proposals)).one()
        content = sealed.unseal(office.service, "case_proposals", row.id, row.sealed)
        content["effect"]["items"]["e-residency"]["family_name"] = "Other"
        forged = sealed.seal(office.service, "case_proposals", row.id, content)
        db.execute(update(case_proposals).values(sealed=forged))
    refused(office.decide(proposal), 503, "unavailable")
    assert office.state(number) == "checks"


def test_T74_a_proposal_runs_out_after_7_days(office: Office, later: Callable[[timedelta], None]) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    later(timedelta(days=7, minutes=1))
    refused(office.decide(proposal), 409, "conflict")
    assert office.get("/v1/proposals", "approver")["proposals"] == []
    assert jobs.lapse_proposals(office.service) == 1
    assert jobs.lapse_proposals(office.service) == 0
    assert office.get(f"/v1/proposals/{proposal['id']}", "registrar")["state"] == "expired"
    assert office.decide(office.propose(number, "approve")).status_code == 200


def test_a_proposal_that_ran_out_makes_way_for_a_new_one(office: Office, later: Callable[[timedelta], None]) -> None:
    number = ready(office)
    office.propose(number, "approve")
    reply = office.call("POST", f"/v1/cases/{number}/proposals", "registrar2", {"action": "approve"})
    refused(reply, 409, "conflict")
    later(timedelta(days=8))
    assert office.decide(office.propose(number, "approve", who="registrar2")).status_code == 200


@pytest.mark.parametrize(("decision", "state"), [("send_back", "sent_back"), ("refuse", "refused")])
def test_a_proposal_that_is_not_approved_leaves_the_case_as_it_was(office: Office, decision: str, state: str) -> None:
    number = ready(office)
    proposal = office.propose(number, "approve")
    assert office.decide(proposal, decision=decision).json()["state"] == "checks"
    assert office.get(f"/v1/proposals/{proposal['id']}", "registrar")["state"] == state
    assert office.decide(office.propose(number, "approve")).json()["state"] == "approved"


def mark(office: Office, number: str, who: str, value: str, *, expect: int = 200) -> Any:
    return office.post(f"/v1/cases/{number}/checks/sanctions", who, {"mark": value}, expect=expect)


def test_flagged_checks_are_marked_by_both_officers(office: Office, hit: str) -> None:
    body = {"action": "approve"}
    refused(office.call("POST", f"/v1/cases/{hit}/proposals", "registrar", body), 422, "policy_not_met")
    mark(office, hit, "registrar", "cannot_tell")
    refused(office.call("POST", f"/v1/cases/{hit}/proposals", "registrar", body), 422, "policy_not_met")
    mark(office, hit, "registrar", "other_person")
    proposal = office.propose(hit, "approve")
    refused(office.decide(proposal), 422, "policy_not_met")
    mark(office, hit, "approver", "same_person")
    refused(office.decide(proposal), 422, "policy_not_met")
    mark(office, hit, "approver", "other_person")
    assert office.decide(proposal).json()["state"] == "approved"


def test_each_officer_marks_without_seeing_the_others_mark(office: Office, hit: str) -> None:
    mark(office, hit, "registrar", "other_person")
    assert "marks" not in office.checks(hit, "approver")["sanctions"]
    mark(office, hit, "approver", "other_person")
    seen = office.checks(hit, "approver")["sanctions"]["marks"]
    assert {row["officer"] for row in seen} == {f"staff:{office.ids[who]}" for who in ("registrar", "approver")}


def test_the_note_to_a_mark_is_kept(office: Office, hit: str) -> None:
    body = {"mark": "other_person", "note": "Another mother's name"}
    office.post(f"/v1/cases/{hit}/checks/sanctions", "registrar", body)
    assert [note["text"] for note in office.get(f"/v1/cases/{hit}", "registrar")["notes"]] == ["Another mother's name"]


def test_a_changed_mark_of_the_author_voids_the_proposal(office: Office, hit: str) -> None:
    mark(office, hit, "registrar", "other_person")
    proposal = office.propose(hit, "approve")
    mark(office, hit, "registrar", "cannot_tell")
    mark(office, hit, "approver", "other_person")
    refused(office.decide(proposal), 409, "conflict")


def test_a_mark_stays_with_a_result_that_says_the_same(office: Office, hit: str) -> None:
    mark(office, hit, "registrar", "other_person")
    office.post(f"/v1/cases/{hit}/checks", "registrar")
    assert office.checks(hit)["sanctions"]["marks"][0]["mark"] == "other_person"
    lists = office.service.settings.data / "lists" / "un.csv"
    lists.write_text(LISTED + "8,Tamm Mari,1968,\n", encoding="utf-8")
    office.post(f"/v1/cases/{hit}/checks", "registrar")
    assert "marks" not in office.checks(hit)["sanctions"]


def test_only_a_case_with_its_checks_run_is_approved(office: Office) -> None:
    _, number = office.apply()
    path = f"/v1/cases/{number}/proposals"
    refused(office.call("POST", path, "registrar", {"action": "approve"}), 409, "conflict")
    office.post(f"/v1/cases/{number}/checks/document", "registrar", {"result": "passed", "source": "MRZ"})
    refused(office.call("POST", path, "registrar", {"action": "approve"}), 422, "policy_not_met")


def test_S01_a_bad_check_digit_is_a_personal_code_that_is_not_valid(office: Office) -> None:
    number = ready(office)
    path = f"/v1/cases/{number}/proposals"
    for code in ("36805280108", "4680528", "", "46805280109x"):
        reply = office.call("POST", path, "registrar", {"action": "approve", "data": {"personal_code": code}})
        refused(reply, 422, "personal_code_invalid")
    reply = office.call("POST", path, "registrar", {"action": "approve", "data": {"personal_code": "40003150005"}})
    refused(reply, 422, "policy_not_met")
    proposal = office.propose(number, "approve", personal_code="36805280109", assurance_level="substantial")
    content = office.get(f"/v1/proposals/{proposal['id']}", "approver")["content"]["effect"]["items"]["e-residency"]
    assert content["personal_administrative_number"] == "36805280109"
    assert content["assurance_level"] == "substantial"
    assert office.decide(proposal).status_code == 200


def test_a_code_of_somebody_else_is_not_given_twice(office: Office) -> None:
    first = ready(office)
    code = office.get(f"/v1/cases/{first}", "registrar")["personal_code"]
    _, second = office.apply(another(1))
    office.examine(second)
    body = {"action": "approve", "data": {"personal_code": code}}
    refused(office.call("POST", f"/v1/cases/{second}/proposals", "registrar", body), 422, "policy_not_met")


@pytest.mark.parametrize(
    "body",
    [
        {"action": "refuse"},
        {"action": "refuse", "reason": "they are on the UN list"},
        {"action": "refuse", "reason": "death"},
        {"action": "extend", "data": {"days": 14}},
        {"action": "extend", "reason": "queue", "data": {"days": 0}},
        {"action": "extend", "reason": "queue", "data": {"days": 31}},
        {"action": "extend", "reason": "queue", "data": {"days": True}},
        {"action": "approve", "data": {"assurance_level": "top"}},
        {"action": "approve", "data": {"family_name": "Other"}},
        {"action": "approve", "data": {"personal_code": 36805280109}},
        {"action": "delete"},
        {"action": "approve", "more": 1},
        {},
    ],
)
def test_a_proposal_that_says_too_little_or_too_much_is_malformed(office: Office, body: dict[str, Any]) -> None:
    number = ready(office)
    refused(office.call("POST", f"/v1/cases/{number}/proposals", "registrar", body), 400, "malformed")


def test_S01_the_clock_is_extended_by_two_with_a_reason(office: Office) -> None:
    mari, number = office.apply()
    due = office.follow(mari)["decision_due"]
    proposal = office.propose(number, "extend", reason="Waiting for the embassy", days=14)
    refused(office.decide(proposal, who="registrar2"), 403, "role_missing")
    assert office.follow(mari)["decision_due"] == due
    assert office.decide(proposal).json()["state"] == "submitted"
    assert office.follow(mari)["decision_due"] > due
    assert "embassy" not in str(office.follow(mari))


def test_T74_the_database_itself_refuses_one_officer_twice(office: Office) -> None:
    number = ready(office)
    office.propose(number, "approve")
    with pytest.raises(IntegrityError), transaction(office.service.engine) as db:
        db.execute(update(case_proposals).values(decided_by=case_proposals.c.author))
    with pytest.raises(IntegrityError), transaction(office.service.engine) as db:
        db.execute(update(case_proposals).values(state="approved"))


def test_S05_an_ended_case_stays_ended_in_the_database(office: Office) -> None:
    number = ready(office)
    office.decide(office.propose(number, "refuse", reason="purpose_not_accepted"))
    with pytest.raises(IntegrityError), transaction(office.service.engine) as db:
        db.execute(update(cases).where(cases.c.number == number).values(state="approved"))


def test_a_refused_proposal_is_in_the_trail_with_both_officers(office: Office) -> None:
    proposal = office.propose(ready(office), "approve")
    office.decide(proposal)
    decided = office.audit(act="proposal.decided")[0]
    assert decided["actor"] == f"staff:{office.ids['approver']}"
    assert decided["data"]["author"] == f"staff:{office.ids['registrar']}"
    assert decided["data"]["content_hash"] == proposal["content_hash"]
    assert json.dumps(decided).count("Tamm") == 0
