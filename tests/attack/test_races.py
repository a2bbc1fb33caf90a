"""Two who act at once: what one has ended, the other must not finish (T85, T87)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from idservice.issuer import nonce
from idservice.service import Service
from tests.e2e.test_case_life import Released, TwoListeners, collect, release
from tests.unit.idservice.issuer.wallet import Wallet, details, new_key


def test_T87_a_new_offer_and_an_issue_from_the_old_one_never_both_succeed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer releases anew while the wallet is being answered: one of the two has to give way."""
    office = TwoListeners(service)
    mari, number = office.approved()
    wallet = Wallet(service, office.public, mari.auth)
    offer = release(office, number)
    token = wallet.redeem(offer, wanted=details("e-residency", "signing"))  # type: ignore[arg-type]  # a link and a code
    reached, go_on = threading.Event(), threading.Event()
    spend = nonce.spend

    def slowly(db: Connection, service: Service, value: str) -> None:
        spend(db, service, value)
        reached.set()
        go_on.wait(5)

    monkeypatch.setattr(nonce, "spend", slowly)
    answers: dict[str, Any] = {}
    body = {"identity_checked": True, "document_seen": "passport"}
    acts = {
        "issue": lambda: wallet.credential(token["access_token"], [new_key()], identifier="e-residency/3"),
        "release": lambda: office.call("POST", f"/v1/cases/{number}/offer", "registrar", body),
    }
    threads = [threading.Thread(target=lambda n=name, a=act: answers.update({n: a()})) for name, act in acts.items()]
    threads[0].start()
    assert reached.wait(5)
    threads[1].start()
    threads[1].join(1)
    go_on.set()
    for thread in threads:
        thread.join()
    monkeypatch.setattr(nonce, "spend", spend)
    assert (answers["issue"].status_code, answers["release"].status_code) == (200, 409)
    assert office.state(number) == "active"


def test_S02_an_offer_that_was_redeemed_only_is_still_released_anew(service: Service) -> None:
    office = TwoListeners(service)
    mari, number = office.approved()
    wallet = Wallet(service, office.public, mari.auth)
    first: Released = release(office, number)
    token = wallet.redeem(first, wanted=details("e-residency", "signing"))  # type: ignore[arg-type]  # as above
    second = release(office, number)
    assert wallet.credential(token["access_token"], [new_key()], identifier="e-residency/3").status_code == 401
    collect(office, mari, second)
    assert office.state(number) == "active"
