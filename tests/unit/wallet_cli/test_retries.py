"""A power cut at any step: whatever was stored goes on, nothing is shown twice, no key is lost (contract: retries)."""

import httpx2
import pytest

from tests.simulator import LIBRARY, Simulator
from tests.unit.wallet_cli.driver import Driver, Killed

TOWN = {"residency": [["municipality_code"]]}
CONSENT = {"verifier": LIBRARY, "purpose": "card", "claims": {"residency": ["municipality_code"]}}


class Plug:
    """Pulls the plug at the n-th HTTP request that `server` gets from now on: before it or after it was handled."""

    def __init__(self, server: Simulator, at: int, *, after: bool) -> None:
        self.server, self.at, self.after, self.seen = server, at, after, 0
        self.answer = server._answer
        server._answer = self.handle  # type: ignore[method-assign]

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.seen += 1
        if self.seen == self.at and not self.after:
            raise Killed
        answer = self.answer(request)
        if self.seen == self.at:
            raise Killed
        return answer

    def out(self) -> bool:
        """Put it in again; tells whether it was pulled."""
        self.server._answer = self.answer  # type: ignore[method-assign]
        return self.seen >= self.at


def killed(wallet: Driver, plug: Plug, *args: str, **options: object) -> bool:
    """Type a command that the plug may end; tells whether it was ended."""
    try:
        wallet.type(*args, **options)  # type: ignore[arg-type]
    except Killed:
        assert plug.out()
        return True
    plug.out()
    return False


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_T86_receive_killed_at_every_request_goes_on(wallet: Driver, server: Simulator, after: bool) -> None:
    at, survived = 0, 0
    while True:
        at += 1
        offer = server.offer("residency")
        before = len(wallet.look().credentials)
        plug = Plug(server, at, after=after)
        if not killed(wallet, plug, "receive", offer, stdin="yes\n"):
            break
        pending = wallet.look().pending
        if pending:
            said = wallet.ok("receive")
            assert said["received"] in ([{"type": "residency", "copies": 10}], [])
            survived += 1
            held = wallet.look()
            assert len(held.credentials) == before + 1 and not held.pending
            assert len(held.credentials[-1].copies) == 10
        else:
            assert len(wallet.look().credentials) == before
    assert at > 8 and survived >= 4
    places = [index for copies in server.issued.values() for _, index in copies]
    assert len(places) == len(set(places)), "no copy was issued twice"
    wallet.ok("doctor")


def test_the_same_keys_are_proven_again_after_a_lost_answer(wallet: Driver, server: Simulator) -> None:
    plug = Plug(server, len(server.requests), after=True)
    plug.at = 10**6
    offer = server.offer("residency")

    def cut(request: httpx2.Request) -> None:
        if request.url.path == "/vci/credential" and len(server.sent("/vci/credential")) == 1:
            plug.at = plug.seen + 1

    server.before = cut
    assert killed(wallet, plug, "receive", offer, stdin="yes\n")
    keys = set(wallet.look().pending[0].items[0].keys)
    wallet.ok("receive")
    assert {copy.key for copy in wallet.look().credentials[0].copies} == keys
    assert len(server.issued) == 1


def test_a_token_that_ran_out_is_dropped_and_refresh_brings_it_back(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")

    def cut(request: httpx2.Request) -> None:
        if request.url.path == "/vci/credential":
            raise Killed

    server.before = cut
    with pytest.raises(Killed):
        wallet.type("refresh", "r1")
    server.before = None
    assert wallet.ok("doctor")["warnings"] == 1
    wallet.advance(minutes=20)
    assert wallet.ok("refresh", "r1")["received"] == [{"type": "residency", "copies": 10}]
    held = wallet.look()
    assert not held.pending and len(held.keys) == 11, "ten copies and the application key"


@pytest.mark.parametrize("at_save", range(1, 9))
def test_receive_killed_at_a_write_leaves_a_wallet_that_opens(wallet: Driver, server: Simulator, at_save: int) -> None:
    draw, nonces = wallet.draw, 0

    def counting(size: int) -> bytes:
        nonlocal nonces
        nonces += size == 12  # each write of the file draws a nonce, and so does each new key
        if nonces == at_save * 3:
            raise Killed
        return draw(size)

    offer = server.offer("residency")
    wallet.draw = counting  # type: ignore[method-assign]
    try:
        wallet.type("receive", offer, stdin="yes\n")
    except Killed:
        pass
    wallet.draw = draw  # type: ignore[method-assign]
    wallet.ok("list")
    if wallet.look().pending:
        wallet.ok("receive")
        assert len(wallet.look().credentials[0].copies) == 10


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_present_killed_while_sending_never_shows_the_copy_again(
    wallet: Driver, server: Simulator, after: bool
) -> None:
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    texts = [copy.text for copy in wallet.look().credentials[0].copies]
    link = server.ask(claims=TOWN)
    plug = Plug(server, 2, after=after)
    assert killed(wallet, plug, "present", link, consent=CONSENT, no_input=True)
    marked = [copy for copy in wallet.look().credentials[0].copies if copy.used_at is not None]
    assert [copy.text for copy in marked] == texts[:1]
    wallet.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
    left = wallet.look().credentials[0].copies
    assert [copy.text for copy in left] == texts[2:]


def test_an_application_whose_answer_was_lost_is_sent_as_the_same_one(wallet: Driver, server: Simulator) -> None:
    from tests.unit.wallet_cli.test_gates import FORM

    form = str(wallet._file("form", FORM))
    server.lies.add("answer_lost")
    wallet.fails("apply", "e-residency", "--form", form, code="unavailable", exit_code=6)
    server.lies.clear()
    wallet.ok("apply", "e-residency", "--form", form)
    assert len(server.applications) == 1
    assert len(wallet.look().applications) == 1
