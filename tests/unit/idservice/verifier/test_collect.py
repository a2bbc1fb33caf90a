"""The agency reads what came: once known it is sealed, kept ten minutes, and nobody else's (T60, T65, T73)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response
from sqlalchemy import select

from idservice.database import transaction
from idservice.service import Service
from idservice.verifier import rows, upkeep

from .conftest import BACK, Ask, move_clock
from .wallet import PLANTED, Held, Wallet, hold

Read = Callable[..., Response]


@pytest.fixture
def held(service: Service) -> Held:
    return hold(service)


def answered(ask: Ask, wallet: Wallet, held: Held, **body: Any) -> tuple[dict[str, Any], Response]:
    made = ask(**body)
    asked = wallet.open(made["request"])
    return made, wallet.answer(asked, {"e": [wallet.present(asked, held)]})


def code_of(answer: Response) -> str:
    return parse_qs(urlsplit(answer.json()["redirect_uri"]).query)["response_code"][0]


def test_an_open_request_shows_its_state_only(ask: Ask, read: Read) -> None:
    made = ask()
    body = read(made["id"]).json()
    assert (body["id"], body["state"], body["verdict"], body["claims"]) == (made["id"], "waiting", None, None)


def test_claims_can_be_read_until_ten_minutes_are_over(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read
) -> None:
    made, _ = answered(ask, wallet, held)
    move_clock(service, "PT9M")
    first, second = read(made["id"]).json(), read(made["id"]).json()
    assert (first["state"], second["state"]) == ("answered", "done")
    assert first["claims"] == second["claims"] != None  # noqa: E711 (reads as it is meant)
    move_clock(service, "PT10M1S")
    gone = read(made["id"]).json()
    assert gone["claims"] is None
    assert gone["verdict"]["verdict"] == "valid"
    assert gone["verdict"]["credentials"] == []


def test_T65_claims_lie_sealed_and_are_wiped(service: Service, ask: Ask, wallet: Wallet, held: Held) -> None:
    answered(ask, wallet, held)
    assert stored(service).credentials_sealed is not None
    assert not [one for one in PLANTED if one.encode() in stored(service).credentials_sealed]
    move_clock(service, "PT10M1S")
    upkeep.forget(service)
    row = stored(service)
    assert row.credentials_sealed is None
    assert row.state == "done"
    assert row.key_sealed is None


def test_the_key_of_a_request_goes_with_its_end(service: Service, ask: Ask, wallet: Wallet, held: Held) -> None:
    answered(ask, wallet, held)
    assert stored(service).key_sealed is None


def test_ended_requests_are_deleted_after_a_day(service: Service, ask: Ask, wallet: Wallet, held: Held) -> None:
    answered(ask, wallet, held)
    move_clock(service, "PT24H5M")
    upkeep.expire(service)
    upkeep.forget(service)
    with transaction(service.engine) as db:
        assert db.execute(select(rows.presentation_requests)).all() == []


def test_requests_that_nobody_answers_expire(service: Service, ask: Ask, read: Read) -> None:
    made = ask()
    move_clock(service, "PT5M1S")
    assert read(made["id"]).json()["state"] == "expired"
    upkeep.expire(service)
    row = stored(service)
    assert (row.state, row.key_sealed) == ("expired", None)
    assert read(made["id"]).json()["state"] == "expired"


def test_T73_another_agency_finds_nothing(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    made, _ = answered(ask, wallet, held)
    foreign, unknown = read(made["id"], agency="clinic"), read("A" * 22, agency="clinic")
    assert foreign.status_code == unknown.status_code == 404
    same = ("code", "detail", "hint", "title")
    assert [foreign.json()[name] for name in same] == [unknown.json()[name] for name in same]
    assert read(made["id"], agency="nobody").status_code == 401


def test_T73_neither_handle_nor_protocol_ids_open_the_api(ask: Ask, wallet: Wallet, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    for guess in (made["handle"], made["handle"].replace("-", ""), asked["response_uri"].rpartition("/")[2]):
        assert read(guess).status_code == 404


# --- T60: the same-device flow -----------------------------------------------------------------------


def test_T60_the_wallet_is_sent_back_with_a_fresh_code(ask: Ask, wallet: Wallet, held: Held) -> None:
    _, first = answered(ask, wallet, held, redirect_uri=BACK)
    _, second = answered(ask, wallet, held, redirect_uri=BACK)
    assert first.status_code == 200
    assert first.json()["redirect_uri"].startswith(f"{BACK}?response_code=")
    assert len(code_of(first)) >= 22
    assert code_of(first) != code_of(second)


def test_T60_claims_come_only_with_the_code_of_the_browser(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read
) -> None:
    made, answer = answered(ask, wallet, held, redirect_uri=BACK)
    without = read(made["id"]).json()
    assert (without["state"], without["claims"]) == ("answered", None)
    assert without["verdict"]["credentials"] == []
    back = read(made["id"], response_code=code_of(answer)).json()
    assert back["state"] == "done"
    assert back["claims"]["e"][0]["family_name"] == "Tamm"
    assert read(made["id"]).json()["claims"] is None


def test_T60_the_code_of_another_session_is_refused(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    mine, _ = answered(ask, wallet, held, redirect_uri=BACK)
    _, other = answered(ask, wallet, held, redirect_uri=BACK)
    for code in (code_of(other), "", "A" * 22):
        answer = read(mine["id"], response_code=code)
        assert answer.status_code == 403
        assert answer.json()["code"] == "access_denied"
    assert read(mine["id"]).json()["state"] == "answered"


def test_T60_T73_the_right_code_does_not_serve_another_agency(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    made, answer = answered(ask, wallet, held, redirect_uri=BACK)
    assert read(made["id"], agency="clinic", response_code=code_of(answer)).status_code == 404


def test_T60_a_cross_device_answer_sends_nobody_anywhere(ask: Ask, wallet: Wallet, held: Held) -> None:
    _, answer = answered(ask, wallet, held)
    assert "redirect_uri" not in answer.json()


def test_T60_a_refusal_also_takes_the_reader_back(ask: Ask, wallet: Wallet, read: Read) -> None:
    made = ask(redirect_uri=BACK)
    answer = wallet.refuse(wallet.open(made["request"]))
    assert answer.json()["redirect_uri"].startswith(BACK)
    body = read(made["id"], response_code=code_of(answer)).json()
    assert (body["state"], body["claims"]) == ("refused", None)


def test_T60_what_did_not_hold_takes_nobody_back(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    made = ask(redirect_uri=BACK)
    asked = wallet.open(made["request"])
    answer = wallet.answer(asked, {"e": [wallet.present(asked, held, nonce="stale")]})
    assert answer.status_code == 400
    assert "redirect_uri" not in answer.json()
    assert read(made["id"]).json()["verdict"]["code"] == "nonce_mismatch"


def stored(service: Service) -> Any:
    with transaction(service.engine) as db:
        return db.execute(select(rows.presentation_requests)).one()


def test_a_refusal_and_another_refusal_differ_in_nothing_but_their_id(
    service: Service, ask: Ask, wallet: Wallet, read: Read
) -> None:
    seen = []
    for offset in ("PT0S", "PT1M"):
        move_clock(service, offset)
        made = ask()
        wallet.refuse(wallet.open(made["request"]))
        seen.append({name: value for name, value in read(made["id"]).json().items() if name != "id"})
    assert seen[0] == seen[1]
