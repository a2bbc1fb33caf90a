"""S01: apply, check, approve - and what has to be refused on the way."""

from idservice.demo.people import FORM, Office, Resident
from idservice.demo.stage import Stage, run_command
from tests.scenarios.play import check, number_of, propose


def test_S01_two_officers_approve_and_the_applicant_follows(applicant: Resident, office: Office) -> None:
    check(office, applicant)
    assert applicant.type("status").json["state"] == "checks"
    assert office.decide("approver", propose(office, applicant))[0] == 200
    assert applicant.type("status").json["state"] == "approved"


def test_S01_same_officer_twice_is_refused(applicant: Resident, office: Office) -> None:
    check(office, applicant)
    status, answer = office.decide("registrar", propose(office, applicant))
    assert (status, answer["code"]) == (403, "four_eyes_required")


def test_S01_officer_without_the_role_or_the_training_is_refused(
    applicant: Resident, office: Office, stage: Stage
) -> None:
    check(office, applicant)
    proposal = propose(office, applicant)
    for officer in ("registrar2", "auditor", "admin"):
        status, answer = office.decide(officer, proposal)
        assert (status, answer["code"]) == (403, "role_missing"), officer
    added = run_command(
        ["idservice", "staff", "add", "untrained", "--data", str(stage.data), "--role", "approver", "--level", "2"]
    )
    assert added.exit_code == 0, added.stderr
    token = added.json["token"]
    with stage.public() as client:
        answer = client.post(
            f"/v1/proposals/{proposal['id']}/decision",
            json={"decision": "approve", "content_hash": proposal["content_hash"]},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


def test_S01_bad_check_digit_is_refused(stage: Stage) -> None:
    claims = {
        "personal_administrative_number": "36805280108",
        "family_name": "Tamm",
        "given_name": "Mari",
        "birthdate": "1968-05-28",
        "nationalities": ["BR"],
        "document_number": "ER0000001",
        "date_of_issuance": "2026-11-20",
        "date_of_expiry": "2031-11-20",
        "issuing_authority": "Registrar",
        "issuing_country": "EE",
        "assurance_level": "high",
    }
    body = {"credential_configuration_id": "e-residency", "claims": claims, "tx_code": False}
    with stage.staff("registrar") as client:
        refused = client.post("/v1/offers", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "personal_code_invalid"), refused.text
        claims["personal_administrative_number"] = "36805280109"
        accepted = client.post("/v1/offers", json=body)
        assert accepted.status_code == 201, accepted.text


def test_S01_an_edit_after_the_first_signature_voids_it(applicant: Resident, office: Office) -> None:
    check(office, applicant)
    proposal = propose(office, applicant)
    number = number_of(applicant)
    status, _ = office.post(
        "registrar2", f"/v1/cases/{number}/checks/purpose", {"result": "failed", "source": "interview"}
    )
    assert status == 200
    status, answer = office.decide("approver", proposal)
    assert (status, answer["code"]) == (409, "conflict")
    assert office.get("registrar", f"/v1/cases/{number}")[1]["state"] == "checks"


def test_S01_applicant_sees_state_and_legal_reason_but_never_the_list_that_hit(stage: Stage, office: Office) -> None:
    listed = Resident(stage, "listed")
    assert listed.start().exit_code == 0
    name = _somebody_on_the_shipped_list()
    assert listed.apply({**FORM, **name, "document": {**FORM["document"], "number": "ZZ000001"}}).exit_code == 0
    check(office, listed)
    number = number_of(listed)
    case = office.get("registrar", f"/v1/cases/{number}")[1]
    assert next(one["result"] for one in case["checks"] if one["name"] == "sanctions") != "passed"
    marked = office.post("registrar", f"/v1/cases/{number}/checks/sanctions", {"mark": "same_person"})
    assert marked[0] == 200, marked
    proposal = propose(office, listed, "refuse", reason="public_order")
    marked = office.post("approver", f"/v1/cases/{number}/checks/sanctions", {"mark": "same_person"})
    assert marked[0] == 200, marked
    status, answer = office.decide("approver", proposal)
    assert status == 200, answer
    seen = listed.type("status")
    assert seen.json["state"] == "refused"
    assert seen.json["reason"]
    for word in ("sanction", "list", "hit"):
        assert word not in (seen.stdout + seen.stderr).lower()


def _somebody_on_the_shipped_list() -> dict[str, str]:
    from csv import DictReader
    from importlib.resources import files

    rows = DictReader(files("idservice.registrar").joinpath("made_up_list.csv").read_text().splitlines())
    given, _, family = next(rows)["name"].partition(" ")
    return {"family_name": family, "given_name": given, "birthdate": "1961-04-09"}
