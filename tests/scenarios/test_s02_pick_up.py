"""S02: pick-up and activation - one offer, one time, one person."""

from idservice.demo.people import Office, Resident
from idservice.demo.stage import Stage
from tests.scenarios.play import approve, number_of, refusal, release


def test_S02_collects_ten_copies_and_the_case_is_active(applicant: Resident, office: Office) -> None:
    approve(office, applicant)
    offer = release(office, applicant)
    ran = applicant.receive(offer["offer"], offer["tx_code"])
    assert {one["type"]: one["copies"] for one in ran.json["received"]} == {"e-residency": 10, "signing": 1}
    assert office.get("registrar", f"/v1/cases/{number_of(applicant)}")[1]["state"] == "active"
    again = applicant.receive(offer["offer"], offer["tx_code"])
    assert refusal(again) in {(1, "request_replayed"), (1, "offer_expired")}


def test_S02_five_wrong_codes_kill_the_offer_and_the_registrar_sees_it(applicant: Resident, office: Office) -> None:
    approve(office, applicant)
    offer = release(office, applicant)
    right = offer["tx_code"]
    wrong = [f"{(int(right) + step) % 1_000_000:06d}" for step in range(1, 6)]
    codes = [refusal(applicant.receive(offer["offer"], code)) for code in wrong]
    assert codes[:4] == [(1, "tx_code_wrong")] * 4
    assert refusal(applicant.receive(offer["offer"], right)) == (1, "offer_expired")
    assert office.get("registrar", f"/v1/offers/{offer['id']}")[1]["state"] == "killed"
    assert office.get("registrar", f"/v1/cases/{number_of(applicant)}")[1]["state"] == "ready"


def test_S02_a_released_offer_ends_the_one_before(applicant: Resident, office: Office) -> None:
    approve(office, applicant)
    first, second = release(office, applicant), release(office, applicant)
    assert refusal(applicant.receive(first["offer"], first["tx_code"])) == (1, "offer_expired")
    assert applicant.receive(second["offer"], second["tx_code"]).exit_code == 0


def test_S02_a_representative_cannot_collect(applicant: Resident, office: Office, stage: Stage) -> None:
    approve(office, applicant)
    number = number_of(applicant)
    status, answer = office.post("registrar", f"/v1/cases/{number}/offer", {"identity_checked": False})
    assert status >= 400
    assert answer["code"] == "policy_not_met"
    offer = release(office, applicant)
    somebody = Resident(stage, "representative")
    assert somebody.start().exit_code == 0
    ran = somebody.receive(offer["offer"], offer["tx_code"])
    assert ran.exit_code != 0
    assert applicant.receive(offer["offer"], offer["tx_code"]).exit_code == 0


def test_S02_wallet_says_what_it_holds(resident: Resident) -> None:
    held = {one["type"]: one for one in resident.type("list").json["credentials"]}
    assert held["signing"]["state"] == "pin2_initial"
    assert held["e-residency"]["state"] == "valid"
    shown = resident.type("show", held["e-residency"]["id"]).json
    assert shown["claims"]["given_name"] == "Maria Lúcia"
