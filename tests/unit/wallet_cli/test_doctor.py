"""The doctor finds what is wrong and names the command that puts it right."""

import pytest

from tests.simulator import Simulator
from tests.unit.wallet_cli.driver import Driver
from wallet_cli.checkup import Finding
from wallet_cli.text import WIDTH


def findings(wallet: Driver, *args: str) -> dict[str, dict[str, str]]:
    """Checks by name; where a name comes several times, the worst of them."""
    worst: dict[str, dict[str, str]] = {}
    order = ["passed", "warning", "failed"]
    for check in wallet.type("doctor", *args).json["checks"]:
        known = worst.get(check["name"])
        if known is None or order.index(check["outcome"]) > order.index(known["outcome"]):
            worst[check["name"]] = check
    return worst


def test_all_is_well(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    ended = wallet.type("doctor", as_json=False)
    assert ended.exit_code == 0 and "All is well." in ended.stdout
    assert "clock differs from the service by 2 s" in ended.stdout


@pytest.mark.parametrize(
    ("lie", "name", "exit_code"),
    [("clock_off", "clock", 1), ("list_rollback", "signed_list", 1), ("down", "signed_list", 6)],
)
def test_what_a_server_shows(wallet: Driver, server: Simulator, lie: str, name: str, exit_code: int) -> None:
    server.lies.add(lie)
    assert findings(wallet)[name]["outcome"] == "failed"
    assert wallet.type("doctor").exit_code == exit_code
    assert wallet.type("doctor", "--offline").exit_code == 0


def test_status_of_what_is_held(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    for index in range(10, 60):
        server.statuses.set(index, 1)
    wallet.advance(minutes=6)
    found = findings(wallet)["credential"]
    assert found["code"] == "credential_revoked" and wallet.type("doctor").exit_code == 5
    assert wallet.ok("list")["credentials"][0]["state"] == "revoked"


def test_a_stale_list_copies_that_end_and_copies_that_are_few(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    wallet.advance(minutes=26)
    assert findings(wallet, "--offline")["status_age"]["hint"] == "wallet refresh --status"
    assert wallet.type("doctor", "--offline").exit_code == 6
    server.lies.add("status_down")
    assert wallet.type("doctor").exit_code == 6
    server.lies.clear()

    def few(held: object) -> None:
        del held.credentials[0].copies[3:]  # type: ignore[attr-defined]

    wallet.change(few)
    found = findings(wallet)["copies"]
    assert found["outcome"] == "warning" and found["hint"] == "wallet refresh r1"
    assert found["detail"] == "3 copies of residency left"
    wallet.advance(days=13)
    wallet.ok("refresh", "r1")
    wallet.advance(days=13)
    assert "runs out on" in findings(wallet)["copies"]["detail"]
    wallet.advance(days=5)
    assert findings(wallet)["credential"]["code"] == "credential_expired"


def test_folder_and_seal(lone: Driver) -> None:
    assert findings(lone)["folder"]["code"] == "not_found"
    assert lone.type("doctor").exit_code == 4
    lone.init()
    assert "service" in findings(lone)
    lone.path.chmod(0o755)
    assert findings(lone)["folder"]["hint"].startswith("chmod 700")
    assert lone.type("doctor").exit_code == 7
    lone.path.chmod(0o700)
    file = lone.path / "wallet.sealed"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert findings(lone)["seal"]["code"] == "wallet_locked"


def test_pins_that_are_blocked_and_an_application_that_was_not_sent(wallet: Driver, server: Simulator) -> None:
    from tests.unit.wallet_cli.test_gates import FORM

    server.lies.add("answer_lost")
    wallet.type("apply", "e-residency", "--form", str(wallet._file("form", FORM)))
    server.lies.clear()
    assert findings(wallet)["application"]["outcome"] == "warning"

    def block(held: object) -> None:
        held.gates["auth"].tries = 0  # type: ignore[attr-defined]
        held.puk_tries = 0  # type: ignore[attr-defined]

    wallet.change(block)
    found = findings(wallet)
    assert found["pin"]["hint"] == "wallet pin unblock pin1" and found["puk"]["outcome"] == "failed"
    assert wallet.type("doctor").exit_code == 7


def test_lines_fit() -> None:
    for words in ("short", "x" * 200):
        for fix in ("", "wallet refresh e1"):
            assert len(Finding(name="n", outcome="warning", words=words, fix=fix).line()) <= WIDTH
