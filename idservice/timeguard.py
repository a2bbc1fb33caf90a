"""No signature on a time that has stepped back: before the last signed time by over 60 s (T88).

The last signed time is kept in `DIR/last-signed`, at most ten seconds behind, for every worker and the next start.
"""

from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from did.keys import PublicKey
from did.signing import Alg, Signer
from idservice.clock import Clock
from idservice.problems import Refused
from idservice.vault import write_private

FILE = "last-signed"
TOLERANCE = timedelta(seconds=60)
_SAVE_EVERY = timedelta(seconds=10)


class TimeGuard:
    """Remembers the last time that was signed, across workers and restarts."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Keep the time in `path`; `clock` is the service's own."""
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._saved = self._read()
        self._last = self._saved

    def check(self) -> datetime:
        """Return the time. Raises Refused (`unavailable`) when it lies over 60 s before the last signed time."""
        now = self._clock.now()
        if self._last is not None and now < self._last - TOLERANCE:
            raise Refused(
                "unavailable",
                f"the clock says {now:%Y-%m-%dT%H:%M:%SZ}, but {self._last:%Y-%m-%dT%H:%M:%SZ} was signed already",
                hint=f"Correct the clock. If the later time was the wrong one, remove {FILE} from the data folder.",
            )
        return now

    def signing(self) -> None:
        """Check the time and note that it is about to be signed."""
        now = self.check()
        if self._last is None or now > self._last:
            self._last = now
        if self._saved is None or now > self._saved + _SAVE_EVERY:
            with self._lock:
                self._save()

    def _save(self) -> None:
        on_disk = self._read()
        if on_disk is not None and (self._last is None or on_disk > self._last):
            self._last = on_disk
        if self._last is not None and self._last != on_disk:
            write_private(self._path, self._last.isoformat().encode())
        self._saved = self._last

    def _read(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self._path.read_text(encoding="ascii").strip())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise Refused("unavailable", f"{FILE} in the data folder holds no time", hint="Restore it.") from error


class GuardedSigner:
    """A signer that asks the guard first. Satisfies `did.signing.Signer`."""

    def __init__(self, signer: Signer, guard: TimeGuard) -> None:
        """Wrap `signer`."""
        self._signer = signer
        self._guard = guard

    @property
    def alg(self) -> Alg:
        """The key's algorithm."""
        return self._signer.alg

    @property
    def public_key(self) -> PublicKey:
        """The key's public part."""
        return self._signer.public_key

    def sign(self, data: bytes) -> bytes:
        """Return the raw signature over `data`. Raises Refused (`unavailable`) when time has stepped back."""
        self._guard.signing()
        return self._signer.sign(data)
