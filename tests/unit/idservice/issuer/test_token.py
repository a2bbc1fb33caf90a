"""The token endpoint: codes, transaction codes, DPoP, refresh (T44, T45, T49)."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from idservice.audit import audit_rows
from idservice.database import transaction
from idservice.issuer import offers
from idservice.issuer.tables import offers as offer_rows
from idservice.issuer.tables import tokens as token_rows
from idservice.service import Service

from .wallet import Wallet, details, direct, new_key, of_case, refusal, resident


def state(service: Service, offer_id: str) -> str:
    with transaction(service.engine) as db:
        return offers.state(db, service, offer_id)


def acts(service: Service, subject: str) -> list[str]:
    with transaction(service.engine) as db:
        return list(db.execute(select(audit_rows.c.act).where(audit_rows.c.subject == subject)).scalars())


def test_direct_offer_gives_a_bearer_token_without_refresh_token(service: Service, client: TestClient) -> None:
    offer = direct(service)
    answer = Wallet(service, client).redeem(offer)
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 600
    assert "refresh_token" not in answer
    assert "c_nonce" not in answer
    assert "authorization_details" not in answer
    assert state(service, offer.id) == "redeemed"


def test_direct_offer_takes_dpop_too(service: Service, client: TestClient) -> None:
    answer = Wallet(service, client, new_key()).redeem(direct(service))
    assert answer["token_type"] == "DPoP"
    assert "refresh_token" not in answer


def test_answers_are_not_stored_by_caches(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    answer = wallet.token(wallet.code(direct(service)))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("application/json")
    refused = wallet.token("unknown")
    assert refused.headers["cache-control"] == "no-store"


def test_unknown_and_extra_parameters_are_tolerated(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    code = wallet.code(direct(service))
    answer = wallet.token(code, resource=service.base_url, client_id="some-wallet", colour="green")
    assert answer.status_code == 200


def test_authorization_details_give_64_slots(service: Service, client: TestClient) -> None:
    who = resident()
    answer = Wallet(service, client, who.auth).redeem(of_case(service, who), wanted=details("e-residency", "signing"))
    listed = {
        one["credential_configuration_id"]: one["credential_identifiers"] for one in answer["authorization_details"]
    }
    assert listed["e-residency"] == [f"e-residency/{slot}" for slot in range(64)]
    assert listed["signing"] == ["signing"]
    assert all(one["type"] == "openid_credential" for one in answer["authorization_details"])


def test_unknown_authorization_details_are_refused(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    offer = direct(service)
    answer = wallet.token(wallet.code(offer), wanted=details("signing"))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_authorization_details"
    assert state(service, offer.id) == "waiting"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "invalid_request"),
        (b"grant_type=password&username=a", "unsupported_grant_type"),
        (b"grant_type=authorization_code&code=a", "unsupported_grant_type"),
        (b"grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code", "invalid_request"),
        (b"grant_type=refresh_token", "invalid_request"),
        (b"grant_type=refresh_token&grant_type=refresh_token&refresh_token=a", "invalid_request"),
        (b"grant_type=refresh_token&refresh_token=a", "invalid_grant"),
        (b"grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code&pre-authorized_code=a", "invalid_grant"),
        (b"grant_type=refresh_token&refresh_token=a&client_id=%00", "invalid_request"),
    ],
)
def test_error_codes(client: TestClient, body: bytes, error: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/vci/token", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_only_forms_are_read(client: TestClient) -> None:
    answer = client.post("/vci/token", content=b"{}", headers={"content-type": "application/json"})
    assert answer.status_code == 415


def test_missing_and_superfluous_tx_code_are_invalid_requests(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    guarded = direct(service, tx_code=True)
    assert wallet.token(wallet.code(guarded)).json()["error"] == "invalid_request"
    plain = direct(service)
    assert wallet.token(wallet.code(plain), tx_code="123456").json()["error"] == "invalid_request"
    assert state(service, guarded.id) == state(service, plain.id) == "waiting"


# --- T44 ----------------------------------------------------------------------------------------


def test_T44_a_code_is_redeemed_once_and_reuse_ends_the_first_token(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    offer = direct(service)
    code = wallet.code(offer)
    first = wallet.token(code).json()["access_token"]
    assert refusal(wallet.token(code)) == (400, "invalid_grant", "request_replayed")
    answer = wallet.credential(first, [new_key()], configuration="official-role")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert "offer.reused" in acts(service, f"offer:{offer.id}")


def test_T44_a_double_send_under_the_same_key_leaves_the_first_token(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client, new_key())
    code = wallet.code(direct(service))
    first = wallet.token(code).json()["access_token"]
    assert refusal(wallet.token(code)) == (400, "invalid_grant", "request_replayed")
    assert wallet.credential(first, [new_key()], configuration="official-role").status_code == 200


def test_T44_reuse_under_another_key_ends_access_and_refresh_token(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    offer = of_case(service, who)
    code = wallet.code(offer)
    first = wallet.token(code, tx_code=offer.tx_code).json()
    assert refusal(Wallet(service, client, new_key()).token(code, tx_code=offer.tx_code))[1] == "invalid_grant"
    assert wallet.credential(first["access_token"], [new_key()], configuration="e-residency").status_code == 401
    assert refusal(wallet.refresh(first["refresh_token"]))[:2] == (400, "invalid_grant")


def test_T44_codes_end_after_5_minutes_or_15_with_a_transaction_code(service: Service, client: TestClient) -> None:
    now = service.clock.now()
    assert direct(service).expires_at - now < timedelta(minutes=5, seconds=5)
    assert timedelta(minutes=14) < direct(service, tx_code=True).expires_at - now < timedelta(minutes=15, seconds=5)


def test_T44_an_expired_code_is_dead(service: Service, client: TestClient, later: Any) -> None:
    wallet = Wallet(service, client)
    offer = direct(service)
    code = wallet.code(offer)
    later(timedelta(minutes=5, seconds=1))
    assert refusal(wallet.token(code)) == (400, "invalid_grant", "offer_expired")
    assert state(service, offer.id) == "expired"
    assert wallet.fetch_offer(offer).status_code == 410


def test_T44_nothing_in_the_database_is_a_code(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    offer = direct(service)
    code = wallet.code(offer)
    token = wallet.token(code).json()["access_token"]
    with transaction(service.engine) as db:
        stored = repr(db.execute(select(offer_rows)).all()) + repr(db.execute(select(token_rows)).all())
        assert db.execute(select(offer_rows.c.sealed).where(offer_rows.c.id == offer.id)).scalar_one() is None
    assert code not in stored
    assert token not in stored
    assert offer.handle.replace("-", "") not in stored


def test_T44_a_cancelled_offer_is_dead(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    offer = direct(service)
    code = wallet.code(offer)
    with transaction(service.engine) as db:
        offers.cancel(db, service, offer.id, actor="staff:test")
    assert refusal(wallet.token(code)) == (400, "invalid_grant", "offer_expired")
    assert state(service, offer.id) == "cancelled"


# --- T45 ----------------------------------------------------------------------------------------


def wrong(code: str | None) -> str:
    assert code is not None
    return f"{(int(code) + 1) % 10**6:06}"


def test_T45_five_wrong_codes_kill_the_offer_and_the_right_one_comes_too_late(
    service: Service, client: TestClient
) -> None:
    wallet = Wallet(service, client)
    offer = direct(service, tx_code=True)
    code = wallet.code(offer)
    for _ in range(4):
        assert refusal(wallet.token(code, tx_code=wrong(offer.tx_code))) == (400, "invalid_grant", "tx_code_wrong")
        assert state(service, offer.id) == "waiting"
    assert refusal(wallet.token(code, tx_code=wrong(offer.tx_code)))[1] == "invalid_grant"
    assert state(service, offer.id) == "killed"
    assert refusal(wallet.token(code, tx_code=offer.tx_code)) == (400, "invalid_grant", "offer_expired")
    assert "offer.killed" in acts(service, f"offer:{offer.id}")
    with transaction(service.engine) as db:
        assert offers.get(db, service, offer.id).tx_code_misses == 5


def test_T45_a_wrong_try_does_not_consume_the_code(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    offer = direct(service, tx_code=True)
    code = wallet.code(offer)
    wallet.token(code, tx_code=wrong(offer.tx_code))
    assert wallet.token(code, tx_code=offer.tx_code).status_code == 200


def test_T45_the_subject_is_limited_across_offers(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    for _ in range(3):
        offer = of_case(service, who)
        code = wallet.code(offer)
        for _ in range(5):
            wallet.token(code, tx_code=wrong(offer.tx_code))
    offer = of_case(service, who)
    assert refusal(wallet.token(wallet.code(offer), tx_code=offer.tx_code)) == (400, "invalid_grant", "rate_limited")


def test_T45_guessing_from_one_source_is_limited(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    statuses = [wallet.token(f"guess-{number}").status_code for number in range(103)]
    assert statuses[:100] == [400] * 100
    assert statuses[-1] == 429


# --- offers of cases, DPoP (T49) ----------------------------------------------------------------


def test_a_case_offer_is_redeemed_only_under_dpop_by_the_key_that_applied(service: Service, client: TestClient) -> None:
    who = resident()
    offer = of_case(service, who)
    expected = (400, "invalid_grant", "holder_binding_invalid")
    code = Wallet(service, client).code(offer)
    assert refusal(Wallet(service, client).token(code, tx_code=offer.tx_code)) == expected
    assert refusal(Wallet(service, client, new_key()).token(code, tx_code=offer.tx_code)) == expected
    assert refusal(Wallet(service, client, who.sign).token(code, tx_code=offer.tx_code)) == expected
    answer = Wallet(service, client, who.auth).token(code, tx_code=offer.tx_code)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "DPoP"
    assert answer.json()["refresh_token"]


def test_a_stranger_cannot_burn_the_tries_of_a_case_offer(service: Service, client: TestClient) -> None:
    who = resident()
    offer = of_case(service, who)
    stranger = Wallet(service, client, new_key())
    code = stranger.code(offer)
    for _ in range(7):
        stranger.token(code, tx_code=wrong(offer.tx_code))
    assert Wallet(service, client, who.auth).token(code, tx_code=offer.tx_code).status_code == 200


def test_a_new_offer_of_a_case_ends_the_waiting_one_and_its_redemption_the_old_tokens(
    service: Service, client: TestClient
) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    waiting = of_case(service, who)
    first = of_case(service, who)
    assert state(service, waiting.id) == "cancelled"
    old = wallet.redeem(first)
    wallet.redeem(of_case(service, who))
    assert refusal(wallet.refresh(old["refresh_token"]))[:2] == (400, "invalid_grant")
    assert wallet.credential(old["access_token"], [new_key()], configuration="e-residency").status_code == 401


def test_refresh_gives_a_new_access_token_for_the_same_grant(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    first = wallet.redeem(of_case(service, who), wanted=details("e-residency"))
    again = wallet.refresh(first["refresh_token"])
    assert again.status_code == 200
    assert again.json()["access_token"] != first["access_token"]
    assert again.json()["authorization_details"] == first["authorization_details"]
    narrowed = wallet.refresh(first["refresh_token"], wanted=details("signing"))
    assert [one["credential_configuration_id"] for one in narrowed.json()["authorization_details"]] == ["signing"]


def test_a_refresh_token_needs_its_key(service: Service, client: TestClient) -> None:
    who = resident()
    token = Wallet(service, client, who.auth).redeem(of_case(service, who))["refresh_token"]
    expected = (400, "invalid_grant", "holder_binding_invalid")
    assert refusal(Wallet(service, client).refresh(token)) == expected
    assert refusal(Wallet(service, client, new_key()).refresh(token)) == expected


def form(service: Service, offer: Any, wallet: Wallet) -> dict[str, str]:
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:pre-authorized_code",
        "pre-authorized_code": wallet.code(offer),
    }


def test_T49_a_dpop_proof_works_once(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client, new_key())
    proof = wallet.dpop("/vci/token")
    fields = form(service, direct(service), wallet)
    assert (
        client.post("/vci/token", data={**fields, "pre-authorized_code": "x"}, headers={"DPoP": proof}).status_code
        == 400
    )
    answer = client.post("/vci/token", data=fields, headers={"DPoP": proof})
    assert refusal(answer) == (400, "invalid_dpop_proof", "request_replayed")


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"url": "http://localhost/vci/credential"},
        {"url": "https://other.example/vci/token"},
    ],
)
def test_T49_a_dpop_proof_for_another_request_is_refused(
    service: Service, client: TestClient, change: dict[str, Any]
) -> None:
    wallet = Wallet(service, client, new_key())
    offer = direct(service)
    proof = wallet.dpop("/vci/token", **change)
    answer = client.post("/vci/token", data=form(service, offer, wallet), headers={"DPoP": proof})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
    assert state(service, offer.id) == "waiting"


def test_T49_two_dpop_headers_are_refused(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client, new_key())
    fields = form(service, direct(service), wallet)
    headers = [("DPoP", wallet.dpop("/vci/token")), ("DPoP", wallet.dpop("/vci/token"))]
    answer = client.post("/vci/token", data=fields, headers=headers)
    assert answer.json()["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("shift", [timedelta(minutes=-6), timedelta(minutes=2)])
def test_T49_a_dpop_proof_out_of_its_time_is_refused(service: Service, client: TestClient, shift: timedelta) -> None:
    wallet = Wallet(service, client, new_key())
    proof = wallet.dpop("/vci/token", now=service.clock.now() + shift)
    answer = client.post("/vci/token", data=form(service, direct(service), wallet), headers={"DPoP": proof})
    assert answer.json()["error"] == "invalid_dpop_proof"
