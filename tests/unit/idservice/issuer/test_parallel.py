"""Exactly one success at any parallelism: offers, codes, nonces, issues (T44, T45, T51, T85)."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from credentials.openid.credential import CredentialRequest, build_credential_request
from idservice.database import transaction
from idservice.issuer import lifecycle, offers
from idservice.issuer.tables import copies as copy_rows
from idservice.issuer.tables import credentials as credential_rows
from idservice.registry import status
from idservice.service import Service

from .wallet import Wallet, direct, new_key, of_case, refusal, resident

AT_ONCE = 50


def at_once(act: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, range(AT_ONCE)))


def copies(service: Service) -> int:
    with transaction(service.engine) as db:
        return db.execute(select(func.count()).select_from(copy_rows)).scalar_one()


def test_T44_T85_one_code_is_redeemed_once(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client, new_key())
    code = wallet.code(direct(service))
    answers = at_once(lambda _: wallet.token(code))
    assert Counter(one.status_code for one in answers) == {200: 1, 400: AT_ONCE - 1}
    assert {refusal(one) for one in answers if one.status_code != 200} == {(400, "invalid_grant", "request_replayed")}
    token = next(one for one in answers if one.status_code == 200).json()["access_token"]
    assert wallet.credential(token, [new_key()], configuration="official-role").status_code == 200


def test_T44_T85_a_code_that_50_strangers_send_leaves_no_token_alive(service: Service, client: TestClient) -> None:
    offer = direct(service)
    code = Wallet(service, client).code(offer)
    answers = at_once(lambda _: Wallet(service, client, new_key()).token(code))
    assert Counter(one.status_code for one in answers) == {200: 1, 400: AT_ONCE - 1}


def test_T45_T85_of_50_guesses_at_once_five_are_judged(service: Service, client: TestClient) -> None:
    offer = direct(service, tx_code=True)
    wallet = Wallet(service, client)
    code = wallet.code(offer)
    assert offer.tx_code is not None
    start = int(offer.tx_code) + 1
    answers = at_once(lambda at: wallet.token(code, tx_code=f"{(start + at) % 10**6:06}"))
    assert all(one.status_code == 400 for one in answers)
    assert Counter(refusal(one)[2] for one in answers)["tx_code_wrong"] == 4
    with transaction(service.engine) as db:
        assert offers.get(db, service, offer.id).tx_code_misses == 5
        assert offers.state(db, service, offer.id) == "killed"


def test_T49_T85_one_dpop_proof_opens_one_request(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client, new_key())
    token = wallet.redeem(direct(service))["access_token"]
    headers = {"content-type": "application/json", **wallet.authorization("/vci/credential", token)}
    answers = at_once(lambda _: client.post("/vci/credential", content=b"{}", headers=headers))
    assert Counter(one.status_code for one in answers) == {400: 1, 401: AT_ONCE - 1}
    assert {refusal(one)[1:] for one in answers if one.status_code == 401} == {
        ("invalid_dpop_proof", "request_replayed")
    }


def test_T51_T85_one_nonce_serves_one_request(service: Service, client: TestClient) -> None:
    wallets = [Wallet(service, client) for _ in range(AT_ONCE)]
    tokens = [wallet.redeem(direct(service))["access_token"] for wallet in wallets]
    nonce = wallets[0].nonce()
    before = copies(service)
    answers = at_once(
        lambda at: wallets[at].credential(tokens[at], [new_key()], configuration="official-role", nonce=nonce)
    )
    assert Counter(one.status_code for one in answers) == {200: 1, 400: AT_ONCE - 1}
    assert {refusal(one)[1] for one in answers if one.status_code != 200} == {"invalid_nonce"}
    assert copies(service) == before + 1


def test_T51_T85_the_same_request_sent_50_times_issues_once(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    proofs = (wallet.proof(new_key(), wallet.nonce()),)
    body = build_credential_request(
        CredentialRequest(configuration_id="official-role", proof_type="jwt", proofs=proofs)
    )
    before = copies(service)
    answers = at_once(lambda _: wallet.send(token, body))
    assert Counter(one.status_code for one in answers) == {200: 1, 400: AT_ONCE - 1}
    assert copies(service) == before + 1


def test_T85_one_token_issues_to_one_set_of_keys(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    before = copies(service)
    answers = at_once(lambda _: wallet.credential(token, [new_key()], configuration="official-role"))
    assert Counter(one.status_code for one in answers) == {200: 1, 400: AT_ONCE - 1}
    assert {refusal(one)[2] for one in answers if one.status_code != 200} == {"conflict"}
    assert copies(service) == before + 1


def test_T85_the_same_keys_under_50_nonces_are_one_issue(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    key = new_key()
    before = copies(service)
    answers = at_once(lambda _: wallet.credential(token, [key], configuration="official-role"))
    assert Counter(one.status_code for one in answers) == {200: AT_ONCE}
    assert len({one.json()["notification_id"] for one in answers}) == 1
    assert copies(service) == before + 1


def test_T87_issues_and_a_revocation_never_cross(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    refresh = wallet.redeem(of_case(service, who))["refresh_token"]
    tokens = [wallet.refresh(refresh).json()["access_token"] for _ in range(AT_ONCE)]

    def act(at: int) -> Any:
        if at == AT_ONCE // 2:
            with transaction(service.engine) as db:
                return lifecycle.revoke(db, service, case_id=who.case_id, actor="staff:test")
        return wallet.credential(tokens[at], [new_key()], configuration="e-residency")

    at_once(act)
    with transaction(service.engine) as db:
        ids = list(db.execute(select(copy_rows.c.status_id)).scalars())
        values = status.statuses(db, ids)
        theirs = select(credential_rows.c.id).where(credential_rows.c.case_id == who.case_id)
        of_case_ids = db.execute(select(copy_rows.c.status_id).where(copy_rows.c.credential_id.in_(theirs))).scalars()
        assert {values[one] for one in of_case_ids} <= {"revoked"}
