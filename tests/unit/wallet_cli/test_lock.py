"""Lock and unlock: a key in the system keyring with an end, or nothing (T91)."""

from datetime import timedelta

from tests.simulator import Simulator
from tests.unit.wallet_cli.driver import SECRETS, Driver, MemoryKeyring


def test_without_a_system_keyring_there_is_no_unlock_and_no_file(lone: Driver) -> None:
    lone.init()
    before = {path.name for path in lone.path.iterdir()}
    lone.fails("unlock", code="unavailable", exit_code=6)
    assert {path.name for path in lone.path.iterdir()} == before
    assert lone.ok("lock")["locked"] is True


def test_an_unlock_ends_by_itself_and_by_lock(lone: Driver) -> None:
    lone.init()
    lone.keyring = MemoryKeyring()
    lone.ok("unlock", "--minutes", "15")
    assert lone.ok("list", secrets=False) == {"credentials": []}
    lone.advance(minutes=14)
    lone.ok("list", secrets=False)
    lone.advance(minutes=2)
    lone.fails("list", secrets=False, no_input=True, code="malformed", exit_code=2)
    assert not lone.keyring.entries, "an unlock that is over is deleted"
    lone.ok("unlock")
    lone.ok("lock")
    lone.fails("list", secrets=False, no_input=True, code="malformed", exit_code=2)


def test_a_clock_that_was_set_back_does_not_make_an_unlock_longer(lone: Driver) -> None:
    lone.init()
    lone.keyring = MemoryKeyring()
    lone.ok("unlock")
    lone.now -= timedelta(hours=1)
    lone.fails("list", secrets=False, no_input=True, code="malformed", exit_code=2)


def test_what_lies_in_the_keyring_opens_only_this_wallet(lone: Driver) -> None:
    lone.init()
    lone.keyring = MemoryKeyring()
    lone.ok("unlock")
    for name in list(lone.keyring.entries):
        lone.keyring.entries[name] = '{"key": "AAAA", "since": "x"}'
    lone.fails("list", secrets=False, no_input=True, code="malformed", exit_code=2)


def test_pins_are_asked_for_all_the_same(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    wallet.keyring = MemoryKeyring()
    wallet.ok("unlock")
    ended = wallet.fails("refresh", "r1", secrets=False, no_input=True, code="malformed", exit_code=2)
    assert "PIN1" in ended.stderr


def test_a_keyring_wallet_locks_behind_pin1(lone: Driver) -> None:
    lone.keyring = MemoryKeyring()
    lone.transport = server = Simulator(lone.clock)
    lone.ok("init", "--keys", "keyring", "--service", "https://id.example", stdin="yes\n")
    lone.secrets = {"pin1": SECRETS["pin1"], "pin2": SECRETS["pin2"], "puk": SECRETS["puk"]}
    lone.fails("lock", code="wallet_locked", exit_code=7)
    lone.ok("receive", server.offer("residency"), stdin="yes\n")
    lone.ok("lock")
    lone.fails("list", code="wallet_locked", exit_code=7)
    lone.fails("pin", "show-policy", code="wallet_locked", exit_code=7)
    lone.secrets["pin1"] = "1357"
    lone.fails("unlock", code="pin_wrong", exit_code=7)
    lone.fails("list", code="wallet_locked", exit_code=7)
    lone.secrets["pin1"] = SECRETS["pin1"]
    lone.ok("unlock")
    lone.ok("list")
