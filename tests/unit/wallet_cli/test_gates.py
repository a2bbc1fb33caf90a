"""PINs and PUK: the rules, the counters, and that they are tied to the keys (S02, T91)."""

import pytest

from tests.simulator import Simulator
from tests.unit.wallet_cli.driver import SECRETS, Driver, Killed
from wallet_cli.errors import MissingInput
from wallet_cli.gates import Pins, check_new_pin, check_pins, make_pins, personal_digits

FORM = {
    "family_name": "Tamm",
    "given_name": "Maria",
    "birthdate": "1968-05-28",
    "nationalities": ["EE"],
    "document": {"number": "AB1234567", "issuing_country": "EE", "date_of_expiry": "2030-01-01"},
    "purpose": "A studio.",
    "pick_up": "Lisbon",
}


@pytest.fixture
def applicant(wallet: Driver, server: Simulator) -> Driver:
    """A wallet with PINs and an application."""
    wallet.ok("apply", "e-residency", "--form", str(wallet._file("form", FORM)))
    return wallet


@pytest.mark.parametrize(
    ("name", "pin"),
    [
        ("PIN1", "258"),
        ("PIN1", "2580258025802"),
        ("PIN2", "2580"),
        ("PUK", "2580258"),
        ("PIN1", "25a0"),
        ("PIN1", "٢٥٨٠"),
        ("PIN1", "0000"),
        ("PIN1", "1234"),
        ("PIN1", "9876"),
        ("PIN1", "8901"),
        ("PIN1", "1968"),
        ("PIN1", "2805"),
        ("PIN1", "8052"),
        ("PIN2", "280568"),
        ("PIN2", "46805"),
        ("PUK", "19680528"),
    ],
)
def test_rules_of_s02(name: str, pin: str) -> None:
    personal = personal_digits(birthdates=["1968-05-28"], personal_codes=["46805280109"])
    with pytest.raises(MissingInput) as refused:
        check_new_pin(name, pin, personal=personal)
    assert pin in ("0000", "1234") or pin not in str(refused.value)


def test_codes_all_differ_and_drawn_ones_keep_the_rules() -> None:
    with pytest.raises(MissingInput):
        check_pins(Pins(pin1="97531", pin2="97531", puk="86420975"))
    drawn = iter(range(10_000))
    personal = personal_digits(birthdates=["1968-05-28"], personal_codes=[])
    for _ in range(50):
        pins = make_pins(lambda size: next(drawn).to_bytes(size), personal=personal)
        check_pins(pins, personal=personal)
        assert [len(pin) for pin in (pins.pin1, pins.pin2, pins.puk)] == [4, 5, 8]
    assert "0" not in repr(pins)


def test_drawn_pins_are_shown_once(wallet: Driver, server: Simulator) -> None:
    wallet.secrets = {"passphrase": SECRETS["passphrase"]}
    ended = wallet.type("apply", "e-residency", "--form", str(wallet._file("form", FORM)))
    pins = ended.json["pins"]
    assert all(f"  {pin} " in ended.stderr for pin in pins.values())
    assert all(pin.encode() not in (wallet.path / "wallet.sealed").read_bytes() for pin in pins.values())
    wallet.secrets |= pins
    assert "pins" not in wallet.ok("status")


def test_T91_three_wrong_tries_block_and_each_is_counted(applicant: Driver) -> None:
    applicant.secrets["pin1"] = "1357"
    for left in (2, 1):
        ended = applicant.fails("status", code="pin_wrong", exit_code=7)
        assert f"{left} tr" in ended.stderr
    applicant.fails("status", code="pin_blocked", exit_code=7)
    applicant.secrets["pin1"] = SECRETS["pin1"]
    ended = applicant.fails("status", code="pin_blocked", exit_code=7)
    assert "wallet pin unblock pin1" in ended.stderr


def test_a_right_pin_gives_the_tries_back(applicant: Driver) -> None:
    applicant.secrets["pin1"] = "1357"
    applicant.type("status")
    applicant.secrets["pin1"] = SECRETS["pin1"]
    applicant.ok("status")
    assert applicant.ok("pin", "show-policy")["tries"] == {"pin1": 3, "pin2": 3}


def test_T91_a_try_is_written_down_before_its_outcome(applicant: Driver) -> None:
    """Whoever pulls the plug while a guess is being checked has lost the guess, not won one."""
    draw, writes = applicant.draw, 0

    def pulled(size: int) -> bytes:
        nonlocal writes
        writes += size == 12  # the nonce of a write: the first counts the try, the second gives the tries back
        if writes == 2:
            raise Killed
        return draw(size)

    applicant.draw = pulled  # type: ignore[method-assign]
    with pytest.raises(Killed):
        applicant.type("status")
    applicant.draw = draw  # type: ignore[method-assign]
    assert applicant.ok("pin", "show-policy")["tries"]["pin1"] == 2


def test_T91_the_puk_unblocks_and_three_wrong_ones_lock_for_good(applicant: Driver) -> None:
    applicant.secrets |= {"pin1": "1357", "new_pin1": "8642"}
    for _ in range(3):
        applicant.type("status")
    applicant.ok("pin", "unblock", "pin1")
    applicant.secrets["pin1"] = "8642"
    applicant.ok("status")
    applicant.secrets["puk"] = "11223344"
    for left in (2, 1):
        ended = applicant.fails("pin", "unblock", "pin2", code="pin_wrong", exit_code=7)
        assert f"{left} of 3 tries left" in ended.stderr
    applicant.fails("pin", "unblock", "pin2", code="pin_blocked", exit_code=7)
    applicant.secrets["puk"] = SECRETS["puk"]
    ended = applicant.fails("pin", "unblock", "pin2", code="pin_blocked", exit_code=7)
    assert "for good" in ended.stderr
    applicant.ok("status")


def test_a_new_pin_keeps_the_rules_and_is_no_other_code(applicant: Driver) -> None:
    for bad in ("1234", SECRETS["pin2"], SECRETS["puk"], SECRETS["pin1"], "2805", "99"):
        applicant.secrets["new_pin1"] = bad
        applicant.fails("pin", "change", "pin1", code="malformed", exit_code=2)
    applicant.fails("pin", "change", "pin3", code="malformed", exit_code=2)
    applicant.secrets["new_pin1"] = "8642"
    assert applicant.ok("pin", "change", "pin1") == {"pin": "pin1", "state": "changed"}
    applicant.fails("status", code="pin_wrong", exit_code=7)
    applicant.secrets["pin1"] = "8642"
    applicant.ok("status")


def test_a_new_pin_is_typed_twice(applicant: Driver) -> None:
    applicant.fails("pin", "change", "pin1", stdin="8642\n8643\n", code="malformed", exit_code=2)
    applicant.ok("pin", "change", "pin1", stdin="8642\n8642\n")


def test_pin2_is_initial_until_it_is_changed(applicant: Driver) -> None:
    assert applicant.ok("pin", "show-policy")["initial"] == {"pin1": True, "pin2": True}
    applicant.secrets["new_pin2"] = "86421"
    applicant.ok("pin", "change", "pin2")
    assert applicant.ok("pin", "show-policy")["initial"] == {"pin1": True, "pin2": False}


def test_T91_the_pin_is_tied_to_the_key_not_to_a_flag(applicant: Driver) -> None:
    """With the seal open and every counter and flag set at will, the keys stay closed without the PIN."""
    from did.encoding import b64url_decode
    from wallet_cli.gates import Gates, RoleKey
    from wallet_cli.store import ClosedWallet

    def generous(wallet: object) -> None:
        for gate in wallet.gates.values():  # type: ignore[attr-defined]
            gate.tries, gate.initial = 1000, False

    applicant.change(generous)
    closed = ClosedWallet(applicant.path)
    key = closed.data_key_by_passphrase(SECRETS["passphrase"])
    with closed.open(key, random_bytes=applicant.draw, box=None) as store:
        from tests.unit.wallet_cli.driver import FAST
        from wallet_cli.errors import PinWrong

        gates = Gates(store, params=FAST, random_bytes=applicant.draw)
        with pytest.raises(PinWrong):
            gates.open("auth", "1357")
        stored = next(iter(store.wallet.keys.values()))
        with pytest.raises(PinWrong):
            gates.signer(RoleKey(stored.role, bytes(32)), stored.id)
        assert len(b64url_decode(stored.sealed)) > 100
        other = gates.open("sign", SECRETS["pin2"]) if stored.role == "auth" else gates.open("auth", SECRETS["pin1"])
        with pytest.raises(PinWrong):
            gates.signer(other, stored.id)


def test_a_person_at_the_terminal_may_try_again(applicant: Driver) -> None:
    del applicant.secrets["pin1"]
    ended = applicant.type("status", stdin="1111\n2580\n")
    assert ended.exit_code == 0
    assert "PIN1 (3 tries left)" in ended.stderr and "PIN1 (2 tries left)" in ended.stderr


def test_what_can_be_no_pin_is_asked_again_and_costs_no_try(applicant: Driver) -> None:
    del applicant.secrets["pin1"]
    ended = applicant.type("status", stdin="\n25 80\n2580\n")
    assert ended.exit_code == 0 and "(2 tries left)" not in ended.stderr
    assert ended.stderr.count("PIN1 is 4 to 12 digits.  This did not count as a try.") == 2


def test_one_try_is_no_tries(applicant: Driver) -> None:
    del applicant.secrets["pin1"]
    ended = applicant.type("status", stdin="1111\n1357\n2580\n")
    assert ended.exit_code == 0 and "PIN1 (1 try left)" in ended.stderr
