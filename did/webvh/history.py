"""A whole log, verified: every entry, then the witnesses, then the choice of a version.

did:webvh 1.0, "Read (Resolve)" and "Reading did:webvh DID URLs". An invalid entry ends the history
there: earlier versions can still be asked for by name, the latest cannot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from did.encoding import json_object
from did.errors import IdError, InvalidLog, LogRolledBack, Malformed, NotFound
from did.times import format_time
from did.webvh.entry import Version, check_entry
from did.webvh.identifier import WebvhDid
from did.webvh.witness import WitnessFile, approvals, witnessed

MAX_LOG_BYTES = 1 << 20
MAX_ENTRIES = 1024


@dataclass(frozen=True, slots=True)
class Head:
    """What to remember of a log that was seen: its SCID, and number and id of its last version (T40)."""

    scid: str
    number: int
    version_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The valid versions of a log, first to last, and the error that ended it, if one did."""

    did: WebvhDid
    versions: tuple[Version, ...]
    error: InvalidLog | None = None

    @property
    def last(self) -> Version:
        """The last version of a log that is valid to its end; raises the error otherwise."""
        if self.error is not None:
            raise self.error
        return self.versions[-1]

    @property
    def head(self) -> Head:
        """What to remember of this log."""
        last = self.last
        return Head(self.did.scid, last.number, last.version_id)

    @property
    def deactivated(self) -> bool:
        """Tell whether the last valid version deactivates the DID."""
        return self.versions[-1].parameters.deactivated

    def select(
        self, *, version_id: str | None = None, number: int | None = None, time: datetime | None = None
    ) -> Version:
        """Return the version asked for, or the last; raises NotFound, or the error of the log.

        A version by id or number is returned even if later entries are bad. By time, only if the version
        after it is known too: what a bad entry would have changed is unknown.
        """
        if version_id is not None or number is not None:
            for version in self.versions:
                if version.version_id == version_id or version.number == number:
                    return version
            raise self.error or NotFound("the DID has no such version")
        if time is None:
            return self.last
        active = [version for version in self.versions if version.time <= time]
        if not active:
            raise NotFound("the DID did not exist at that time")
        return self.last if active[-1] is self.versions[-1] else active[-1]

    def metadata(self, version: Version) -> dict[str, Any]:
        """Return the DID document metadata of `version`, as the method text lists them."""
        current = self.versions[-1].parameters
        witness: dict[str, Any] = current.witness.to_json() if current.witness else {}
        if witness:
            witness["threshold"] = str(witness["threshold"])
        found: dict[str, Any] = {
            "versionId": version.version_id,
            "versionTime": format_time(version.time),
            "created": format_time(self.versions[0].time),
            "updated": format_time(self.versions[-1].time),
            "scid": self.did.scid,
            "portable": current.portable,
            "deactivated": current.deactivated,
            "ttl": str(current.ttl),
            "witness": witness,
            "watchers": list(current.watchers),
        }
        if version is not self.versions[-1]:
            found["nextVersionId"] = self.versions[version.number].version_id
            found["nextUpdate"] = format_time(self.versions[version.number].time)
        if version.did.did != self.did.did:
            found["canonicalId"] = version.did.did
        return found


def parse_log(data: bytes) -> list[Mapping[str, Any]]:
    """Return the entries in JSON Lines `data`, not yet verified; raises InvalidLog."""
    if len(data) > MAX_LOG_BYTES:
        raise InvalidLog(f"log is longer than {MAX_LOG_BYTES} bytes")
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if not 1 <= len(lines) <= MAX_ENTRIES:
        raise InvalidLog(f"log does not have 1 to {MAX_ENTRIES} entries")
    try:
        return [json_object(line) for line in lines]
    except Malformed as exc:
        raise InvalidLog(f"log entry: {exc.detail}") from exc


def check_log(
    entries: Sequence[Mapping[str, Any]], *, did: WebvhDid, now: datetime, allow_http_loopback: bool = False
) -> History:
    """Return the history in `entries` with every entry verified, witnesses aside (`check_witnesses`).

    Never skips an entry. Raises InvalidLog if not even the first holds, or if no version has the DID
    that was asked for.
    """
    versions: list[Version] = []
    error: InvalidLog | None = None
    for entry in entries:
        try:
            before = versions[-1] if versions else None
            versions.append(
                check_entry(entry, before=before, scid=did.scid, now=now, allow_http_loopback=allow_http_loopback)
            )
        except IdError as exc:
            error = InvalidLog(f"entry {len(versions) + 1}: {exc.detail}", hint=exc.hint)
            error.__cause__ = exc
            break
    return _history(did, versions, error)


def check_witnesses(history: History, file: WitnessFile | None) -> History:
    """Return `history` up to the first version without enough witnesses; `file` is None if there is none.

    Raises InvalidLog if that leaves nothing ("Verifying Witness Proofs During Resolution").
    """
    file = file or WitnessFile({})
    bad = _first_unwitnessed(history.versions, file)
    if bad is None:
        return history
    # What follows is not published as far as we can tell, so its proofs approve nothing before it either.
    versions, error = history.versions[: bad - 1], InvalidLog(f"entry {bad}: not approved by enough witnesses")
    if _first_unwitnessed(versions, file) is not None:
        raise error
    return _history(history.did, versions, error)


def _first_unwitnessed(versions: Sequence[Version], file: WitnessFile) -> int | None:
    highest = approvals(versions, file)
    return next((version.number for version in versions if not witnessed(version, highest)), None)


def needs_witnesses(history: History) -> bool:
    """Tell whether any version must be witnessed, so that the witness file is worth fetching."""
    return any(version.witness for version in history.versions)


def check_head(history: History, remembered: Head | None) -> None:
    """Raise LogRolledBack unless the log still holds the version that was `remembered` (T40)."""
    if remembered is None or remembered.scid != history.did.scid:
        return
    versions = history.versions
    if len(versions) < remembered.number and history.error is not None:
        raise history.error
    if len(versions) < remembered.number or versions[remembered.number - 1].version_id != remembered.version_id:
        raise LogRolledBack(f"log does not hold version {remembered.number} that was seen before")


def _history(did: WebvhDid, versions: Sequence[Version], error: InvalidLog | None) -> History:
    if not versions:
        raise error or InvalidLog("log is empty")
    if all(version.did.did != did.did for version in versions):
        raise error or InvalidLog("no version of the log has the DID that was asked for")
    return History(did=did, versions=tuple(versions), error=error)
