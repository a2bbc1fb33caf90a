"""A wallet in a temporary folder, typed at in process: the real command line over a made-up world."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

from did.keyfile import KdfParams
from wallet_cli.cli import run
from wallet_cli.sealed import parse_sealed
from wallet_cli.store import FILE_NAME, decode_wallet
from wallet_cli.world import SystemKeyring, World

NOW = datetime(2026, 11, 22, 7, 14, tzinfo=UTC)
FAST = KdfParams(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = "six words that nobody else knows"
SECRETS = {"passphrase": PASSPHRASE, "pin1": "2580", "pin2": "97531", "puk": "86420975"}


class Killed(BaseException):
    """The process ends here, as by a power cut: nothing below may catch it."""


@dataclass(frozen=True)
class Ended:
    """How one command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        [line] = self.stdout.splitlines()
        return json.loads(line)

    @property
    def code(self) -> str | None:
        """The error code, if the command failed."""
        return self.json["error"]["code"] if self.stdout.startswith('{"error"') else None

    @property
    def lines(self) -> list[str]:
        return [*self.stdout.splitlines(), *self.stderr.splitlines()]


class MemoryKeyring:
    """A system keyring that lives as long as the test."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        from keyring.errors import PasswordDeleteError

        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")


class Terminal(io.StringIO):
    """Standard input of a person at a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Driver:
    """Types `wallet` commands. `secrets` go into a secrets file; `stdin` answers what is still asked."""

    folder: Path
    transport: httpx2.BaseTransport | None = None
    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    keyring: SystemKeyring | None = None
    now: datetime = NOW
    kill_at_save: int | None = None
    saves: int = 0
    _drawn: int = 0

    @property
    def path(self) -> Path:
        return self.folder / "wallet"

    def clock(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)

    def type(
        self,
        *args: str,
        stdin: str = "",
        consent: Any = None,
        as_json: bool = True,
        no_input: bool = False,
        secrets: bool = True,
        terminal: bool = False,
    ) -> Ended:
        """Run one command line."""
        options = ["--wallet", str(self.path)]
        if secrets:
            options += ["--secrets-file", str(self._file("secrets", self.secrets))]
        if consent is not None:
            options += ["--consent-file", str(self._file("consent", consent))]
        options += ["--json"] if as_json else []
        options += ["--no-input"] if no_input else []
        out, err = io.StringIO(), io.StringIO()
        world = World(
            stdin=Terminal(stdin) if terminal else io.StringIO(stdin),
            stdout=out,
            stderr=err,
            environ={"HOME": str(self.folder)},
            clock=self.clock,
            random_bytes=self.draw,
            find_keyring=lambda: self.keyring,
            transport=self.transport,
            kdf=FAST,
        )
        code = run([*args, *options], world=world)
        return Ended(code, out.getvalue(), err.getvalue())

    def draw(self, size: int) -> bytes:
        """Bytes that are the same in every run of a test, and never the same twice in one."""
        self._drawn += 1
        out = b""
        while len(out) < size:
            out += sha256(f"{self._drawn}/{len(out)}".encode()).digest()
        return out[:size]

    def ok(self, *args: str, **options: Any) -> Any:
        """Run a command that has to succeed and return its JSON."""
        ended = self.type(*args, **options)
        assert ended.exit_code == 0, ended.stderr + ended.stdout
        return ended.json

    def fails(self, *args: str, code: str, exit_code: int, **options: Any) -> Ended:
        """Run a command that has to fail in exactly this way; its error has four parts on stderr."""
        ended = self.type(*args, **options)
        assert (ended.code, ended.exit_code) == (code, exit_code), ended.stderr + ended.stdout
        assert f"{code}  exit {exit_code}  id " in ended.stderr
        assert "Do this: " in ended.stderr
        return ended

    def init(self, **options: Any) -> Any:
        return self.ok(
            "init", *(["--service", "https://id.example"] if self.transport else []), stdin="yes\n", **options
        )

    def look(self) -> Any:
        """Open the sealed file beside the command line and return what is in it."""
        from wallet_cli.sealed import open_passphrase_slot

        sealed = parse_sealed((self.path / FILE_NAME).read_bytes())
        return decode_wallet(sealed.open(open_passphrase_slot(sealed.header, self.secrets["passphrase"])))

    def change(self, edit: Callable[[Any], None]) -> None:
        """Change what is in the sealed file, as the wallet itself would."""
        from wallet_cli.store import ClosedWallet

        closed = ClosedWallet(self.path)
        key = closed.data_key_by_passphrase(self.secrets["passphrase"])
        with closed.open(key, random_bytes=self.draw, box=None) as store:
            edit(store.wallet)
            store.save()

    def _file(self, name: str, content: Any) -> Path:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        path.chmod(0o600)
        return path
