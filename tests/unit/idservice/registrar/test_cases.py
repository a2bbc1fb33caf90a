"""Apply, follow, ask and answer, pay and check, at API level (S01)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from did.keys import PrivateKey
from did.signing import LocalSigner
from idservice.database import transaction
from idservice.registrar import checks, rows

from .office import Office
from .people import Applicant, another, form

LISTED = "entry,name,birthdate,aliases\n7,Mari Tamm,1968-05-28,\n"


@pytest.fixture
def listed(office: Office) -> Path:
    """Put Mari Tamm on a list."""
    folder = office.service.settings.data / "lists"
    folder.mkdir()
    (folder / "un.csv").write_text(LISTED, encoding="utf-8")
    return folder


def send(office: Office, applicant: Applicant, text: str) -> tuple[int, dict[str, object]]:
    reply = office.call("POST", "/v1/applications", json={"application": text})
    return reply.status_code, reply.json()


def test_S01_an_application_opens_a_case_with_a_clock_of_30_days(office: Office) -> None:
    mari = Applicant(office.service.base_url)
    status, body = send(office, mari, mari.application(office.now))
    assert status == 201
    assert set(body) == {"id", "number", "state", "decision_due"}
    assert body["state"] == "submitted"
    due = datetime.fromisoformat(str(body["decision_due"]))
    assert timedelta(days=29, hours=23) < due - office.now <= timedelta(days=30)


def test_T86_the_same_application_again_gets_the_same_case(office: Office, later: Callable[[timedelta], None]) -> None:
    mari = Applicant(office.service.base_url)
    claims = mari.claims(office.now)
    first = send(office, mari, mari.signed(claims))
    assert send(office, mari, mari.signed(claims)) == first
    later(timedelta(hours=2))
    assert send(office, mari, mari.signed(claims)) == first
    status, body = send(office, mari, mari.signed({**claims, "form": form(given_name="Maria")}))
    assert (status, body["code"]) == (409, "conflict")


def test_one_key_has_one_open_case(office: Office) -> None:
    mari, _ = office.apply()
    status, body = send(office, mari, mari.application(office.now))
    assert (status, body["code"]) == (409, "conflict")
    assert office.resident(mari, "POST", f"/v1/applications/{mari.id}/revoke", json={}).json() == {"state": "refused"}
    status, _ = send(office, mari, mari.application(office.now))
    assert status == 201


def test_a_bad_application_is_refused_and_counted(office: Office) -> None:
    mari, thief = Applicant(office.service.base_url), Applicant(office.service.base_url)
    head, payload, _ = mari.application(office.now).split(".")
    forged = f"{head}.{payload}.{thief.application(office.now).split('.')[2]}"
    status, body = send(office, mari, forged)
    assert (status, body["code"]) == (400, "signature_invalid")
    for _ in range(99):
        send(office, mari, "a.b.c")
    reply = office.call("POST", "/v1/applications", json={"application": mari.application(office.now)})
    assert (reply.status_code, reply.json()["code"]) == (429, "rate_limited")
    assert int(reply.headers["Retry-After"]) > 0


def test_the_applicant_follows_by_proof_of_the_auth_key(office: Office) -> None:
    mari, number = office.apply()
    seen = office.follow(mari)
    assert (seen["number"], seen["state"], seen["type"]) == (number, "submitted", "e-residency")
    assert set(seen) == {"id", "number", "type", "kind", "state", "decision_due"}


def test_T66_unknown_and_foreign_cases_get_one_answer(office: Office) -> None:
    mari, _ = office.apply()
    stranger = Applicant(office.service.base_url)
    answers = []
    for case_id in (mari.id, "A" * 22):
        for act in ("", "/freeze", "/revoke"):
            path = f"/v1/applications/{case_id}{act}"
            reply = office.resident(stranger, "POST" if act else "GET", path, json={} if act else None)
            problem = reply.json()
            problem.pop("id")
            answers.append((reply.status_code, problem))
    assert answers[:3] == answers[3:]
    assert [code for code, _ in answers[:3]] == [404, 403, 403]
    assert [body["code"] for _, body in answers[:3]] == [
        "not_found",
        "holder_binding_invalid",
        "holder_binding_invalid",
    ]


def test_T67_a_source_that_asks_for_foreign_cases_is_slowed(office: Office) -> None:
    mari, _ = office.apply()
    stranger = Applicant(office.service.base_url)
    for _ in range(30):
        assert office.resident(stranger, "GET", f"/v1/applications/{mari.id}").status_code == 404
    reply = office.resident(stranger, "GET", f"/v1/applications/{mari.id}")
    assert reply.status_code == 429
    assert "Retry-After" in reply.headers


def test_the_sign_key_does_not_read_the_case(office: Office) -> None:
    mari, _ = office.apply()
    reply = office.resident(mari, "GET", f"/v1/applications/{mari.id}", by=LocalSigner(mari.sign))
    assert reply.status_code == 404


def test_T49_a_proof_counts_once_and_for_its_own_request(office: Office) -> None:
    mari, _ = office.apply()
    path = f"/v1/applications/{mari.id}"
    assert office.call("GET", path).status_code == 401
    proof = mari.proof(office.now, "GET", path)
    assert office.call("GET", path, headers={"DPoP": proof}).status_code == 200
    again = office.call("GET", path, headers={"DPoP": proof})
    assert (again.status_code, again.json()["code"]) == (409, "request_replayed")
    for wrong in (
        mari.proof(office.now, "POST", path),
        mari.proof(office.now, "GET", path + "/freeze"),
        mari.proof(office.now - timedelta(minutes=10), "GET", path),
        mari.application(office.now),
    ):
        reply = office.call("GET", path, headers={"DPoP": wrong})
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")


def test_a_question_is_answered_by_a_new_signed_form(office: Office) -> None:
    mari, number = office.apply()
    office.examine(number)
    office.post(f"/v1/cases/{number}/question", "registrar", {"question": "Which company?"})
    seen = office.follow(mari)
    assert (seen["state"], seen["question"]) == ("info_requested", "Which company?")
    path = f"/v1/applications/{mari.id}/answer"
    better = form(purpose="To run Tamm OÜ from Brazil")
    reply = office.call("POST", path, json={"application": mari.application(office.now, better)})
    assert (reply.status_code, reply.json()["state"]) == (200, "checks")
    file = office.get(f"/v1/cases/{number}", "registrar")
    assert file["form"]["purpose"] == "To run Tamm OÜ from Brazil"
    assert {check["officer"] for check in file["checks"]} == {"service"}
    reply = office.call("POST", path, json={"application": mari.application(office.now, better)})
    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")


def test_an_answer_is_the_applicants_own_with_the_same_keys(office: Office) -> None:
    mari, number = office.apply()
    office.post(f"/v1/cases/{number}/question", "registrar", {"question": "Why?"})
    path = f"/v1/applications/{mari.id}/answer"
    stranger = Applicant(office.service.base_url)
    reply = office.call("POST", path, json={"application": stranger.application(office.now)})
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    mari.sign = PrivateKey.generate("ES256")
    reply = office.call("POST", path, json={"application": mari.application(office.now)})
    assert (reply.status_code, reply.json()["code"]) == (400, "malformed")


def test_the_queue_holds_no_names_and_is_ordered_by_deadline(
    office: Office, later: Callable[[timedelta], None]
) -> None:
    numbers = []
    for n in range(5):
        later(timedelta(hours=n))
        numbers.append(office.apply(another(n))[1])
    listed = office.get("/v1/cases?limit=2", "registrar")
    assert [case["number"] for case in listed["cases"]] == numbers[:2]
    rest = office.get(f"/v1/cases?limit=100&after={listed['next']}", "approver")
    assert [case["number"] for case in rest["cases"]] == numbers[2:]
    assert rest["next"] is None
    assert "Tamm" not in str(listed) + str(rest)
    assert set(listed["cases"][0]) == {"number", "type", "kind", "state", "decision_due", "created_at", "flags"}
    assert office.get("/v1/cases?state=approved", "registrar")["cases"] == []
    assert office.get("/v1/cases?state=nonsense", "registrar", expect=400)["code"] == "malformed"


def test_the_clock_that_ran_out_is_flagged(office: Office, later: Callable[[timedelta], None]) -> None:
    office.apply()
    later(timedelta(days=31))
    assert office.get("/v1/cases", "registrar")["cases"][0]["flags"] == ["overdue"]


def test_S01_every_check_has_result_source_time_and_officer(office: Office) -> None:
    _, number = office.apply()
    office.examine(number)
    found = office.checks(number)
    assert set(found) == {"personal_code", "document", "sanctions", "duplicate", "purpose", "fee"}
    for check in found.values():
        assert check["result"] == "passed", check
        assert check["source"]
        assert check["at"]
        assert check["officer"] == f"staff:{office.ids['registrar']}"


def test_the_personal_code_fits_the_person_and_stays(office: Office) -> None:
    _, number = office.apply()
    office.examine(number)
    code = office.get(f"/v1/cases/{number}", "registrar")["personal_code"]
    assert len(code) == 11
    assert code.startswith("4680528")
    office.post(f"/v1/cases/{number}/checks", "registrar")
    assert office.get(f"/v1/cases/{number}", "registrar")["personal_code"] == code


def test_without_a_known_sex_the_code_says_nothing_of_it(office: Office) -> None:
    first_digits = set()
    for n in range(24):
        _, number = office.apply(form(**{**another(n), "sex": None}))
        office.examine(number)
        first_digits.add(office.get(f"/v1/cases/{number}", "registrar")["personal_code"][0])
    assert first_digits == {"3", "4"}


def test_a_document_that_has_run_out_fails(office: Office) -> None:
    document = {"number": "KB1234567", "issuing_country": "BR", "date_of_expiry": "2020-01-31"}
    _, number = office.apply(form(document=document))
    office.examine(number)
    assert office.checks(number)["document"]["result"] == "failed"
    assert office.post(f"/v1/cases/{number}/proposals", "registrar", {"action": "approve"}, expect=422)["code"] == (
        "policy_not_met"
    )


@pytest.mark.usefixtures("listed")
def test_a_list_hit_needs_a_look_and_the_applicant_never_hears_of_it(office: Office) -> None:
    mari, number = office.apply()
    office.examine(number)
    hit = office.checks(number)["sanctions"]
    assert (hit["result"], hit["details"]) == ("look", {"hits": ["un/7"]})
    assert "details" not in office.checks(number, "viewer")["sanctions"]
    assert "look" in office.get("/v1/cases", "registrar")["cases"][0]["flags"]
    reply = office.post(f"/v1/cases/{number}/proposals", "registrar", {"action": "approve"}, expect=422)
    assert "sanctions" in reply["detail"]
    refusal = office.propose(number, "refuse", reason="public_order")
    assert office.decide(refusal).json()["state"] == "refused"
    seen = office.follow(mari)
    assert (seen["state"], seen["reason"]) == ("refused", "public_order")
    assert seen["reason_text"].startswith("Granting e-residency")
    assert "un/7" not in str(seen)
    assert "sanction" not in str(seen).lower()


@pytest.mark.usefixtures("listed")
def test_a_hit_cannot_be_passed_by_hand(office: Office) -> None:
    _, number = office.apply()
    office.examine(number)
    path = f"/v1/cases/{number}/checks/sanctions"
    reply = office.post(path, "registrar", {"result": "passed", "source": "trust me"}, expect=422)
    assert reply["code"] == "policy_not_met"
    assert office.checks(number)["sanctions"]["result"] == "look"
    assert office.post(path, "registrar", {"mark": "accepted"}, expect=400)["code"] == "malformed"
    assert office.post(path, "registrar", {}, expect=400)["code"] == "malformed"
    reply = office.post(f"/v1/cases/{number}/checks/document", "registrar", {"mark": "accepted"}, expect=409)
    assert reply["code"] == "conflict"


def test_no_list_installed_is_never_passed_outside_dev(office: Office) -> None:
    _, number = office.apply()
    settings = office.service.settings.model_copy(update={"dev": False})
    strict = replace(office.service, settings=settings)
    with transaction(strict.engine) as db:
        case = rows.by_number(db, number)
        assert case is not None
        found = {outcome.name: outcome for outcome in checks.evaluate(db, strict, case)}
    assert (found["sanctions"].result, found["sanctions"].source) == ("look", "no list installed")


def test_a_broken_list_stops_the_checks(office: Office) -> None:
    folder = office.service.settings.data / "lists"
    folder.mkdir()
    (folder / "un.csv").write_text("entry,name\n", encoding="utf-8")
    _, number = office.apply()
    reply = office.post(f"/v1/cases/{number}/checks", "registrar", expect=503)
    assert reply["code"] == "unavailable"
    assert office.state(number) == "submitted"


def test_the_same_person_twice_is_a_duplicate(office: Office) -> None:
    _, first = office.apply()
    _, second = office.apply(form(given_name="MARI", document={**form()["document"], "number": "XX99999"}))
    _, third = office.apply(form(given_name="Ana"))
    _, fourth = office.apply(another(4))
    for number in (first, second, third, fourth):
        office.examine(number)
    # Mari again under another passport; then Ana with Mari's passport.
    assert office.checks(second)["duplicate"]["details"] == {"cases": [first]}
    assert office.checks(third)["duplicate"]["details"] == {"cases": [first]}
    assert office.checks(fourth)["duplicate"]["result"] == "passed"


def test_an_ended_case_is_told_but_does_not_stand_in_the_way(office: Office) -> None:
    mari, first = office.apply()
    office.resident(mari, "POST", f"/v1/applications/{mari.id}/revoke", json={})
    _, second = office.apply()
    office.examine(second)
    check = office.checks(second)["duplicate"]
    assert (check["result"], check["details"]) == ("passed", {"ended": [first]})


def test_the_fee_is_paid_once_by_one_receipt(office: Office) -> None:
    _, number = office.apply()
    office.post(f"/v1/cases/{number}/checks", "registrar")
    assert office.checks(number)["fee"]["result"] == "look"
    office.post(f"/v1/cases/{number}/payment", "registrar", {"receipt": "R-77"})
    assert office.checks(number)["fee"]["result"] == "passed"
    _, other = office.apply(another(2))
    reply = office.post(f"/v1/cases/{other}/payment", "registrar", {"receipt": "R-77"}, expect=409)
    assert reply["code"] == "conflict"
    _, third = office.apply(form(**{**another(3), "fee_receipt": "R-77"}))
    office.post(f"/v1/cases/{third}/checks", "registrar")
    assert office.checks(third)["fee"]["result"] == "failed"
    _, fourth = office.apply(form(**{**another(4), "fee_receipt": None}))
    office.post(f"/v1/cases/{fourth}/checks", "registrar")
    assert office.checks(fourth)["fee"]["result"] == "failed"


def test_an_officer_adds_a_check_and_its_history_is_kept(office: Office) -> None:
    _, number = office.apply()
    office.examine(number)
    body = {"result": "look", "source": "video call", "note": "Seemed to read from a paper."}
    office.post(f"/v1/cases/{number}/checks/interview", "registrar", body)
    assert office.checks(number)["interview"]["result"] == "look"
    office.post(f"/v1/cases/{number}/checks/interview", "registrar2", {"result": "passed", "source": "second call"})
    assert office.checks(number)["interview"]["source"] == "second call"
    file = office.get(f"/v1/cases/{number}", "registrar")
    assert "Seemed to read from a paper." in str(file["notes"])
    assert "notes" not in office.get(f"/v1/cases/{number}", "viewer")
    bad = office.post(f"/v1/cases/{number}/checks/Not..A..Name", "registrar", body, expect=400)
    assert bad["code"] == "malformed"
    office.post(f"/v1/cases/{number}/checks/interview", "approver", body, expect=403)


def test_the_photo_is_opened_apart_and_recorded(office: Office) -> None:
    from .test_form import picture

    url = picture()
    _, number = office.apply(form(photo=url))
    file = office.get(f"/v1/cases/{number}", "registrar")
    assert file["photo"] is True
    assert "photo" not in file["form"]
    assert office.get(f"/v1/cases/{number}/photo", "approver")["photo"] == url
    assert [row["actor"] for row in office.audit(act="evidence.opened")] == [f"staff:{office.ids['approver']}"]
    _, without = office.apply(another(1))
    office.get(f"/v1/cases/{without}/photo", "approver", expect=404)


def test_an_unknown_case_is_not_found(office: Office) -> None:
    assert office.get("/v1/cases/2026-999999", "registrar", expect=404)["code"] == "not_found"
    assert office.post("/v1/cases/nonsense/checks", "registrar", expect=404)["code"] == "not_found"
