"""The operating system's keyring as a place for a wallet's secret, its write counter and an unlock.

Only keyrings that the system itself protects count: a backend that keeps plain text, keeps
nothing, or is missing is no keyring, and the wallet says so instead of falling back (T91).
"""

import json
from datetime import datetime

from did.encoding import b64url_decode, b64url_encode, json_object
from did.errors import Malformed
from wallet_cli.errors import Unavailable
from wallet_cli.world import SystemKeyring

SERVICE = "openresidency wallet"
_TRUSTED_BACKENDS = (
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)


def find_system_keyring() -> SystemKeyring | None:
    """Return the system's own keyring if there is one that protects what it holds, else None."""
    import keyring
    from keyring.backends import chainer

    backend = keyring.get_keyring()
    candidates = list(backend.backends) if isinstance(backend, chainer.ChainerBackend) else [backend]
    for candidate in candidates:
        if type(candidate).__module__.startswith(_TRUSTED_BACKENDS):
            return candidate
    return None


def need_keyring(found: SystemKeyring | None) -> SystemKeyring:
    """Return `found`, or refuse: there is never a silent fallback to a weaker place."""
    if found is None:
        raise Unavailable(
            "This computer has no system keyring that protects what it holds.",
            why="Nothing was stored: a secret is never kept in plain text instead.",
            hint="use a file locked by a passphrase (choice 2), or start the keyring of your desktop",
        )
    return found


class KeyringBox:
    """What one wallet keeps in the system keyring, by the wallet's id."""

    def __init__(self, backend: SystemKeyring, wallet_id: str) -> None:
        self._backend = backend
        self._id = wallet_id

    def secret(self) -> bytes | None:
        """The 32 bytes that open a wallet of choice 1."""
        return _bytes_or_none(self._get("secret"))

    def keep_secret(self, secret: bytes) -> None:
        """Keep the 32 bytes that open the wallet."""
        self._set("secret", b64url_encode(secret))

    def generation(self) -> int | None:
        """The number of the newest write that this keyring has seen (a rollback shows against it)."""
        text = self._get("generation")
        return int(text) if text is not None and text.isdigit() else None

    def keep_generation(self, number: int) -> None:
        """Keep the number of a write that is on disk."""
        self._set("generation", str(number))

    def unlocked_key(self, *, now: datetime) -> bytes | None:
        """The data key of an unlock that still runs; one that has run out is deleted."""
        text = self._get("unlock")
        if text is None:
            return None
        try:
            entry = json_object(text)
            until = datetime.fromisoformat(str(entry["until"]))
            since = datetime.fromisoformat(str(entry["since"]))
            if since <= now < until:
                return b64url_decode(str(entry["key"]), max_bytes=32)
        except (Malformed, KeyError, ValueError, TypeError):
            pass  # an entry that cannot be read is as good as none, and goes
        self.forget_unlock()
        return None

    def keep_unlock(self, key: bytes, *, since: datetime, until: datetime) -> None:
        """Keep the data key until `until`."""
        entry = {"key": b64url_encode(key), "since": since.isoformat(), "until": until.isoformat()}
        self._set("unlock", json.dumps(entry))

    def forget_unlock(self) -> bool:
        """Delete an unlock; tells whether there was one."""
        return self._delete("unlock")

    def forget_all(self) -> None:
        """Delete everything that is kept for this wallet."""
        for kind in ("secret", "generation", "unlock"):
            self._delete(kind)

    def _get(self, kind: str) -> str | None:
        from keyring.errors import KeyringError

        try:
            return self._backend.get_password(SERVICE, f"{self._id}:{kind}")
        except KeyringError as exc:
            raise _locked() from exc

    def _set(self, kind: str, value: str) -> None:
        from keyring.errors import KeyringError

        try:
            self._backend.set_password(SERVICE, f"{self._id}:{kind}", value)
        except KeyringError as exc:
            raise _locked() from exc

    def _delete(self, kind: str) -> bool:
        from keyring.errors import KeyringError, PasswordDeleteError

        try:
            self._backend.delete_password(SERVICE, f"{self._id}:{kind}")
        except PasswordDeleteError:
            return False
        except KeyringError as exc:
            raise _locked() from exc
        return True


def _bytes_or_none(text: str | None) -> bytes | None:
    return None if text is None else b64url_decode(text, max_bytes=64)


def _locked() -> Unavailable:
    return Unavailable(
        "The system keyring did not answer.",
        why="It may be locked, or its question was dismissed.  Nothing was changed.",
        hint="unlock the keyring of your desktop and run the command again",
    )
