"""Token Status List (draft-ietf-oauth-status-list-20): the array, its token in JWT form, and its freshness.

Left to the caller: fetching the token, keeping it, and knowing whose key may sign it. Of the CWT form only the array
is the same (`StatusList`); SD-JWT credentials use the JWT form.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from credentials.errors import IdError, StatusInvalid, StatusUnavailable, TooLarge
from credentials.jose import (
    ALLOWED_ALGS,
    UnverifiedJws,
    check_algorithm,
    check_signature,
    check_type,
    parse_jws,
    sign_jws,
)
from credentials.x509 import check_chain, x5c_decode
from did.encoding import b64url_decode, b64url_encode
from did.keys import PublicKey
from did.signing import Signer

TYP: Final = "statuslist+jwt"
MEDIA_TYPE: Final = "application/statuslist+jwt"

VALID: Final = 0
INVALID: Final = 1
SUSPENDED: Final = 2

MAX_EXPANDED_BYTES: Final = 16 << 20
MAX_COMPRESSED_BYTES: Final = 2 << 20
_MAX_TOKEN_BYTES: Final = 2 * (MAX_COMPRESSED_BYTES * 4 // 3) + (1 << 16)

SKEW: Final = timedelta(seconds=60)
DEFAULT_TTL: Final = timedelta(hours=12)
MAX_TTL: Final = timedelta(hours=24)
_LAST_SECOND: Final = 253_402_300_799
_HINT_LIST: Final = "Ask the issuer to publish a correct status list, then check again."
_HINT_STALE: Final = "Fetch the status list again; while it stays stale nothing can be said about the credential."

KeyFinder = Callable[[UnverifiedJws], PublicKey]


def _invalid(detail: str) -> StatusInvalid:
    return StatusInvalid(detail, hint=_HINT_LIST)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReference:
    """Where a credential's status lies: `uri` of the list and the `index` in it."""

    uri: str
    index: int


def parse_reference(status: object) -> StatusReference:
    """Return the reference in the value of a credential's `status` claim.

    Raises StatusInvalid when `status_list` is absent or ill-formed. Section 6.2.
    """
    reference = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(reference, dict):
        raise _invalid("the credential's status has no status_list")
    index, uri = reference.get("idx"), reference.get("uri")
    if type(index) is not int or index < 0:
        raise _invalid("the credential's status index is not a whole number from 0")
    if not isinstance(uri, str) or not uri:
        raise _invalid("the credential's status list has no uri")
    return StatusReference(uri=uri, index=index)


class StatusList:
    """A packed array of statuses of 1, 2, 4 or 8 bits each, least significant bits first (section 4.1)."""

    __slots__ = ("_data", "_mask", "_shift", "_size", "_within", "bits")

    def __init__(self, bits: int, data: bytes | bytearray) -> None:
        """Wrap `data`; only a bytearray can be changed by `set`. Raises StatusInvalid for other widths."""
        if type(bits) is not int or bits not in (1, 2, 4, 8):
            raise _invalid("a status has 1, 2, 4 or 8 bits")
        self.bits = bits
        self._data = data
        self._mask = (1 << bits) - 1
        self._shift = (8 // bits).bit_length() - 1
        self._within = 8 // bits - 1
        self._size = len(data) << self._shift

    @classmethod
    def empty(cls, bits: int, entries: int) -> Self:
        """Return a list of `entries` statuses, all VALID, rounded up to a whole byte."""
        return cls(bits, bytearray((entries * bits + 7) // 8))

    @classmethod
    def from_compressed(cls, bits: int, compressed: bytes) -> Self:
        """Inflate a zlib stream within the limits of T35. Raises StatusInvalid or TooLarge."""
        if len(compressed) > MAX_COMPRESSED_BYTES:
            raise TooLarge(f"the compressed status list is larger than {MAX_COMPRESSED_BYTES} bytes")
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(compressed, MAX_EXPANDED_BYTES + 1)
        except zlib.error as exc:
            raise _invalid("the status list is not a zlib stream") from exc
        if len(data) > MAX_EXPANDED_BYTES:
            raise TooLarge(f"the status list expands to more than {MAX_EXPANDED_BYTES} bytes")
        if not inflater.eof or inflater.unused_data:
            raise _invalid("the zlib stream of the status list is cut off or followed by other data")
        return cls(bits, data)

    def __len__(self) -> int:
        """Return the number of entries."""
        return self._size

    def get(self, index: int) -> int:
        """Return the status at `index`. Raises StatusInvalid when it is out of range or not an integer (T36)."""
        if type(index) is not int or not 0 <= index < self._size:
            raise _invalid("the status index lies outside the list")
        return (self._data[index >> self._shift] >> ((index & self._within) * self.bits)) & self._mask

    def set(self, index: int, value: int) -> None:
        """Write `value` at `index`. Raises StatusInvalid when either does not fit."""
        if type(index) is not int or not 0 <= index < self._size:
            raise _invalid("the status index lies outside the list")
        if type(value) is not int or not 0 <= value <= self._mask:
            raise _invalid(f"the status does not fit into {self.bits} bits")
        if not isinstance(self._data, bytearray):
            raise _invalid("a list that was read cannot be changed")
        shift = (index & self._within) * self.bits
        at = index >> self._shift
        self._data[at] = self._data[at] & ~(self._mask << shift) | value << shift

    def compressed(self, level: int = 6) -> bytes:
        """Return the array as a zlib stream (section 4.1)."""
        return zlib.compress(self._data, level)

    def packed(self) -> bytes:
        """Return the array itself."""
        return bytes(self._data)


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
        return self.statuses.get(index)

    def ensure_fresh(self, *, now: datetime, fetched_at: datetime) -> None:
        """Raise StatusUnavailable past `exp`, or when fetched more than twice `ttl` ago (T37, contract 5).

        A token without `ttl` counts as one of 12 h; none counts for more than 24 h.
        """
        if self.expires_at is not None and now >= self.expires_at:
            raise StatusUnavailable("the status list has expired", hint=_HINT_STALE)
        if now - fetched_at > 2 * self._ttl():
            raise StatusUnavailable("the status list was fetched too long ago", hint=_HINT_STALE)

    def refresh_after(self, *, fetched_at: datetime) -> datetime:
        """Return when a cache should fetch the list again: `fetched_at` + `ttl`, at most `exp` (section 13.7)."""
        due = fetched_at + self._ttl()
        return due if self.expires_at is None else min(due, self.expires_at)

    def _ttl(self) -> timedelta:
        return min(self.ttl or DEFAULT_TTL, MAX_TTL)


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
    claims = {
        "sub": uri,
        "iat": int(issued_at.timestamp()),
        "exp": int(expires_at.timestamp()),
        "ttl": int(ttl.total_seconds()),
        "status_list": {"bits": status_list.bits, "lst": b64url_encode(status_list.compressed(level))},
    }
    return sign_jws(claims, typ=TYP, signer=signer, header={"x5c": list(x5c)} if x5c else None)


def parse_token(token: str | bytes) -> UnverifiedStatusToken:
    """Read a token: syntax, required claims and sizes only. Raises StatusInvalid or TooLarge. Section 5.1."""
    try:
        jws = parse_jws(token, max_bytes=_MAX_TOKEN_BYTES)
        claims = jws.unverified_claims()
        return _token(jws, claims)
    except (StatusInvalid, TooLarge):
        raise
    except IdError as exc:
        raise _invalid(f"the status list token cannot be read: {exc.detail}") from exc


def _token(jws: UnverifiedJws, claims: dict[str, Any]) -> UnverifiedStatusToken:
    uri, ttl, body = claims.get("sub"), claims.get("ttl"), claims.get("status_list")
    if not isinstance(uri, str) or not uri:
        raise _invalid("the status list token has no sub")
    if not isinstance(body, dict) or not isinstance(body.get("lst"), str):
        raise _invalid("the status list token has no status_list")
    if ttl is not None and (type(ttl) not in (int, float) or not 0 < ttl <= _LAST_SECOND):
        raise _invalid("the ttl of the status list token is not a positive number")
    if len(body["lst"]) > MAX_COMPRESSED_BYTES * 4 // 3 + 4:
        raise TooLarge(f"the compressed status list is larger than {MAX_COMPRESSED_BYTES} bytes")
    issued_at = _time(claims, "iat")
    if issued_at is None:
        raise _invalid("the status list token has no iat")
    return UnverifiedStatusToken(
        jws=jws,
        uri=uri,
        issued_at=issued_at,
        expires_at=_time(claims, "exp"),
        ttl=None if ttl is None else min(timedelta(seconds=ttl), timedelta(days=36500)),
        bits=StatusList(body.get("bits", 0), b"").bits,
        compressed=b64url_decode(body["lst"]),
    )


def _time(claims: dict[str, Any], name: str) -> datetime | None:
    if name not in claims:
        return None
    value: Any = claims[name]
    if type(value) not in (int, float) or not 0 <= value <= _LAST_SECOND:
        raise _invalid(f"the {name} of the status list token is not a time")
    return datetime.fromtimestamp(value, UTC)


def check_token(
    token: UnverifiedStatusToken, *, uri: str, key: PublicKey | KeyFinder, now: datetime
) -> CheckedStatusList:
    """Verify signature, type, `sub` == `uri` and times, then inflate. `key` is the key, or finds it from the header.

    Raises StatusInvalid for what is wrong, StatusUnavailable past `exp`; what a key finder raises passes through
    when the key could not be looked up (FetchFailed). Section 8.3.
    """
    if token.uri != uri:
        raise _invalid("the status list token is for another list than the credential names")
    found = key if isinstance(key, PublicKey) else key(token.jws)
    try:
        check_type(token.jws, TYP)
        check_algorithm(token.jws, ALLOWED_ALGS)
        check_signature(token.jws, found)
    except IdError as exc:
        raise _invalid(f"the status list token is not genuine: {exc.detail}") from exc
    if token.issued_at > now + SKEW:
        raise _invalid("the status list token was issued in the future")
    if token.expires_at is not None and now >= token.expires_at:
        raise StatusUnavailable("the status list has expired", hint=_HINT_STALE)
    return CheckedStatusList(
        uri=token.uri,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        ttl=token.ttl,
        statuses=StatusList.from_compressed(token.bits, token.compressed),
    )


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
    checked = check_token(parse_token(token), uri=uri, key=key, now=now)
    checked.ensure_fresh(now=now, fetched_at=fetched_at)
    return checked


def key_from_x5c(anchors: Sequence[bytes], *, now: datetime) -> KeyFinder:
    """Return a KeyFinder that accepts the leaf of `x5c` when it chains to one of `anchors` (DER). HAIP 6.1."""

    def find(jws: UnverifiedJws) -> PublicKey:
        try:
            chain = x5c_decode(jws.header.get("x5c"))
            return check_chain(chain, anchors=anchors, now=now, usage="status_signing").public_key
        except IdError as exc:
            raise _invalid(f"the status list token has no certificate that is trusted: {exc.detail}") from exc

    return find
