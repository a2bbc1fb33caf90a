"""The pages of a request in a real browser: live and without JavaScript, narrow and wide, light and dark."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
import zxingcpp
from fastapi.testclient import TestClient
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from idservice.service import Service
from tests.factories import agency_bearer
from tests.unit.idservice.verifier.wallet import PLANTED, Held, Wallet, hold

from .browser import Complaints, launched, served

SHOWN = [("personal_administrative_number",), ("family_name",), ("given_name",), ("birthdate",), ("assurance_level",)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture
def address(service: Service, browser: Browser) -> Iterator[str]:
    with served(service) as found:
        yield found


@pytest.fixture
def held(service: Service) -> Held:
    return hold(service)


@pytest.fixture
def wallet(service: Service, client: TestClient) -> Wallet:
    return Wallet(service, client)


@pytest.fixture
def made(client: TestClient) -> dict[str, Any]:
    answer = client.post("/v1/presentation-requests", json={"purpose": "login"}, headers=agency_bearer())
    return dict(answer.json())


def path(made: dict[str, Any]) -> str:
    return "/present/" + str(made["handle"]).replace("-", "")


def test_the_page_follows_the_wallet_to_the_result(
    browser: Browser, address: str, made: dict[str, Any], wallet: Wallet, held: Held
) -> None:
    page = browser.new_page()
    complaints = Complaints(page)
    page.goto(address + path(made))
    status = page.get_by_role("status")
    expect(status).to_have_text("Waiting for your wallet. Nothing has been sent yet.")
    expect(page.get_by_text(made["words"])).to_be_visible()
    asked = wallet.open(made["request"])
    expect(status).to_have_text("Your wallet has opened the request. Nothing has been sent yet.", timeout=5000)
    answer = wallet.answer(asked, {"e": [wallet.present(asked, held, disclose=SHOWN)]})
    assert answer.status_code == 200
    page.wait_for_url("**/result/**", timeout=5000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Result of the check")
    expect(page.get_by_text("Accepted.")).to_be_visible()
    assert not [value for value in PLANTED if value in page.content()]
    assert complaints.heard == []
    page.close()


def test_without_javascript_the_page_works_by_itself(
    browser: Browser, address: str, made: dict[str, Any], wallet: Wallet
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + path(made))
    expect(page.get_by_role("link", name="Open my wallet")).to_be_visible()
    expect(page.get_by_role("button", name="Copy command")).to_have_count(0)
    wallet.refuse(wallet.open(made["request"]))
    expect(page.get_by_role("status")).to_have_text("Nothing was shared.", timeout=8000)
    page.get_by_role("link", name="See the result").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Result of the check")
    context.close()


def test_cancel_and_more_time_are_plain_forms(browser: Browser, address: str, made: dict[str, Any]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + path(made))
    words = page.locator(".id-words").inner_text()
    page.get_by_role("button", name="More time").click()
    expect(page.get_by_role("button", name="More time")).to_have_count(0)
    assert page.locator(".id-words").inner_text() != words
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("Nothing was shared.")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_no_sideways_scroll_and_a_code_that_can_be_scanned(
    browser: Browser, address: str, made: dict[str, Any], scheme: Any, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    complaints = Complaints(page)
    page.goto(address + path(made))
    code = page.locator("svg.id-qr")
    if width < 768:  # the wallet is most likely on this device: the code waits behind its summary
        expect(code).to_be_hidden()
        page.get_by_text("Show the code to scan").click()
    expect(code).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture = Image.open(io.BytesIO(page.locator("svg.id-qr").screenshot(scale="css")))
    found = zxingcpp.read_barcode(picture.resize((picture.width * 2, picture.height * 2)))
    assert found is not None
    assert found.text == made["request"]
    assert complaints.heard == []
    context.close()


@pytest.mark.parametrize("where", ["/help/errors", "/help/errors/credential_suspended", "/help/errors/nothing-like-it"])
def test_other_pages_fit_a_narrow_screen(browser: Browser, address: str, where: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 900})
    page.goto(address + where)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("h1").count() == 1
    title = page.title()
    assert title.startswith(page.locator("h1").inner_text())
    page.close()


def test_the_keyboard_reaches_the_page_in_reading_order(browser: Browser, address: str, made: dict[str, Any]) -> None:
    page: Page = browser.new_page()
    page.goto(address + path(made))
    names = []
    for _ in range(7):
        page.keyboard.press("Tab")
        names.append(page.evaluate("(document.activeElement.textContent || '').trim().slice(0, 24)"))
    assert names[0] == "Skip to the content"
    order = [
        name
        for name in names
        if name in ("Open my wallet", "Show the code to scan", "Copy command", "More time", "Cancel")
    ]
    assert order == [
        one
        for one in ("Open my wallet", "Show the code to scan", "Copy command", "More time", "Cancel")
        if one in order
    ]
    assert "Open my wallet" in order
    page.close()
