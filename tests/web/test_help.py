"""Every code has a page that says what it means, why it happens and what to do."""

import re

import pytest

from idservice.problems import PROBLEMS
from idservice.web.help_texts import HELP
from idservice.web.rendering import PAGE_HEADERS, page, render

WALLET_CODES = {"pin_wrong", "pin_blocked", "wallet_locked"}


def test_every_code_of_the_service_and_the_wallet_has_a_page() -> None:
    assert set(HELP) == set(PROBLEMS) | WALLET_CODES


@pytest.mark.parametrize("code", sorted(HELP))
def test_a_help_page_says_what_why_and_what_to_do(code: str) -> None:
    text = render("public/help.html", {"code": code, "help": HELP[code]})
    assert text.count("<h1>") == 1
    title = re.search(r"<title>(.*?) – OpenResidency</title>", text)
    heading = re.search(r"<h1>(.*?)</h1>", text)
    assert title is not None
    assert heading is not None
    assert heading.group(1) == title.group(1)
    assert "Why this happens" in text
    assert "What to do" in text
    assert code in text


def test_T72_a_page_forbids_inline_code_framing_and_foreign_sources() -> None:
    response = page("public/help.html", {"code": "malformed", "help": HELP["malformed"]})
    policy = response.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert PAGE_HEADERS.keys() <= {name.title() for name in response.headers} | {"X-Content-Type-Options"}
