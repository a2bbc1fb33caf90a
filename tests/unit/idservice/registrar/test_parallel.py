"""At any parallelism exactly one effect (T85)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from idservice.database import transaction
from idservice.issuer import offers

from .office import Office
from .people import Applicant, another

THREADS = 16


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def test_T85_50_parallel_decisions_have_one_effect(office: Office) -> None:
    _, number = office.apply()
    office.examine(number)
    proposal = office.propose(number, "approve")
    officers = ["approver", "approver2"]
    replies = at_once([lambda who=officers[n % 2]: office.decide(proposal, who=who) for n in range(50)])  # type: ignore[misc]
    assert Counter(reply.status_code for reply in replies) == {200: 1, 409: 49}
    assert office.state(number) == "approved"
    assert len(office.audit(act="case.approved")) == 1
    assert len(office.audit(act="proposal.decided")) == 1


def test_T85_approve_and_refuse_at_once_end_in_one_of_them(office: Office) -> None:
    _, number = office.apply()
    office.examine(number)
    proposal = office.propose(number, "refuse", reason="purpose_not_accepted")
    choices = ["approve", "refuse", "send_back"]
    replies = at_once([lambda d=choices[n % 3]: office.decide(proposal, decision=d) for n in range(30)])  # type: ignore[misc]
    won = [reply.json()["decision"] for reply in replies if reply.status_code == 200]
    assert len(won) == 1
    assert office.state(number) == ("refused" if won == ["approve"] else "checks")


def test_T85_one_proposal_of_many_is_open(office: Office) -> None:
    _, number = office.apply()
    office.examine(number)
    path = f"/v1/cases/{number}/proposals"
    replies = at_once([lambda: office.call("POST", path, "registrar", {"action": "approve"}) for _ in range(20)])
    assert Counter(reply.status_code for reply in replies) == {201: 1, 409: 19}


def test_T85_one_application_sent_many_times_at_once_is_one_case(office: Office) -> None:
    mari = Applicant(office.service.base_url)
    claims = mari.claims(office.now)
    texts = [mari.signed(claims) for _ in range(20)]
    replies = at_once(
        [lambda t=text: office.call("POST", "/v1/applications", json={"application": t}) for text in texts]  # type: ignore[misc]
    )
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1


def test_T85_case_numbers_are_given_once(office: Office) -> None:
    replies = at_once([lambda n=n: office.apply(another(n))[1] for n in range(30)])  # type: ignore[misc]
    assert len(set(replies)) == 30


def test_T85_one_key_many_times_at_once_has_one_answer(office: Office) -> None:
    _, number = office.approved()
    body = {"identity_checked": True, "document_seen": "passport"}
    path = f"/v1/cases/{number}/offer"
    replies = at_once([lambda: office.post(path, "registrar", body, expect=201, key="k1") for _ in range(20)])
    assert len({reply["tx_code"] + reply["id"] for reply in replies}) == 1
    assert len(office.audit(act="offer.released")) == 1


def test_T85_of_many_releases_one_offer_waits(office: Office) -> None:
    _, number = office.approved()
    made = at_once([lambda: office.release(number) for _ in range(12)])
    with transaction(office.service.engine) as db:
        states = Counter(offers.state(db, office.service, offer["id"]) for offer in made)
    assert states == {"waiting": 1, "cancelled": 11}


def test_T85_freeze_and_revoke_at_once_leave_one_state_everywhere(office: Office) -> None:
    mari, number = office.approved()
    office.release(number)
    revoke = f"/v1/applications/{mari.id}/revoke"
    calls: list[Callable[[], Any]] = []
    for _ in range(10):
        calls += [lambda: office.freeze(mari), lambda: office.resident(mari, "POST", revoke, json={})]
    codes = {reply.status_code for reply in at_once(calls)}
    assert codes <= {200, 409}
    assert office.state(number) == "revoked"
    assert len(office.audit(act="case.revoked")) == 1


def test_T85_one_receipt_pays_one_case(office: Office) -> None:
    numbers = [office.apply(another(n))[1] for n in range(12)]
    body = {"receipt": "R-SHARED"}
    replies = at_once(
        [lambda n=n: office.call("POST", f"/v1/cases/{n}/payment", "registrar", body) for n in numbers]  # type: ignore[misc]
    )
    assert Counter(reply.status_code for reply in replies) == {200: 1, 409: 11}
