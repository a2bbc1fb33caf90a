"""Pages of a request: short link, request, live state, result; whose they are and what they never show."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from idservice.service import Service
from idservice.verifier import feed as feeds

from .conftest import Ask, move_clock
from .wallet import PLANTED, Held, Wallet, hold

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


@pytest.fixture
def held(service: Service) -> Held:
    return hold(service)


@pytest.fixture
def browser(client: TestClient) -> TestClient:
    """The first browser; its cookies are its own."""
    return TestClient(client.app, base_url=client.base_url, follow_redirects=False)


@pytest.fixture
def other(client: TestClient) -> TestClient:
    return TestClient(client.app, base_url=client.base_url, follow_redirects=False)


def plain(made: dict[str, Any]) -> str:
    return str(made["handle"]).replace("-", "")


def state_of(page: Response) -> str:
    found = re.search(r'data-state="([a-z]+)"', page.text)
    assert found is not None
    return found.group(1)


def csrf_of(page: Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


# --- /r ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{0}", "{1}", "{2}"])
def test_the_short_link_leads_to_the_page_or_to_the_request(ask: Ask, browser: TestClient, form: str) -> None:
    made = ask()
    typed = form.format(made["handle"], plain(made), made["handle"].lower())
    page = browser.get(f"/r/{typed}", headers=HTML)
    assert page.status_code == 303
    assert page.headers["location"] == f"/present/{plain(made)}"
    link = browser.get(f"/r/{typed}", headers=JSON)
    assert link.json() == {"request": made["request"]}
    assert link.headers["cache-control"] == "no-store"


def test_the_short_link_of_a_request_that_is_over_says_so(ask: Ask, browser: TestClient, wallet: Wallet) -> None:
    made = ask()
    wallet.refuse(wallet.open(made["request"]))
    answer = browser.get(f"/r/{plain(made)}", headers=JSON)
    assert answer.status_code == 410
    assert answer.json()["code"] == "request_expired"


def test_T67_wrong_codes_are_limited_by_source(ask: Ask, browser: TestClient) -> None:
    made = ask()
    for place in range(10):
        assert browser.get(f"/r/0000000{place}", headers=JSON).status_code == 404
    over = browser.get("/r/00000000", headers=JSON)
    assert over.status_code == 429
    assert int(over.headers["retry-after"]) >= 1
    assert browser.get(f"/present/{plain(made)}").status_code == 429


def test_T67_right_codes_are_never_limited(ask: Ask, browser: TestClient) -> None:
    made = ask()
    for _ in range(30):
        assert browser.get(f"/r/{plain(made)}", headers=JSON).status_code == 200


# --- /present ----------------------------------------------------------------------------------------


def test_the_page_says_who_asks_what_and_how_to_answer(service: Service, ask: Ask, browser: TestClient) -> None:
    made = ask()
    page = browser.get(f"/present/{plain(made)}", headers=HTML)
    text = page.text
    assert page.status_code == 200
    for words in ("City Library", "Library card", made["words"], made["handle"], "5 years", "Not asked"):
        assert words in text, words
    assert f"wallet present {service.url('/r/')}{made['handle']}" in text
    assert 'href="openid4vp://' in text
    assert '<svg viewBox="0 0 ' in text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in text
    assert text.count("<h1>") == 1
    assert text.count('role="status"') == 1
    order = [
        text.index(part) for part in ("1 Wallet on this", "2 Wallet on another", "3 Without a camera", "4 I cannot")
    ]
    assert order == sorted(order)


def test_a_page_carries_the_strict_headers(ask: Ask, browser: TestClient) -> None:
    headers = browser.get(f"/present/{plain(ask())}").headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_the_page_never_shows_nonce_state_or_ids(ask: Ask, browser: TestClient, wallet: Wallet) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    text = browser.get(f"/present/{plain(made)}").text
    for secret in (asked["nonce"], asked["state"], asked["response_uri"], made["id"], "vct_values"):
        assert secret not in text


def test_T71_T72_the_name_of_an_agency_cannot_break_the_page(ask: Ask, browser: TestClient) -> None:
    text = browser.get(f"/present/{plain(ask(agency='clinic'))}").text
    assert "<b>" not in text
    assert "\u202e" not in text
    assert "<bdi>Clinic &lt;b&gt;&lt;U+202E&gt;</bdi>" in text


def test_the_page_follows_the_state(ask: Ask, browser: TestClient, wallet: Wallet) -> None:
    made = ask()
    address = f"/present/{plain(made)}"
    assert state_of(browser.get(address)) == "waiting"
    asked = wallet.open(made["request"])
    assert state_of(browser.get(address)) == "opened"
    wallet.refuse(asked)
    over = browser.get(address)
    assert state_of(over) == "refused"
    assert "openid4vp://" not in over.text
    assert "Library card" in over.text
    assert "http-equiv" not in over.text


def test_only_the_first_browser_may_act(ask: Ask, browser: TestClient, other: TestClient) -> None:
    made = ask()
    first = browser.get(f"/present/{plain(made)}")
    second = other.get(f"/present/{plain(made)}")
    assert "Cancel" in first.text
    assert "Cancel" not in second.text
    assert "csrf" not in second.text
    assert "httponly" in first.headers["set-cookie"].lower()
    assert "samesite=lax" in first.headers["set-cookie"].lower()
    stolen = other.post(f"/present/{plain(made)}/cancel", data={"csrf": csrf_of(first)})
    assert stolen.status_code == 404
    assert state_of(browser.get(f"/present/{plain(made)}")) == "waiting"


@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "wrong"}])
def test_T75_a_form_without_its_token_does_nothing(ask: Ask, browser: TestClient, form: dict[str, str]) -> None:
    made = ask()
    browser.get(f"/present/{plain(made)}")
    for act in ("cancel", "more"):
        assert browser.post(f"/present/{plain(made)}/{act}", data=form).status_code in (400, 404)
    assert state_of(browser.get(f"/present/{plain(made)}")) == "waiting"


def test_cancel_ends_the_request_as_refused(ask: Ask, browser: TestClient, read: Callable[..., Response]) -> None:
    made = ask()
    page = browser.get(f"/present/{plain(made)}")
    done = browser.post(f"/present/{plain(made)}/cancel", data={"csrf": csrf_of(page)})
    assert done.status_code == 303
    body = read(made["id"]).json()
    assert (body["state"], body["error"]) == ("refused", "access_denied")


def test_more_time_asks_anew_and_only_once(
    service: Service, ask: Ask, browser: TestClient, wallet: Wallet, held: Held, read: Callable[..., Response]
) -> None:
    made = ask()
    before = wallet.open(made["request"])
    page = browser.get(f"/present/{plain(made)}")
    move_clock(service, "PT4M")
    assert browser.post(f"/present/{plain(made)}/more", data={"csrf": csrf_of(page)}).status_code == 303
    move_clock(service, "PT9M")
    page = browser.get(f"/present/{plain(made)}")
    assert state_of(page) == "waiting"
    assert "More time" not in page.text
    assert wallet.fetch(made["request"]).status_code == 404
    assert wallet.answer(before, {"e": [wallet.present(before, held)]}).status_code == 400
    link = browser.get(f"/r/{plain(made)}", headers=JSON).json()["request"]
    asked = wallet.open(link)
    assert asked["nonce"] != before["nonce"]
    assert wallet.key_of(asked) != wallet.key_of(before)
    again = browser.post(f"/present/{plain(made)}/more", data={"csrf": csrf_of(page)})
    assert again.status_code == 409
    assert wallet.answer(asked, {"e": [wallet.present(asked, held)]}).status_code == 200
    assert read(made["id"]).json()["verdict"]["verdict"] == "valid"


# --- /result -----------------------------------------------------------------------------------------


def test_T60_the_result_belongs_to_the_browser_that_asked(
    ask: Ask, browser: TestClient, other: TestClient, wallet: Wallet, held: Held
) -> None:
    made = ask()
    browser.get(f"/present/{plain(made)}")
    other.get(f"/present/{plain(made)}")
    assert browser.get(f"/result/{plain(made)}").headers["location"] == f"/present/{plain(made)}"
    asked = wallet.open(made["request"])
    wallet.answer(asked, {"e": [wallet.present(asked, held)]})
    assert browser.get(f"/result/{plain(made)}").status_code == 200
    assert other.get(f"/result/{plain(made)}", headers=JSON).status_code == 404


def test_T65_the_result_explains_every_check_and_shows_no_value(
    ask: Ask, browser: TestClient, wallet: Wallet, held: Held
) -> None:
    made = ask()
    browser.get(f"/present/{plain(made)}")
    asked = wallet.open(made["request"])
    wallet.answer(asked, {"e": [wallet.present(asked, held)]})
    text = browser.get(f"/result/{plain(made)}").text
    assert "Accepted." in text
    assert text.count("✓") >= 8
    assert not [value for value in PLANTED if value in text]


def test_the_result_of_a_failure_says_what_to_do(ask: Ask, browser: TestClient, wallet: Wallet, held: Held) -> None:
    made = ask()
    browser.get(f"/present/{plain(made)}")
    asked = wallet.open(made["request"])
    wallet.answer(asked, {"e": [wallet.present(asked, held, nonce="stale")]})
    text = browser.get(f"/result/{plain(made)}").text
    assert "Not accepted: The answer belongs to another question." in text
    assert 'href="/help/errors/nonce_mismatch"' in text
    assert "Start again and answer the new request." in text
    assert "Not run" in text


@pytest.mark.parametrize("end", ["refused", "expired"])
def test_the_result_without_a_verdict(
    service: Service, ask: Ask, browser: TestClient, wallet: Wallet, end: str
) -> None:
    made = ask()
    browser.get(f"/present/{plain(made)}")
    asked = wallet.open(made["request"])
    if end == "refused":
        wallet.refuse(asked)
    else:
        move_clock(service, "PT6M")
    text = browser.get(f"/result/{plain(made)}").text
    assert "Nothing was shared" in text
    assert ("access_denied" if end == "refused" else "request_expired") in text


def test_an_unknown_code_is_a_page_for_people(browser: TestClient, service: Service) -> None:
    page = browser.get("/present/00000000", headers=HTML)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "What to do" in page.text


# --- events ------------------------------------------------------------------------------------------


def test_the_stream_tells_each_state_and_ends(
    ask: Ask, browser: TestClient, wallet: Wallet, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    wallet.answer(asked, {"e": [wallet.present(asked, held)]})
    answer = browser.get(f"/present/{plain(made)}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text == "id: 0\nevent: answered\ndata: answered\n\n"


def test_the_stream_of_an_unknown_code_is_not_found(browser: TestClient, service: Service) -> None:
    assert browser.get("/present/00000000/events").status_code == 404


def test_T67_a_process_serves_only_so_many_streams(
    ask: Ask, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MAX_STREAMS", 0)
    assert browser.get(f"/present/{plain(ask())}/events").status_code == 503


def test_the_short_link_as_json_never_sets_a_cookie(ask: Ask, browser: TestClient) -> None:
    answer = browser.get(f"/r/{plain(ask())}", headers=JSON)
    assert "set-cookie" not in answer.headers
    json.loads(answer.text)


def test_T97_a_forged_host_changes_no_link(service: Service, ask: Ask, browser: TestClient) -> None:
    made = ask()
    forged = {**HTML, "Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    text = browser.get(f"/present/{plain(made)}", headers=forged).text
    assert "evil.example" not in text
    assert service.url("/r/") in text
    assert browser.get(f"/r/{plain(made)}", headers=forged).headers["location"] == f"/present/{plain(made)}"
