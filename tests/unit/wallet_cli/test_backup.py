"""Backup, restore, delete: nothing readable, nothing overwritten, nothing used comes back to life (T90, T93, T100)."""

from pathlib import Path

import pytest

from tests.simulator import LIBRARY, Simulator
from tests.unit.wallet_cli.driver import Driver, MemoryKeyring

CONSENT = {"verifier": LIBRARY, "purpose": "card", "claims": {"residency": ["municipality_code"]}}
TOWN = {"residency": [["municipality_code"]]}


@pytest.fixture
def backup(wallet: Driver, server: Simulator) -> Path:
    """A backup of a wallet with residency and signing, of which a copy is shown after the backup."""
    wallet.secrets["backup_passphrase"] = "another set of six words"
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    wallet.ok("receive", server.offer("signing"), stdin="yes\n")
    file = wallet.folder / "my.backup"
    said = wallet.ok("backup", str(file))
    assert said["file"] == "my.backup" and said["bytes"] == file.stat().st_size
    wallet.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
    return file


def second(wallet: Driver) -> Driver:
    folder = wallet.folder / "second"
    folder.mkdir()
    secrets = {**wallet.secrets, "passphrase": "a third passphrase here"}
    return Driver(folder, transport=wallet.transport, now=wallet.now, secrets=secrets, _drawn=50_000)


def test_T100_a_restored_wallet_has_no_copy_that_may_have_been_shown(
    wallet: Driver, server: Simulator, backup: Path
) -> None:
    other = second(wallet)
    said = other.ok("restore", str(backup))
    assert said["dropped_copies"] == 10 and said["credentials"] == 2
    held = other.look()
    assert [len(one.copies) for one in held.credentials] == [0, 1], "the signing copy is no single-use copy"
    assert held.id != wallet.look().id
    assert other.ok("list")["credentials"][0]["state"] == "empty"
    other.fails("present", server.ask(claims=TOWN), consent=CONSENT, code="access_denied", exit_code=4)
    other.ok("refresh", "r1")
    other.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)


def test_T100_keeping_the_copies_is_a_choice_that_is_spelt_out(wallet: Driver, backup: Path) -> None:
    other = second(wallet)
    ended = other.type("restore", str(backup), "--keep-copies", as_json=False)
    assert "would be shown again" in ended.stdout
    assert len(other.look().credentials[0].copies) == 10


def test_a_backup_is_private_sealed_and_never_over_another_file(wallet: Driver, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert b"municipality" not in backup.read_bytes()
    before = backup.read_bytes()
    wallet.fails("backup", str(backup), code="conflict", exit_code=1)
    link = wallet.folder / "link"
    link.symlink_to(wallet.folder / "elsewhere")
    wallet.fails("backup", str(link), code="conflict", exit_code=1)
    assert backup.read_bytes() == before and not (wallet.folder / "elsewhere").exists()


def test_an_edited_or_foreign_backup_does_not_open(wallet: Driver, backup: Path) -> None:
    other = second(wallet)
    data = bytearray(backup.read_bytes())
    data[-1] ^= 1
    backup.write_bytes(bytes(data))
    other.fails("restore", str(backup), code="wallet_locked", exit_code=7)
    data[-1] ^= 1
    backup.write_bytes(bytes(data))
    other.secrets["backup_passphrase"] = "not the passphrase"
    other.fails("restore", str(backup), code="wallet_locked", exit_code=7)
    backup.write_bytes(b"something else")
    other.fails("restore", str(backup), code="malformed", exit_code=1)
    other.fails("restore", str(wallet.folder / "absent"), code="not_found", exit_code=4)
    assert not other.path.exists()


def test_restore_overwrites_no_wallet(wallet: Driver, backup: Path) -> None:
    wallet.fails("restore", str(backup), code="conflict", exit_code=1)


def test_the_backup_of_a_keyring_wallet_opens_by_its_passphrase_elsewhere(lone: Driver) -> None:
    lone.keyring = MemoryKeyring()
    lone.ok("init", "--keys", "keyring")
    lone.secrets = {"backup_passphrase": "another set of six words"}
    lone.ok("backup", str(lone.folder / "b"))
    other = second(lone)
    other.secrets = {"backup_passphrase": "another set of six words", "passphrase": "a third passphrase here"}
    other.ok("restore", str(lone.folder / "b"))


def test_delete_one_credential_with_its_keys(wallet: Driver, server: Simulator, backup: Path) -> None:
    wallet.fails("delete", "r1", stdin="no\n", code="access_denied", exit_code=3)
    wallet.fails("delete", "r1", no_input=True, code="malformed", exit_code=2)
    assert wallet.ok("delete", "r1", "--confirm", "r1", no_input=True) == {"deleted": "r1"}
    held = wallet.look()
    assert [one.id for one in held.credentials] == ["s1"]
    assert all(key.use == "application" for key in held.keys.values())
    wallet.fails("delete", "r1", "--confirm", "r1", code="not_found", exit_code=4)
    wallet.fails("delete", code="malformed", exit_code=2)


def test_delete_everything(wallet: Driver, backup: Path) -> None:
    wallet.keyring = MemoryKeyring()
    wallet.ok("unlock")
    assert wallet.keyring.entries
    wallet.fails("delete", "--everything", stdin="no\n", code="access_denied", exit_code=3)
    wallet.ok("delete", "--everything", stdin="yes\n")
    assert not wallet.path.exists() and not wallet.keyring.entries


def test_delete_leaves_what_is_not_the_wallets(wallet: Driver) -> None:
    (wallet.path / "notes.txt").write_text("mine")
    ended = wallet.type("delete", "--everything", stdin="yes\n")
    assert ended.exit_code == 0 and (wallet.path / "notes.txt").exists()
