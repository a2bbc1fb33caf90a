"""W3C Bitstring Status List 1.0: lists encoded and decoded, entries read, a status looked up.

Index 0 is the leftmost, most significant bit; lists travel as multibase base64url of GZIP. The list
credential's proof is verified by the caller, the same way as the credential's own; here it is checked to
be the list that the entry names, by the issuer that is expected, valid now, and large enough (T35, T36).
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self

from credentials.errors import (
    CredentialExpired,
    CredentialNotYetValid,
    CredentialRevoked,
    CredentialSuspended,
    StatusInvalid,
    StatusUnavailable,
    TooLarge,
)
from credentials.vcdm import Credential
from did.encoding import b64url_decode, b64url_encode
from did.errors import Malformed
from did.times import format_time

MIN_ENTRIES: Final = 131_072
MAX_EXPANDED_BYTES: Final = 16 * 1024 * 1024
MAX_COMPRESSED_BYTES: Final = 2 * 1024 * 1024
MAX_SIZE: Final = 8
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")


class BitstringInvalid(StatusInvalid):
    """The entry or the list does not hold (`STATUS_VERIFICATION_ERROR`)."""

    type_url: ClassVar[str] = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"


class BitstringTooShort(BitstringInvalid):
    """The list has fewer entries than hide one among many."""

    type_url = "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"


class BitstringRange(BitstringInvalid):
    """The index lies outside the list."""

    type_url = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"


class Bitstring:
    """An array of statuses of 1 to 8 bits each, most significant bit first."""

    __slots__ = ("_data", "size")

    def __init__(self, data: bytes | bytearray, *, size: int = 1) -> None:
        """Wrap `data`; only a bytearray can be changed. `size` is in bits. Raises BitstringInvalid."""
        if type(size) is not int or not 1 <= size <= MAX_SIZE:
            raise BitstringInvalid(f"a status has 1 to {MAX_SIZE} bits")
        self._data, self.size = data, size

    @classmethod
    def empty(cls, entries: int = MIN_ENTRIES, *, size: int = 1) -> Self:
        """Return a list of at least `entries` statuses, all 0."""
        return cls(bytearray((max(entries, MIN_ENTRIES) * size + 7) // 8), size=size)

    @classmethod
    def decode(cls, encoded: str, *, size: int = 1) -> Self:
        """Return the list in an `encodedList`. Raises BitstringInvalid, BitstringTooShort, TooLarge (T35)."""
        if not encoded.startswith("u"):
            raise BitstringInvalid("the encoded list is not multibase base64url")
        if len(encoded) > MAX_COMPRESSED_BYTES * 4 // 3 + 4:
            raise TooLarge(f"the compressed status list is larger than {MAX_COMPRESSED_BYTES} bytes")
        inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            data = inflater.decompress(b64url_decode(encoded[1:]), MAX_EXPANDED_BYTES + 1)
        except (Malformed, zlib.error) as exc:
            raise BitstringInvalid("the encoded list is not base64url of GZIP") from exc
        if len(data) > MAX_EXPANDED_BYTES:
            raise TooLarge(f"the status list expands to more than {MAX_EXPANDED_BYTES} bytes")
        if not inflater.eof or inflater.unused_data:
            raise BitstringInvalid("the GZIP stream is cut off or followed by other data")
        made = cls(data, size=size)
        if len(made) < MIN_ENTRIES:
            raise BitstringTooShort(f"the status list has fewer than {MIN_ENTRIES} entries")
        return made

    def encode(self, level: int = 6) -> str:
        """Return the list as `encodedList`. The GZIP header says nothing of time or place."""
        return "u" + b64url_encode(gzip.compress(bytes(self._data), level, mtime=0))

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._data) * 8 // self.size

    def get(self, index: int) -> int:
        """Return the status at `index`. Raises BitstringRange when it lies outside."""
        first, shift = self._place(index)
        window = int.from_bytes(self._data[first : first + 2].ljust(2, b"\0"))
        return (window >> shift) & ((1 << self.size) - 1)

    def set(self, index: int, value: int) -> None:
        """Write `value` at `index`. Raises BitstringRange, or BitstringInvalid when it does not fit."""
        if not isinstance(self._data, bytearray):
            raise BitstringInvalid("a list that was read cannot be changed")
        if type(value) is not int or not 0 <= value < 1 << self.size:
            raise BitstringInvalid(f"the status does not fit into {self.size} bits")
        first, shift = self._place(index)
        mask = ((1 << self.size) - 1) << shift
        window = int.from_bytes(self._data[first : first + 2].ljust(2, b"\0")) & ~mask | value << shift
        self._data[first : first + 2] = window.to_bytes(2)[: len(self._data) - first]

    def _place(self, index: int) -> tuple[int, int]:
        """Return the byte where a status begins, and how far it lies from the right end of two bytes."""
        if type(index) is not int or not 0 <= index < len(self):
            raise BitstringRange("the status index lies outside the list")
        at = index * self.size
        return at >> 3, 16 - (at & 7) - self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """A `BitstringStatusListEntry`, read. `messages` has one text for each status, or is empty."""

    list_url: str
    purpose: str
    index: int
    size: int = 1
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a list says of one entry. `valid` means that nothing is set."""

    purpose: str
    value: int
    message: str = ""

    @property
    def valid(self) -> bool:
        """Whether the status is 0."""
        return self.value == 0


def parse_entry(value: Mapping[str, Any]) -> StatusEntry:
    """Read a `credentialStatus` of type BitstringStatusListEntry (section 2.1). Raises BitstringInvalid."""
    purpose, index = value.get("statusPurpose"), value.get("statusListIndex")
    url, size = value.get("statusListCredential"), value.get("statusSize", 1)
    if value.get("type") not in ("BitstringStatusListEntry", ["BitstringStatusListEntry"]):
        raise BitstringInvalid("the status is not a BitstringStatusListEntry")
    if not isinstance(url, str) or not _URL.fullmatch(url) or value.get("id") == url:
        raise BitstringInvalid("the status names no list, or takes the list's name for itself")
    if not isinstance(purpose, str) or not purpose:
        raise BitstringInvalid("the status has no purpose")
    if not isinstance(index, str) or not _INDEX.fullmatch(index):
        raise BitstringInvalid("the status index is not a whole number written as text")
    if type(size) is not int or not 1 <= size <= MAX_SIZE:
        raise BitstringInvalid(f"the status size is not 1 to {MAX_SIZE}")
    messages = _messages(value.get("statusMessage"), size)
    return StatusEntry(list_url=url, purpose=purpose, index=int(index), size=size, messages=messages)


def entry_json(entry: StatusEntry) -> dict[str, Any]:
    """Return an entry as it stands in a credential."""
    value: dict[str, Any] = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": entry.purpose,
        "statusListIndex": str(entry.index),
        "statusListCredential": entry.list_url,
    }
    if entry.size > 1 or entry.messages:
        value["statusSize"] = entry.size
        value["statusMessage"] = [
            {"status": hex(number), "message": message} for number, message in enumerate(entry.messages)
        ]
    return value


def build_list_credential(
    statuses: Bitstring,
    *,
    url: str,
    issuer: str,
    purposes: tuple[str, ...],
    valid_from: datetime,
    valid_until: datetime,
    ttl: timedelta | None = None,
) -> dict[str, Any]:
    """Return the credential of a list, to be secured like the credentials it serves (section 2.2)."""
    subject: dict[str, Any] = {
        "id": f"{url}#list",
        "type": "BitstringStatusList",
        "statusPurpose": purposes[0] if len(purposes) == 1 else list(purposes),
        "encodedList": statuses.encode(),
    }
    if ttl is not None:
        subject["ttl"] = int(ttl.total_seconds() * 1000)
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": format_time(valid_from),
        "validUntil": format_time(valid_until),
        "credentialSubject": subject,
    }


def check_entry(entry: StatusEntry, verified: Credential, *, issuer: str, now: datetime) -> Status:
    """Return what a list says of an entry (section 3.2). `verified` is the list credential, its proof verified.

    Raises BitstringInvalid (also BitstringTooShort, BitstringRange), StatusUnavailable when the list is not
    valid now, TooLarge.
    """
    if "BitstringStatusListCredential" not in verified.types:
        raise BitstringInvalid("the list is not a BitstringStatusListCredential")
    if verified.issuer != issuer:
        raise BitstringInvalid("the list is by another issuer than expected")
    if verified.id not in (None, entry.list_url):
        raise BitstringInvalid("the list is another one than the status names")
    try:
        verified.check_validity(now)
    except (CredentialExpired, CredentialNotYetValid) as exc:
        raise StatusUnavailable("the status list is not valid now") from exc
    subject = verified.document.get("credentialSubject")
    if not isinstance(subject, Mapping) or subject.get("type") not in ("BitstringStatusList", ["BitstringStatusList"]):
        raise BitstringInvalid("the subject of the list is not one BitstringStatusList")
    purposes, encoded = subject.get("statusPurpose"), subject.get("encodedList")
    if entry.purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise BitstringInvalid("the list is not for the purpose of the status")
    ttl = subject.get("ttl", 1)
    if not isinstance(encoded, str) or type(ttl) is not int or ttl < 0:
        raise BitstringInvalid("the list has no encodedList, or a ttl that is no number of milliseconds")
    value = Bitstring.decode(encoded, size=entry.size).get(entry.index)
    return Status(purpose=entry.purpose, value=value, message=entry.messages[value] if entry.messages else "")


def enforce(statuses: Iterable[Status]) -> None:
    """Raise CredentialRevoked or CredentialSuspended if one of these statuses says so."""
    for status in statuses:
        if not status.valid and status.purpose == "revocation":
            raise CredentialRevoked("the status list says that the credential was revoked")
        if not status.valid and status.purpose == "suspension":
            raise CredentialSuspended("the status list says that the credential is suspended")


def _messages(value: Any, size: int) -> tuple[str, ...]:
    """Return one message for each possible status, in their order."""
    if value is None and size == 1:
        return ()
    if not isinstance(value, list) or len(value) != 1 << size:
        raise BitstringInvalid("a status of several bits has one message for each value")
    found: dict[int, str] = {}
    for item in value:
        status, message = (item.get("status"), item.get("message")) if isinstance(item, Mapping) else (None, None)
        if (
            not isinstance(status, str)
            or not re.fullmatch(r"0x[0-9a-fA-F]{1,2}", status)
            or not isinstance(message, str)
        ):
            raise BitstringInvalid("a status message has no hexadecimal status or no message")
        found[int(status, 16)] = message
    if sorted(found) != list(range(1 << size)):
        raise BitstringInvalid("the status messages do not name every value once")
    return tuple(found[number] for number in range(1 << size))
