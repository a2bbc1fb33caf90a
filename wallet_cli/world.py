"""Everything the wallet takes from outside its own code, in one value that tests can replace.

Commands read no clock, environment, stream, socket or random source of their own: they get a
`World`. `real_world()` is the only place where the process's own ones are named.
"""

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    import httpx2

    from did.keyfile import KdfParams


class SystemKeyring(Protocol):
    """The part of the `keyring` library's backends that the wallet uses."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return an entry, None when there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write an entry."""

    def delete_password(self, service: str, username: str) -> None:
        """Delete an entry; raises the library's PasswordDeleteError when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Streams, environment, time, randomness, network and keyring of one run.

    `clock` is real time in UTC; the dev clock's offset is added by the session. `transport` and
    `kdf` are None outside tests: the real network, and parameters measured on this machine.
    """

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    find_keyring: Callable[[], SystemKeyring | None]
    transport: "httpx2.BaseTransport | None" = None
    kdf: "KdfParams | None" = None


def _system_keyring() -> SystemKeyring | None:
    from wallet_cli.keyring_box import find_system_keyring

    return find_system_keyring()


def real_world() -> World:
    """The world of a wallet process."""
    return World(
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        environ=os.environ,
        clock=lambda: datetime.now(UTC),
        random_bytes=secrets.token_bytes,
        find_keyring=_system_keyring,
    )
