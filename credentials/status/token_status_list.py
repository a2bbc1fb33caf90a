"""Token Status List (draft-ietf-oauth-status-list-20): the array, its token in JWT form, and its freshness.

Left to the caller: fetching the token, keeping it, and knowing whose key may sign it. The CWT form is not read here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from did.keys import PublicKey
from did.signing import Signer

from credentials.jose import UnverifiedJws

TYP: Final = "statuslist+jwt"
MEDIA_TYPE: Final = "application/statuslist+jwt"

VALID: Final = 0
INVALID: Final = 1
SUSPENDED: Final = 2

MAX_EXPANDED_BYTES: Final = 16 << 20
MAX_COMPRESSED_BYTES: Final = 2 << 20

KeyFinder = Callable[[UnverifiedJws], PublicKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReference:
    """Where a credential's status lies: `uri` of the list and the `index` in it."""

    uri: str
    index: int


def parse_reference(status: object) -> StatusReference:
    """Return the reference in the value of a credential's `status` claim.

    Raises StatusInvalid when `status_list` is absent or ill-formed. Section 6.2.
    """
    raise NotImplementedError


class StatusList:
    """A packed array of statuses of 1, 2, 4 or 8 bits each, least significant bits first (section 4.1)."""

    __slots__ = ("_data", "_mask", "_per_byte", "_shift", "_size", "bits")

    def __init__(self, bits: int, data: bytes | bytearray) -> None:
        """Wrap `data`; only a bytearray can be changed by `set`. Raises StatusInvalid for other widths."""
        raise NotImplementedError

    @classmethod
    def empty(cls, bits: int, entries: int) -> "StatusList":
        """Return a list of `entries` statuses, all VALID, rounded up to a whole byte."""
        raise NotImplementedError

    @classmethod
    def from_compressed(cls, bits: int, compressed: bytes) -> "StatusList":
        """Inflate a zlib stream within the limits of T35. Raises StatusInvalid or TooLarge."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Return the number of entries."""
        raise NotImplementedError

    def get(self, index: int) -> int:
        """Return the status at `index`. Raises StatusInvalid when it is out of range or not an integer (T36)."""
        raise NotImplementedError

    def set(self, index: int, value: int) -> None:
        """Write `value` at `index`. Raises StatusInvalid when either does not fit."""
        raise NotImplementedError

    def compressed(self, level: int = 6) -> bytes:
        """Return the array as a zlib stream (section 4.1)."""
        raise NotImplementedError

    def packed(self) -> bytes:
        """Return the array itself."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedStatusToken:
    """A Status List Token as it was read; nothing in it is verified."""

    jws: UnverifiedJws
    uri: str
    issued_at: datetime
    expires_at: datetime | None
    ttl: timedelta | None
    bits: int
    compressed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStatusList:
    """A list whose token was verified for `uri`. Keep this, not the token: a look-up costs under a microsecond."""

    uri: str
    issued_at: datetime
    expires_at: datetime | None
    ttl: timedelta | None
    statuses: StatusList

    def get(self, index: int) -> int:
        """Return the status at `index`; freshness is `ensure_fresh`. Raises StatusInvalid."""
        raise NotImplementedError

    def ensure_fresh(self, *, now: datetime, fetched_at: datetime) -> None:
        """Raise StatusUnavailable past `exp`, or when fetched more than twice `ttl` ago (T37, contract 5)."""
        raise NotImplementedError

    def refresh_after(self, *, fetched_at: datetime) -> datetime:
        """Return when a cache should fetch the list again: `fetched_at` + `ttl`, at most `exp` (section 13.7)."""
        raise NotImplementedError


def build_token(
    status_list: StatusList,
    *,
    uri: str,
    signer: Signer,
    x5c: Sequence[str] = (),
    issued_at: datetime,
    expires_at: datetime,
    ttl: timedelta,
    level: int = 6,
) -> str:
    """Return a signed Status List Token; `x5c` is base64 DER, leaf first, without the anchor. Section 5.1."""
    raise NotImplementedError


def parse_token(token: str | bytes) -> UnverifiedStatusToken:
    """Read a token: syntax, required claims and sizes only. Raises StatusInvalid or TooLarge. Section 5.1."""
    raise NotImplementedError


def check_token(
    token: UnverifiedStatusToken, *, uri: str, key: PublicKey | KeyFinder, now: datetime
) -> CheckedStatusList:
    """Verify signature, type, `sub` == `uri` and times, then inflate. `key` is the key, or finds it from the header.

    Raises StatusInvalid for what is wrong, StatusUnavailable past `exp`. Section 8.3.
    """
    raise NotImplementedError


def read_token(
    token: str | bytes,
    *,
    uri: str,
    key: PublicKey | KeyFinder,
    now: datetime,
    fetched_at: datetime,
) -> CheckedStatusList:
    """Parse and check a token and see that it is fresh, in one step.

    Raises StatusInvalid or StatusUnavailable. Section 8.3.
    """
    raise NotImplementedError


def key_from_x5c(anchors: Sequence[bytes], *, now: datetime) -> KeyFinder:
    """Return a KeyFinder that accepts the leaf of `x5c` when it chains to one of `anchors` (DER). HAIP 6.1."""
    raise NotImplementedError
