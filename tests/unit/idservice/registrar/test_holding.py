"""Pick-up, freeze, suspend, reinstate, revoke: what happens to an approved case (S02, S05)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from did.signing import LocalSigner
from idservice.database import transaction
from idservice.issuer import lifecycle, offers
from idservice.registrar import jobs, rows
from tests.factories import FixedClock

from .issued import collect
from .office import Office
from .people import Applicant, another


def credentials(office: Office, number: str) -> str | None:
    """Return the state of the case's credentials as the issuer has it."""
    with transaction(office.service.engine) as db:
        case = rows.by_number(db, number)
        assert case is not None
        return lifecycle.state(db, case.id)


def active(office: Office) -> tuple[Applicant, str]:
    mari, number = office.approved()
    office.release(number)
    collect(office, number)
    assert office.state(number) == "active"
    return mari, number


def test_S02_an_offer_is_released_to_the_person_who_was_seen(office: Office) -> None:
    mari, number = office.approved()
    released = office.release(number)
    assert set(released) == {"id", "offer", "handle", "tx_code", "expires_at"}
    assert released["offer"].startswith("openid-credential-offer://")
    assert len(released["tx_code"]) == 6
    seen = office.follow(mari)
    assert (seen["state"], seen["offer"]) == ("ready", released["offer"])
    assert released["tx_code"] not in str(seen)


def test_S02_a_representative_is_turned_away_with_a_case_note(office: Office) -> None:
    _, number = office.approved()
    body = {"identity_checked": False, "document_seen": "the brother came"}
    reply = office.post(f"/v1/cases/{number}/offer", "registrar", body, expect=422)
    assert reply["code"] == "policy_not_met"
    file = office.get(f"/v1/cases/{number}", "registrar")
    assert file["state"] == "approved"
    assert [(note["kind"], note["text"]) for note in file["notes"]] == [("pickup.refused", "the brother came")]
    assert len(office.audit(act="pickup.refused")) == 1
    assert office.post(f"/v1/cases/{number}/offer", "registrar", {"identity_checked": True}, expect=400)


def test_T74_no_offer_without_a_decision_by_two(office: Office) -> None:
    _, number = office.apply()
    office.examine(number)
    office.propose(number, "approve")
    body = {"identity_checked": True, "document_seen": "passport"}
    assert office.post(f"/v1/cases/{number}/offer", "registrar", body, expect=409)["code"] == "conflict"


def test_S02_releasing_again_ends_the_offer_before(office: Office) -> None:
    _, number = office.approved()
    first, second = office.release(number), office.release(number)
    with transaction(office.service.engine) as db:
        assert offers.state(db, office.service, first["id"]) == "cancelled"
        assert offers.state(db, office.service, second["id"]) == "waiting"
        assert offers.get(db, office.service, second["id"]).types == ("e-residency", "signing")


def test_S02_a_collected_case_is_active_and_offers_no_more(office: Office) -> None:
    mari, number = active(office)
    assert "offer" not in office.follow(mari)
    body = {"identity_checked": True, "document_seen": "passport"}
    assert office.post(f"/v1/cases/{number}/offer", "registrar", body, expect=409)["code"] == "conflict"
    assert len(office.audit(act="case.activated")) == 1


def test_a_collected_case_shows_as_active_in_the_list_at_once(office: Office) -> None:
    _, number = office.approved()
    office.release(number)
    collect(office, number)
    assert [case["number"] for case in office.get("/v1/cases?state=active", "registrar")["cases"]] == [number]


def test_the_job_settles_collected_cases(office: Office) -> None:
    numbers = []
    for n in range(3):
        _, number = office.approved(another(n))
        office.release(number)
        numbers.append(number)
    collect(office, numbers[1])
    assert jobs.settle_ready(office.service) == 1
    assert jobs.settle_ready(office.service) == 0
    assert [office.state(number) for number in numbers] == ["ready", "active", "ready"]


@pytest.mark.parametrize("key", ["auth", "sign"])
def test_S05_the_holder_freezes_with_either_key(office: Office, key: str) -> None:
    mari, number = active(office)
    reply = office.freeze(mari, by=LocalSigner(mari.sign if key == "sign" else mari.auth))
    assert (reply.status_code, reply.json()) == (200, {"state": "suspended"})
    assert credentials(office, number) == "suspended"
    assert office.freeze(mari).json() == {"state": "suspended"}
    assert (office.follow(mari)["state"], office.follow(mari)["reason"]) == ("suspended", "holder_frozen")
    assert len(office.audit(act="case.suspended")) == 1


def test_S05_nobody_freezes_for_someone_else(office: Office) -> None:
    mari, number = active(office)
    thief, _ = office.apply(another(1))
    thief_tries = Applicant(office.service.base_url, auth=thief.auth, sign=thief.sign, id=mari.id)
    reply = office.freeze(thief_tries)
    assert (reply.status_code, reply.json()["code"]) == (403, "holder_binding_invalid")
    assert office.state(number) == "active"
    assert credentials(office, number) == "valid"


def test_S05_a_phone_officer_freezes_too(office: Office) -> None:
    _, number = active(office)
    body = {"reason": "The holder called: wallet stolen in the train"}
    assert office.post(f"/v1/cases/{number}/freeze", "registrar", body)["state"] == "suspended"
    assert credentials(office, number) == "suspended"
    assert "stolen" not in str(office.audit())


def test_S05_the_office_suspends_with_a_reason(office: Office) -> None:
    mari, number = active(office)
    office.post(f"/v1/cases/{number}/suspend", "registrar", {}, expect=400)
    office.post(f"/v1/cases/{number}/suspend", "registrar", {"reason": "Follow-up hit"})
    assert office.follow(mari)["reason"] == "office_suspended"
    assert "Follow-up" not in str(office.follow(mari))


def test_S05_lifting_takes_two_and_the_person_in_the_room(office: Office) -> None:
    mari, number = active(office)
    office.freeze(mari)
    body = {"action": "reinstate", "reason": "Wallet was found"}
    reply = office.post(f"/v1/cases/{number}/proposals", "registrar", body, expect=422)
    assert reply["code"] == "policy_not_met"
    proposal = office.propose(number, "reinstate", reason="Wallet was found", identity_checked=True)
    assert credentials(office, number) == "suspended"
    assert office.decide(proposal, who="registrar2").status_code == 403
    assert office.decide(proposal).json()["state"] == "active"
    assert credentials(office, number) == "valid"
    assert "reason" not in office.follow(mari)


def test_S05_a_freeze_before_pick_up_ends_the_offer(office: Office) -> None:
    mari, number = office.approved()
    released = office.release(number)
    office.freeze(mari)
    with transaction(office.service.engine) as db:
        assert offers.state(db, office.service, released["id"]) == "cancelled"
    body = {"identity_checked": True, "document_seen": "passport"}
    assert office.post(f"/v1/cases/{number}/offer", "registrar", body, expect=409)["code"] == "conflict"
    proposal = office.propose(number, "reinstate", reason="Seen in person", identity_checked=True)
    assert office.decide(proposal).json()["state"] == "approved"
    office.release(number)
    assert credentials(office, number) == "valid"


def test_S05_revocation_takes_two(office: Office) -> None:
    mari, number = active(office)
    proposal = office.propose(number, "revoke", reason="death")
    assert office.state(number) == "active"
    assert office.decide(proposal).json()["state"] == "revoked"
    assert credentials(office, number) == "revoked"
    assert (office.follow(mari)["state"], office.follow(mari)["reason"]) == ("revoked", "death")


def test_S05_the_holder_revokes_alone(office: Office) -> None:
    mari, number = active(office)
    path = f"/v1/applications/{mari.id}/revoke"
    assert office.resident(mari, "POST", path, json={}).json() == {"state": "revoked"}
    assert office.resident(mari, "POST", path, json={}).json() == {"state": "revoked"}
    assert credentials(office, number) == "revoked"
    assert office.follow(mari)["reason"] == "holder_request"


def test_S05_nothing_undoes_a_revocation(office: Office) -> None:
    mari, number = active(office)
    office.resident(mari, "POST", f"/v1/applications/{mari.id}/revoke", json={})
    for action in ("reinstate", "approve", "revoke"):
        data = {"identity_checked": True} if action == "reinstate" else {}
        proposal = {"action": action, "reason": "death", "data": data}
        assert office.post(f"/v1/cases/{number}/proposals", "registrar", proposal, expect=409)["code"] == "conflict"
    assert office.freeze(mari).status_code == 409
    body = {"identity_checked": True, "document_seen": "passport"}
    office.post(f"/v1/cases/{number}/offer", "registrar", body, expect=409)
    office.post(f"/v1/cases/{number}/suspend", "registrar", {"reason": "x"}, expect=409)
    assert office.state(number) == "revoked"


def test_a_proposal_to_revoke_outlives_a_freeze(office: Office) -> None:
    """A holder cannot stall a revocation by freezing: the state is no part of what a revocation rests on."""
    mari, number = active(office)
    proposal = office.propose(number, "revoke", reason="follow_up")
    office.freeze(mari)
    assert office.decide(proposal).json()["state"] == "revoked"


def test_an_application_is_withdrawn_by_its_applicant(office: Office) -> None:
    mari, number = office.apply()
    office.examine(number)
    proposal = office.propose(number, "approve")
    reply = office.resident(mari, "POST", f"/v1/applications/{mari.id}/revoke", json={})
    assert reply.json() == {"state": "refused"}
    assert office.follow(mari)["reason"] == "withdrawn"
    assert office.decide(proposal).status_code == 409
    assert office.freeze(mari).status_code == 409


def test_S05_a_case_ends_with_its_date_of_expiry(office: Office, clock: FixedClock) -> None:
    mari, number = active(office)
    frozen, frozen_number = office.approved(another(1))
    office.freeze(frozen)
    last_day = date.fromisoformat(office.get(f"/v1/cases/{number}", "registrar")["date_of_expiry"])
    clock.advance(timedelta(days=(last_day - clock.now().date()).days))
    assert jobs.expire(office.service) == 0
    clock.advance(timedelta(days=1))
    assert jobs.expire(office.service) == 2
    assert jobs.expire(office.service) == 0
    assert (office.state(number), office.state(frozen_number)) == ("expired", "expired")
    assert office.follow(mari)["reason"] == "not_renewed"
