"""A stage for stories: the service and each person's wallet as processes of their own.

The demo and the black-box scenario tests stand on it. Nothing here knows how the parts work
inside: it starts `idservice`, types `wallet` commands, and calls the HTTP API as staff and
agencies do.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

START_SECONDS = 30.0
COMMAND_SECONDS = 120.0


class StageError(Exception):
    """A part did not do what the story needs; the message holds what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One finished command: its exit code, what it printed, and its JSON where it printed one."""

    args: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def code(self) -> str | None:
        """The house error code that the command gave, if it gave one."""
        for line in (*self.stdout.splitlines(), *self.stderr.splitlines()):
            if line.startswith("{"):
                error = json.loads(line).get("error")
                if isinstance(error, dict):
                    return str(error["code"])
        return None


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_command(args: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "") -> Ran:
    """Run one command to its end; `args[0]` is a module of ours, run by this interpreter."""
    done = subprocess.run(  # noqa: S603 - a fixed module of ours with arguments that no shell reads
        [sys.executable, "-m", *args],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return Ran(args=tuple(args), exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


@dataclass(kw_only=True)
class Stage:
    """A service in `folder`/service, one wallet folder for each person beside it."""

    folder: Path
    port: int = field(default_factory=free_port)
    database_url: str | None = None
    workers: int = 1
    _process: subprocess.Popen[bytes] | None = None
    _offset: timedelta = timedelta()

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running service's parent process."""
        if self._process is None:
            raise StageError("the service is not running")
        return self._process.pid

    @property
    def data(self) -> Path:
        return self.folder / "service"

    @property
    def dev(self) -> dict[str, Any]:
        """What `init` wrote for scripts: addresses, tokens of staff and agencies."""
        return dict(json.loads((self.data / "dev.json").read_text()))

    def _environment(self) -> dict[str, str]:
        return {"IDSERVICE_DATABASE_URL": self.database_url} if self.database_url else {}

    def init(self) -> None:
        ran = run_command(
            ["idservice", "init", "--data", str(self.data), "--base-url", self.base_url, "--dev"],
            env=self._environment(),
        )
        if ran.exit_code != 0:
            raise StageError(f"idservice init ended with {ran.exit_code}: {ran.stderr}")

    def serve(self) -> None:
        """Start the service and wait until it says that it is ready."""
        options = ["--data", str(self.data), "--port", str(self.port), "--workers", str(self.workers)]
        with (self.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - as above
                [sys.executable, "-m", "idservice", "serve", *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment()},
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                if httpx2.get(f"{self.base_url}/readyz", timeout=1).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.1)
        raise StageError(f"the service did not become ready; its log: {self.log()[-2000:]}")

    def log(self) -> str:
        return (self.folder / "service.log").read_text(errors="replace")

    def stop(self) -> int | None:
        """Ask the service to stop and wait; its exit code, or None if it was not running."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            code = self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._process = None
        return code

    def kill(self) -> None:
        """End the service at once, all its workers with it, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    def advance(self, by: timedelta) -> None:
        """Move the dev clock on, for the service and the wallets that follow it.

        Only ever forward: a service that has signed refuses to sign in its own past (T88).
        """
        self._offset += by
        temporary = self.data / "clock-offset.new"
        temporary.write_text(f"PT{int(self._offset.total_seconds())}S")
        temporary.rename(self.data / "clock-offset")

    def now(self) -> datetime:
        """The time on the service's clock."""
        return datetime.now(UTC) + self._offset

    def staff(self, name: str) -> httpx2.Client:
        """An HTTP client that is signed in as this member of staff."""
        dev = self.dev
        token = dev["staff"][name]["token"]
        return httpx2.Client(base_url=dev["staff_url"], headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def agency(self, name: str = "bank") -> httpx2.Client:
        """An HTTP client that is signed in as this agency."""
        token = self.dev["agencies"][name]["token"]
        return httpx2.Client(base_url=self.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def public(self) -> httpx2.Client:
        """An HTTP client of nobody in particular."""
        return httpx2.Client(base_url=self.base_url, timeout=30)

    def wallet(self, person: str, *args: str, stdin: str = "") -> Ran:
        """Type one `wallet` command as `person`, with its JSON twin on stdout."""
        return run_command(["wallet_cli", *args, "--wallet", str(self.wallet_folder(person)), "--json"], stdin=stdin)

    def wallet_folder(self, person: str) -> Path:
        return self.folder / f"wallet-{person}"


@contextmanager
def staged(folder: Path, **options: Any) -> Iterator[Stage]:
    """A stage with the service running; stopped when the block ends."""
    stage = Stage(folder=folder, **options)
    stage.init()
    stage.serve()
    try:
        yield stage
    finally:
        stage.stop()
