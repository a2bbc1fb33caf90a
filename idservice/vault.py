"""The master key, and what hangs from it: sealed bytes and MACs. And the files that hold secrets (T79).

`DIR/master.secret` (or the setting) unseals `DIR/keys/master.sealed` by a memory-hard derivation, once per process.
Everything else is AES-256-GCM and HMAC-SHA-256 under keys derived from the 32 bytes inside.
"""

import hmac
import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from did import keyfile
from did.errors import KeyFileInvalid
from idservice.problems import Refused
from idservice.settings import Options

SECRET_FILE = "master.secret"  # noqa: S105 (a file name)
MASTER_FILE = "master.sealed"
KEYS_FOLDER = "keys"

_VERSION = b"\x01"
_SALT_BYTES = 24
_NONCE = bytes(12)
"""Every sealing has a key of its own, drawn by a random salt, so the nonce need not differ."""
_MASTER_CONTEXT = b"openresidency master key 1"


class Vault:
    """Seals, unseals and MACs under keys derived from one master key."""

    def __init__(self, master: bytes) -> None:
        """Take the 32-byte master key."""
        self._seal_key = self._derive(master, "seal")
        self._mac_key = self._derive(master, "mac")

    def seal(self, plain: bytes, context: str | bytes) -> bytes:
        """Return `plain` encrypted and bound to `context`, which names table, column and row (or the file)."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return _VERSION + salt + self._cipher(salt).encrypt(_NONCE, plain, _as_bytes(context))

    def unseal(self, sealed: bytes, context: str | bytes) -> bytes:
        """Return what was sealed under the same context. Raises Refused (`unavailable`) for anything else."""
        salt, text = sealed[1 : 1 + _SALT_BYTES], sealed[1 + _SALT_BYTES :]
        if sealed[:1] != _VERSION or len(salt) != _SALT_BYTES:
            raise _unreadable()
        try:
            return self._cipher(salt).decrypt(_NONCE, text, _as_bytes(context))
        except (InvalidTag, ValueError) as error:
            raise _unreadable() from error

    def mac(self, purpose: str, data: bytes) -> bytes:
        """Return a 32-byte HMAC-SHA-256 of `data` under a key of its own for `purpose`."""
        return hmac.digest(hmac.digest(self._mac_key, purpose.encode(), sha256), data, sha256)

    def _cipher(self, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._seal_key, salt, sha256))

    @staticmethod
    def _derive(master: bytes, use: str) -> bytes:
        return hmac.digest(master, b"openresidency " + use.encode(), sha256)


def create_vault(data: Path, options: Options, params: keyfile.KdfParams) -> Vault:
    """Make the master key of a new data folder, and its secret unless the settings give one."""
    (data / KEYS_FOLDER).mkdir(mode=0o700)
    if options.master_secret is None and options.master_secret_file is None:
        write_private(data / SECRET_FILE, secrets.token_urlsafe(32).encode() + b"\n")
    master = secrets.token_bytes(32)
    sealed = keyfile.seal(
        master,
        _master_secret(data, options),
        params=params,
        random_bytes=secrets.token_bytes,
        context=_MASTER_CONTEXT,
    )
    write_private(data / KEYS_FOLDER / MASTER_FILE, sealed)
    return Vault(master)


def open_vault(data: Path, options: Options) -> Vault:
    """Unseal the master key of a data folder.

    Raises Refused (`unavailable`): no such folder, a secret that others may read, or a wrong secret.
    """
    if not (data / KEYS_FOLDER / MASTER_FILE).exists():
        raise Refused("unavailable", f"{data} holds no service", hint="Run idservice init first.")
    check_private(data)
    try:
        sealed = (data / KEYS_FOLDER / MASTER_FILE).read_bytes()
        return Vault(keyfile.unseal(sealed, _master_secret(data, options), context=_MASTER_CONTEXT))
    except KeyFileInvalid as error:
        raise Refused(
            "unavailable",
            "the master key cannot be unsealed: the secret is wrong or the file was changed",
            hint="Give the secret of this data folder, or restore the folder from a backup.",
        ) from error


def check_private(data: Path) -> None:
    """Refuse a data folder whose secrets others may read or write (T79)."""
    paths = [data, data / SECRET_FILE, *(data / KEYS_FOLDER).rglob("*"), data / KEYS_FOLDER]
    for path in paths:
        if path.exists():
            require_private(path)


def require_private(path: Path) -> None:
    """Refuse a file or folder that group or others may read, write or enter."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        mode = "0700" if path.is_dir() else "0600"
        raise Refused("unavailable", f"others than the owner may read {path}", hint=f"chmod {mode} {path}")


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _master_secret(data: Path, options: Options) -> str:
    if options.master_secret is not None:
        return options.master_secret.get_secret_value()
    path = options.master_secret_file or data / SECRET_FILE
    if not path.exists():
        raise Refused("unavailable", f"the master secret file {path} is missing", hint="Restore it from a safe place.")
    require_private(path)
    return path.read_text(encoding="utf-8").strip()


def _as_bytes(context: str | bytes) -> bytes:
    return context.encode() if isinstance(context, str) else context


def _unreadable() -> Refused:
    return Refused("unavailable", "a sealed value cannot be read", hint="Restore keys and database of one backup.")
