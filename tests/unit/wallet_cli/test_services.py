"""The signed list: pinned at the start, followed forwards only, and trust by hand beside it (T42, T55)."""

import json
from pathlib import Path

import pytest

from credentials.signed_list import fingerprint
from credentials.x509 import to_pem
from tests.simulator import BASE, Simulator
from tests.unit.wallet_cli.driver import Driver


def test_the_fingerprint_is_shown_and_asked(lone: Driver) -> None:
    lone.transport = server = Simulator(lone.clock)
    ended = lone.fails("init", "--service", BASE, stdin="no\n", code="access_denied", exit_code=3)
    assert fingerprint(server.list_key.public_key) in ended.stderr
    assert not lone.path.exists()
    lone.fails("init", "--service", BASE, no_input=True, code="malformed", exit_code=2)
    lone.fails("init", "--service", BASE, "--fingerprint", "A" * 43, code="issuer_untrusted", exit_code=1)
    said = lone.ok("init", "--service", BASE, "--fingerprint", fingerprint(server.list_key.public_key), no_input=True)
    assert said["service"]["base_url"] == BASE


@pytest.mark.parametrize("lie", ["list_expired", "list_other_publisher", "html", "down"])
def test_a_list_that_is_not_right_pins_nothing(lone: Driver, lie: str) -> None:
    lone.transport = server = Simulator(lone.clock)
    server.lies.add(lie)
    ended = lone.type("init", "--service", BASE, stdin="yes\n")
    assert ended.exit_code in (1, 6) and not lone.path.exists()


@pytest.mark.parametrize("lie", ["list_other_key", "list_rollback", "list_expired", "list_other_publisher"])
def test_a_later_list_under_another_key_or_older_is_refused(wallet: Driver, server: Simulator, lie: str) -> None:
    server.lies.add(lie)
    ended = wallet.type("refresh", "--status")
    assert ended.exit_code != 0
    wallet.advance(hours=25)
    offer = server.offer("residency")
    assert wallet.type("receive", offer, stdin="yes\n").exit_code != 0
    server.lies.clear()
    wallet.ok("receive", offer, stdin="yes\n")


def test_the_next_key_is_taken_only_as_announced(wallet: Driver, server: Simulator) -> None:
    server.lies.add("list_next_key")
    wallet.ok("refresh", "--status")
    assert wallet.look().services[0].pinned == fingerprint(server.next_list_key.public_key)
    server.lies.clear()
    wallet.fails("refresh", "--status", code="issuer_untrusted", exit_code=1)


def test_a_list_is_used_until_it_runs_out(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    assert len(server.sent("/v1/trusted-list")) == 1
    wallet.advance(hours=25)
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    assert len(server.sent("/v1/trusted-list")) == 2


def test_a_development_wallet_reads_what_its_service_wrote(lone: Driver) -> None:
    lone.transport = server = Simulator(lone.clock)
    data = lone.folder / "service"
    data.mkdir()
    (data / "roots.pem").write_text(to_pem(server.root))
    dev = {"base_url": BASE, "ca": "roots.pem", "list_key": fingerprint(server.list_key.public_key)}
    file = data / "dev.json"
    file.write_text(json.dumps(dev))
    file.chmod(0o600)
    lone.fails("init", "--service-data", str(data), code="malformed", exit_code=2)
    lone.fails(
        "init", "--dev", "--service-data", str(data), "--service", "https://x.example", code="malformed", exit_code=2
    )
    said = lone.ok("init", "--dev", "--service-data", str(data), no_input=True)
    assert said["service"]["fingerprint"] == dev["list_key"]
    lone.ok("receive", server.offer("residency"), stdin="yes\n")
    (data / "clock-offset").write_text("P20D")
    assert lone.ok("list")["credentials"][0]["state"] == "expired"


def test_another_service_can_be_followed_and_dropped(wallet: Driver, server: Simulator) -> None:
    wallet.fails("trust", "add", BASE, stdin="yes\n", code="conflict", exit_code=1)
    [entry] = wallet.ok("trust", "list")["trusted"]
    assert entry["kind"] == "list" and entry["name"] == BASE
    wallet.ok("trust", "remove", "l1")
    wallet.fails("receive", server.offer("residency"), stdin="yes\n", code="issuer_untrusted", exit_code=1)
    wallet.ok("trust", "add", BASE, "--fingerprint", fingerprint(server.list_key.public_key), no_input=True)
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    wallet.fails("trust", "remove", "l9", code="not_found", exit_code=4)


def test_an_issuer_by_its_root_for_the_types_that_are_named(lone: Driver) -> None:
    lone.transport = server = Simulator(lone.clock)
    lone.ok("init")
    lone.fails("receive", server.offer("residency"), stdin="yes\n", code="issuer_untrusted", exit_code=1)
    pem = lone.folder / "root.pem"
    pem.write_text(to_pem(server.root))
    lone.fails("trust", "add", str(pem), "--issuer", BASE, stdin="yes\n", code="malformed", exit_code=2)
    args = ["trust", "add", str(pem), "--issuer", BASE, "--type", server.vct("residency"), "--name", "Example"]
    lone.fails(*args, stdin="no\n", code="access_denied", exit_code=3)
    added = lone.ok(*args, stdin="yes\n")
    lone.fails(*args, stdin="yes\n", code="conflict", exit_code=1)
    ended = lone.type("receive", server.offer("residency"), stdin="yes\n")
    assert ended.exit_code == 0 and "added by you" in ended.stderr, ended.stderr
    lone.fails("receive", server.offer("e-residency"), stdin="yes\n", code="issuer_untrusted", exit_code=1)
    table = lone.type("trust", "list", as_json=False).stdout
    assert "issuer, by root" in table and "Example" in table
    lone.ok("trust", "remove", added["id"])


def test_a_verifier_by_its_did(lone: Driver) -> None:
    lone.ok("init")
    added = lone.ok("trust", "add", "did:web:shop.example", "--fingerprint", "did:web:shop.example", no_input=True)
    assert added["kind"] == "did"
    for wrong in ("did:", "did:web", "nothing.pem"):
        assert lone.type("trust", "add", wrong, stdin="yes\n").exit_code != 0
    assert [entry["value"] for entry in lone.ok("trust", "list")["trusted"]] == ["did:web:shop.example"]


def test_several_certificates_in_one_file_are_not_guessed_at(wallet: Driver, server: Simulator, tmp_path: Path) -> None:
    pem = tmp_path / "two.pem"
    pem.write_text(to_pem(server.root) + to_pem(server.library.leaf))
    wallet.fails("trust", "add", str(pem), stdin="yes\n", code="malformed", exit_code=2)
