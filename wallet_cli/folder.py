"""The wallet folder on disk: private, never through links, written whole or not at all (T90, T93).

Every file operation goes through one open directory handle, so that a folder swapped for a link
between two steps is not followed. Names are plain: no separators, no dots in front.
"""

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from did.errors import Malformed
from wallet_cli.errors import Conflict, NotFound, WalletError, WalletLocked

LOCK_NAME: Final = "lock"
LOCK_WAIT_SECONDS: Final = 10.0
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def make_private_folder(path: Path) -> None:
    """Make `path` (and what is missing above it) for its owner only; an existing one must be private already."""
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not path.is_dir() or path.is_symlink():
            raise Conflict(f"{path.name} is there already and is not a folder of its own.") from None
    else:
        path.chmod(0o700)  # whatever the umask was


class Folder:
    """An open wallet folder, locked against other commands until it is closed."""

    def __init__(self, path: Path, *, lock: bool = True, wait_seconds: float = LOCK_WAIT_SECONDS) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as exc:
            raise _cannot_open(path, exc) from exc
        self._lock_fd: int | None = None
        try:
            self._check_private()
            if lock:
                self._lock(wait_seconds)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let other commands in."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name, of whatever kind."""
        try:
            os.stat(_plain(name), dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def read(self, name: str, *, max_bytes: int) -> bytes:
        """Return a regular file of ours. Raises NotFound, Malformed (link, device, too large)."""
        return read_private_file(Path(_plain(name)), max_bytes=max_bytes, dir_fd=self._fd, mode_matters=True)

    def write(self, name: str, data: bytes, *, overwrite: bool = True) -> None:
        """Write `data` so that after a crash the file is the old one or the new one, never half of it."""
        name = _plain(name)
        if not overwrite and self.exists(name):
            raise Conflict(f"{name} is there already and is never overwritten.")
        temporary = f"{name}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._remove(temporary)
            with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=self._fd), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError as exc:
            with contextlib.suppress(OSError):
                self._remove(temporary)
            raise WalletError(
                "The wallet could not be written; the last state is kept.",
                why=f"The system said: {os.strerror(exc.errno or 0)}.",
                hint="make room or make the folder writable, then run the command again",
                code="unavailable",
            ) from exc
        os.fsync(self._fd)

    def remove(self, name: str) -> None:
        """Delete a file, overwriting nothing: on flash and journals that would promise too much."""
        self._remove(_plain(name))
        os.fsync(self._fd)

    def _remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._fd)

    def _check_private(self) -> None:
        info = os.fstat(self._fd)
        if info.st_uid != os.geteuid():
            raise WalletLocked(
                "This wallet folder belongs to another user.",
                why="Nothing was read from it.",
                hint="run the command as its owner, or name your own folder with --wallet",
            )
        if info.st_mode & 0o077:
            raise WalletLocked(
                f"Others on this computer can look into the wallet folder (mode {stat.S_IMODE(info.st_mode):04o}).",
                why="A wallet is opened only when its folder is private (0700).",
                hint="close it with chmod 700, then run wallet doctor",
            )

    def _lock(self, wait_seconds: float) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._lock_fd = os.open(LOCK_NAME, flags, 0o600, dir_fd=self._fd)
        except OSError as exc:
            raise _cannot_open(Path(LOCK_NAME), exc) from exc
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WalletLocked(
                        "Another command is using this wallet.",
                        why=f"It did not end within {wait_seconds:.0f} seconds.",
                        hint="wait for it, or end it, then run this command again",
                    ) from None
                time.sleep(0.05)


def read_private_file(path: Path, *, max_bytes: int, dir_fd: int | None = None, mode_matters: bool = False) -> bytes:
    """Return a regular file, never through a link, at most `max_bytes`.

    With `mode_matters` it must be ours and readable by nobody else (secrets). Raises NotFound, Malformed,
    WalletLocked.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except OSError as exc:
        raise _cannot_open(path, exc) from exc
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        os.close(fd)
        raise Malformed(f"{path.name} is not an ordinary file", hint="name a plain file, not a folder, link or device")
    with os.fdopen(fd, "rb") as file:
        if mode_matters and (info.st_mode & 0o077 or info.st_uid != os.geteuid()):
            raise WalletLocked(
                f"Others on this computer can read {path.name} (mode {stat.S_IMODE(info.st_mode):04o}).",
                why="It holds secrets, so it is used only when it is private (0600).",
                hint=f"close it: chmod 600 {path.name}",
            )
        if info.st_size > max_bytes:
            raise Malformed(f"{path.name} is larger than {max_bytes} bytes", hint="name the right file")
        return file.read(max_bytes + 1)


def write_new_file(path: Path, data: bytes) -> None:
    """Write an export: a new file for its owner only, never over an existing one or through a link."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Conflict(f"{path.name} is there already and is never overwritten.", hint="choose another name") from None
    except OSError as exc:
        raise _cannot_open(path, exc) from exc
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _plain(name: str) -> str:
    if not _PLAIN_NAME.fullmatch(name):
        raise Malformed("a file name in the wallet folder is plain letters and digits")
    return name


def _cannot_open(path: Path, exc: OSError) -> WalletError | Malformed:
    if exc.errno == errno.ENOENT:
        return NotFound(f"There is no {path.name or path} here.", hint="check the path")
    if exc.errno in (errno.ELOOP, errno.EMLINK):
        return Malformed(f"{path.name} is a link, and links are not followed", hint="name the real file")
    reason = os.strerror(exc.errno or 0)
    return WalletError(f"{path.name} cannot be opened: {reason}.", hint="check the path and its permissions")
