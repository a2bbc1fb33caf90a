"""The transcripts that people read (golden files): in two languages, with and without a terminal, in 80 columns.

`WRITE_GOLDEN=1` writes the files anew; look at the difference before you commit it.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.simulator import LIBRARY, Simulator
from tests.unit.wallet_cli.driver import SECRETS, Driver, Ended
from wallet_cli.text import WIDTH, width

GOLDEN = Path(__file__).parent / "golden"
TOWN = {"residency": [["municipality_code"]]}
CONSENT = {"verifier": LIBRARY, "purpose": "card", "claims": TOWN}
_WORDS = re.compile(r"\b[a-z]+-[a-z]+-\d\d\b")
_IDS = re.compile(r"\bid [0-9A-Z]{8}\b|w_[0-9a-f]{8}|Fingerprint  \S{43}")
_MASKS = {"i": "id 01JXA7", "w": "w_7f3a", "F": "Fingerprint  k3y"}


class Transcript:
    """What a person sees, command by command; what is random by nature is written as in the examples."""

    def __init__(self, wallet: Driver, *, terminal: bool) -> None:
        self.wallet, self.terminal, self.lines = wallet, terminal, list[str]()

    def type(self, *args: str, shown: str, answers: str = "", **options: object) -> Ended:
        """Run a command; `shown` is how it was typed."""
        ended = self.wallet.type(*args, stdin=answers, as_json=False, terminal=False, **options)  # type: ignore[arg-type]
        self.lines += [f"$ {shown}", *ended.stderr.splitlines(), *ended.stdout.splitlines()]
        if ended.exit_code:
            self.lines.append(f"(exit {ended.exit_code})")
        return ended

    def text(self) -> str:
        text = "\n".join(self.lines) + "\n"
        text = re.sub(r"slot\d\dsub", "slot17sub", _WORDS.sub("amber-river-42", text))
        return _IDS.sub(lambda found: _MASKS[found[0][0]], text)


def play(wallet: Driver, language: str) -> str:
    """The story of ui.md, section 9, from an empty folder to the doctor."""
    wallet.now = datetime(2026, 11, 21, 18, 2, tzinfo=UTC)
    server = Simulator(wallet.clock)
    wallet.transport = server
    seen = Transcript(wallet, terminal=False)
    wallet.secrets = {name: SECRETS[name] for name in ("pin1", "pin2", "puk")}
    seen.type(
        "init", "--service", "https://id.example", "--language", language,
        shown="wallet init --service https://id.example",
        answers=f"2\nyes\n{SECRETS['passphrase']}\n{SECRETS['passphrase']}\n",
    )  # fmt: skip
    wallet.secrets["passphrase"] = SECRETS["passphrase"]
    server.offer_of_page = server.offer("e-residency", "signing", tx_code="123456")
    seen.type(
        "receive", "https://id.example/offer/7QK4-M2XD",
        shown="wallet receive https://id.example/offer/7QK4-M2XD", answers="123456\n",
    )  # fmt: skip
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    seen.type("list", shown="wallet list")
    wallet.advance(minutes=4)
    seen.type("show", "e1", "--offline", shown="wallet show e1")
    wallet.now = datetime(2026, 11, 22, 7, 14, tzinfo=UTC)
    wallet.ok("refresh", "--status")
    for _ in range(2):
        wallet.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
    server.request_of_page = server.ask(claims=TOWN)
    page = "https://id.example/r/7QK4-M2XD"
    seen.type("present", page, shown=f"wallet present {page}", answers="yes\n")
    server.request_of_page = server.ask(claims={"residency": [["municipality_code"], ["address"]]})
    seen.type("present", page, shown=f"wallet present {page}", answers="yes\n")
    server.request_of_page = server.ask(claims=TOWN)
    wallet.advance(minutes=7)
    seen.type("present", page, shown=f"wallet present {page}", answers="yes\n")
    seen.type("history", "--limit", "4", shown="wallet history")
    for _ in range(4):
        wallet.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
    wallet.advance(minutes=26)
    seen.type("doctor", "--offline", shown="wallet doctor")
    return seen.text()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_transcripts_read_as_agreed(lone: Driver, language: str) -> None:
    found = play(lone, language)
    golden = GOLDEN / f"story.{language}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_text(found)
    assert found == golden.read_text()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_line_is_wider_than_80_columns_and_none_is_drawn(language: str) -> None:
    for line in (GOLDEN / f"story.{language}.txt").read_text().splitlines():
        if not line.startswith("$ "):
            assert width(line) <= WIDTH, line
        assert not any("\u2500" <= char <= "\u259f" or char == "\x1b" for char in line), line


def test_labels_are_in_the_wallets_language() -> None:
    text = (GOLDEN / "story.ar.txt").read_text()
    assert "\u0631\u0645\u0632 \u0627\u0644\u0628\u0644\u062f\u064a\u0629" in text and "Home town code" not in text


def test_on_a_terminal_secrets_are_not_echoed(wallet: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    import getpass

    asked: list[str] = []

    def typed(prompt: str, stream: object = None) -> str:
        asked.append(prompt)
        return SECRETS["passphrase"]

    monkeypatch.setattr(getpass, "getpass", typed)
    ended = wallet.type("list", secrets=False, terminal=True, as_json=False)
    assert ended.exit_code == 0 and asked == ["Passphrase: "]


def test_tables_can_be_read_as_facts(wallet: Driver) -> None:
    server = wallet.transport
    assert isinstance(server, Simulator)
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    shown = wallet.type("list", "--list", as_json=False).stdout
    assert "Type: residency\n" in shown and "Copies: 10\n" in shown
    assert "Result: received\n" in wallet.type("history", "--list", as_json=False).stdout
