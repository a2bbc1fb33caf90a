"""The sealed store: no edit, swap, weaker header, link or half-written file gets through (T90, T93)."""

import os
import struct
from pathlib import Path

import pytest

from did.encoding import b64url_encode
from did.errors import IdError, Malformed
from tests.unit.wallet_cli.driver import FAST, PASSPHRASE, Driver, MemoryKeyring
from wallet_cli.errors import Conflict, NotFound, WalletLocked
from wallet_cli.folder import Folder, make_private_folder, read_private_file, write_new_file
from wallet_cli.sealed import MAGIC, parse_sealed
from wallet_cli.store import FILE_NAME


def sealed_file(driver: Driver) -> Path:
    return driver.path / FILE_NAME


def test_a_new_wallet_is_private_and_opens_with_its_passphrase(lone: Driver) -> None:
    said = lone.init()
    assert said["keystore"] == "file+passphrase" and said["keys"] == []
    assert lone.path.stat().st_mode & 0o777 == 0o700
    assert sealed_file(lone).stat().st_mode & 0o777 == 0o600
    assert lone.ok("list") == {"credentials": []}
    lone.secrets["passphrase"] = "another passphrase"
    lone.fails("list", code="wallet_locked", exit_code=7)


def test_a_passphrase_has_twelve_characters_and_is_typed_twice(lone: Driver) -> None:
    lone.secrets = {}
    lone.fails("init", "--keys", "passphrase", stdin="too short\ntoo short\n", code="malformed", exit_code=2)
    typed = "a passphrase\nanother passphrase\n"
    lone.fails("init", "--keys", "passphrase", stdin=typed, code="malformed", exit_code=2)
    lone.fails("init", "--keys", "passphrase", no_input=True, code="malformed", exit_code=2)
    assert not lone.path.exists()
    ended = lone.type("init", stdin="2\na passphrase\na passphrase\n")
    assert ended.exit_code == 0


def test_T90_nothing_in_the_file_is_readable(lone: Driver) -> None:
    lone.init()
    data = sealed_file(lone).read_bytes()
    for word in (b"history", b"credentials", PASSPHRASE.encode(), b"generation"):
        assert word not in data


def test_T90_every_edit_breaks_the_seal(lone: Driver) -> None:
    lone.init()
    good = sealed_file(lone).read_bytes()
    length = struct.unpack(">I", good[len(MAGIC) : len(MAGIC) + 4])[0]
    body = len(MAGIC) + 4 + length
    places = [0, len(MAGIC) + 3, len(MAGIC) + 8, body - 40, body, body + 13, len(good) // 2, len(good) - 1]
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 1
        sealed_file(lone).write_bytes(bytes(bad))
        ended = lone.type("list")
        assert ended.exit_code in (1, 7) and ended.code in ("wallet_locked", "malformed"), place
    for cut in (0, 5, body, len(good) - 1):
        sealed_file(lone).write_bytes(good[:cut])
        assert lone.type("list").exit_code in (1, 7)
    sealed_file(lone).write_bytes(good)
    lone.ok("list")


def test_T90_a_cheaper_derivation_in_the_header_does_not_open(lone: Driver) -> None:
    lone.init()
    data = sealed_file(lone).read_bytes()
    header = parse_sealed(data).header
    wrapped = bytearray(header.slots[0].wrapped)
    wrapped[8 + 3] ^= 1  # the memory cost in the key file's own header
    edited = data.replace(b64url_encode(header.slots[0].wrapped).encode(), b64url_encode(bytes(wrapped)).encode())
    assert edited != data and len(edited) == len(data)
    sealed_file(lone).write_bytes(edited)
    lone.fails("list", code="wallet_locked", exit_code=7)


def test_T90_the_file_of_another_wallet_does_not_pass_for_this_one(tmp_path: Path) -> None:
    first, second = Driver(tmp_path / "1"), Driver(tmp_path / "2", _drawn=1000)
    for driver in (first, second):
        driver.folder.mkdir()
        driver.init()
    mine, other = (parse_sealed(sealed_file(driver).read_bytes()) for driver in (first, second))
    mixed = MAGIC + struct.pack(">I", len(mine.header_bytes)) + mine.header_bytes + other.nonce + other.ciphertext
    sealed_file(first).write_bytes(mixed)
    first.fails("list", code="wallet_locked", exit_code=7)


def test_T90_an_older_copy_is_noticed_in_keyring_mode(lone: Driver) -> None:
    lone.keyring = MemoryKeyring()
    lone.ok("init", "--keys", "keyring")
    old = sealed_file(lone).read_bytes()
    lone.secrets = {}
    assert lone.ok("list") == {"credentials": []}
    key = next(name for name in lone.keyring.entries if name[1].endswith(":generation"))
    lone.keyring.entries[key] = "7"
    ended = lone.fails("list", code="wallet_locked", exit_code=7)
    assert "older copy" in ended.stderr
    assert sealed_file(lone).read_bytes() == old


def test_the_keyring_is_asked_for_and_never_replaced(lone: Driver) -> None:
    ended = lone.fails("init", "--keys", "keyring", code="unavailable", exit_code=6)
    assert "no system keyring" in ended.stderr
    assert not lone.path.exists()
    lone.secrets = {}
    lone.fails("init", stdin="1\n", code="unavailable", exit_code=6)
    lone.fails("init", stdin="3\n", code="malformed", exit_code=2)


def test_plain_text_keyrings_do_not_count() -> None:
    import keyring
    from keyring.backends.fail import Keyring as Fail
    from keyring.backends.null import Keyring as Null

    from wallet_cli.keyring_box import find_system_keyring

    before = keyring.get_keyring()
    try:
        for backend in (Fail, Null):
            keyring.set_keyring(backend())
            assert find_system_keyring() is None
    finally:
        keyring.set_keyring(before)


def test_a_keyring_without_the_secret_opens_nothing(lone: Driver) -> None:
    lone.keyring = MemoryKeyring()
    lone.ok("init", "--keys", "keyring")
    lone.keyring = MemoryKeyring()
    lone.fails("list", code="wallet_locked", exit_code=7)
    lone.keyring = None
    lone.fails("list", code="unavailable", exit_code=6)


def test_nothing_is_overwritten(lone: Driver) -> None:
    lone.init()
    before = sealed_file(lone).read_bytes()
    lone.fails("init", code="conflict", exit_code=1)
    assert sealed_file(lone).read_bytes() == before


def test_T93_a_folder_others_can_look_into_is_not_opened(lone: Driver) -> None:
    lone.init()
    lone.path.chmod(0o750)
    ended = lone.fails("list", code="wallet_locked", exit_code=7)
    assert "chmod 700" in ended.stderr
    lone.path.chmod(0o700)
    sealed_file(lone).chmod(0o644)
    lone.fails("list", code="wallet_locked", exit_code=7)


def test_T93_links_are_not_followed(lone: Driver) -> None:
    lone.init()
    real = lone.path.rename(lone.folder / "real")
    lone.path.symlink_to(real)
    assert lone.type("list").exit_code != 0
    lone.path.unlink()
    real.rename(lone.path)
    sealed_file(lone).rename(lone.folder / "away")
    sealed_file(lone).symlink_to(lone.folder / "away")
    assert lone.type("list").exit_code != 0


def test_T93_names_are_plain_and_devices_are_no_files(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "w")
    with Folder(tmp_path / "w") as folder:
        for name in ("../x", "a/b", ".hidden", "", "a" * 65, "nul\0"):
            with pytest.raises(Malformed):
                folder.write(name, b"")
        with pytest.raises(Conflict):
            folder.write("lock", b"", overwrite=False)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path / "w"):
        with pytest.raises(IdError):
            read_private_file(path, max_bytes=10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(Malformed):
        read_private_file(tmp_path / "large", max_bytes=10)
    with pytest.raises(NotFound):
        read_private_file(tmp_path / "absent", max_bytes=10)


def test_T93_an_export_is_a_new_private_file(tmp_path: Path) -> None:
    write_new_file(tmp_path / "out", b"secret")
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("out", "link"):
        with pytest.raises(Conflict):
            write_new_file(tmp_path / name, b"")
    assert not (tmp_path / "elsewhere").exists()


def test_one_command_at_a_time(lone: Driver) -> None:
    lone.init()
    with Folder(lone.path), pytest.raises(WalletLocked, match="Another command"):
        Folder(lone.path, wait_seconds=0.1)
    lone.ok("list")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "w")
    with Folder(tmp_path / "w", lock=False) as folder:
        folder.write("file", b"old")
        (tmp_path / "w" / "file.new").write_bytes(b"half")
        folder.write("file", b"new")
        assert folder.read("file", max_bytes=10) == b"new"
        assert not (tmp_path / "w" / "file.new").exists()


def test_the_derivation_takes_a_quarter_of_a_second_here() -> None:
    import time

    from did.keyfile import seal
    from wallet_cli.kdf import FLOOR_SECONDS, calibrate

    params = calibrate()
    started = time.monotonic()
    seal(b"", PASSPHRASE, random_bytes=bytes, params=params, context=b"test")
    assert params.iterations == 64 or time.monotonic() - started >= FLOOR_SECONDS * 0.8
    assert params.memory_kib >= 65536 and params != FAST


def test_a_wallet_of_a_newer_version_is_not_guessed_at(lone: Driver) -> None:
    lone.init()

    def age(wallet: object) -> None:
        wallet.version = 2  # type: ignore[attr-defined]

    lone.change(age)
    ended = lone.fails("list", code="malformed", exit_code=1)
    assert "another version" in ended.stderr


def test_a_folder_without_a_wallet_says_so(lone: Driver) -> None:
    ended = lone.fails("list", code="not_found", exit_code=4)
    assert "wallet init" in ended.stderr


def test_T89_a_disk_that_is_full_keeps_the_last_state(lone: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    lone.init()
    before = sealed_file(lone).read_bytes()

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        ended = lone.fails("trust", "add", "did:web:a.example", stdin="yes\n", code="unavailable", exit_code=6)
    assert "No space left" in ended.stderr
    assert sealed_file(lone).read_bytes() == before
    assert {path.name for path in lone.path.iterdir()} == {FILE_NAME, "lock"}
    lone.ok("list")
