"""Claims paths: the pointers that DCQL, type metadata and selective disclosure share.

A path is a tuple of object keys (`str`), array positions (`int`, from 0) and `None`, which
stands for every element of an array. OpenID4VP 1.0 section 7; SD-JWT VC, claim paths.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from credentials.errors import CredentialExpired, CredentialNotYetValid, MalformedCredential

ClaimPath = tuple[str | int | None, ...]
"""A pointer, possibly with wildcards."""

ConcretePath = tuple[str | int, ...]
"""A pointer to exactly one element."""

MAX_PATH = 16

SKEW = timedelta(seconds=60)
"""How far two clocks may differ: the one constant for all formats (T08)."""

_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z


def parse_path(value: object) -> ClaimPath:
    """Return the claims path that this JSON array spells.

    Raises MalformedCredential for an empty or overlong array, a negative position or another
    component type. OpenID4VP 1.0 section 7.
    """
    if not isinstance(value, list | tuple) or not value:
        raise MalformedCredential("a claims path is a non-empty array")
    if len(value) > MAX_PATH:
        raise MalformedCredential(f"a claims path has at most {MAX_PATH} components")
    for part in value:
        # bool is an int to Python, not to JSON
        if not (part is None or type(part) is str or (type(part) is int and part >= 0)):
            raise MalformedCredential("a claims path component is a string, a number from 0, or null")
    return tuple(value)


def numeric_date(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Return a NumericDate claim as a time, None when it is absent. RFC 7519 section 2.

    Raises MalformedCredential for anything but a finite number of this calendar.
    """
    if name not in claims:
        return None
    value = claims[name]
    kind = type(value)  # a bool is no number, though Python says so; NaN and infinity fail the comparison
    if (kind is not int and kind is not float) or not 0 <= value <= _LAST_SECOND:
        raise MalformedCredential(f"{name} is not a time in seconds")
    return datetime.fromtimestamp(value, UTC)


def check_times(claims: Mapping[str, Any], *, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return `nbf` and `exp` when `now` lies between them, give or take the skew; `iat` may not lie ahead.

    Raises CredentialExpired, CredentialNotYetValid, MalformedCredential. RFC 7519 section 4.1 (T08).
    """
    valid_from, valid_until = numeric_date(claims, "nbf"), numeric_date(claims, "exp")
    issued_at = numeric_date(claims, "iat")
    if valid_until is not None and now - SKEW >= valid_until:
        raise CredentialExpired(f"exp passed on {valid_until:%Y-%m-%d}")
    if valid_from is not None and now < valid_from - SKEW:
        raise CredentialNotYetValid(f"nbf is {valid_from:%Y-%m-%dT%H:%M:%SZ}")
    if issued_at is not None and now < issued_at - SKEW:
        raise CredentialNotYetValid(f"iat is {issued_at:%Y-%m-%dT%H:%M:%SZ}, in the future")
    return valid_from, valid_until


def select(path: ClaimPath, claims: object) -> list[Any]:
    """Return the values that `path` selects, in document order; empty when nothing is there.

    A wrong container type drops out like a missing key (the type-metadata reading of the pointer);
    `resolve` tells the positions.
    """
    return [value for _, value in resolve(path, claims)]


def resolve(path: ClaimPath, claims: object) -> Iterator[tuple[ConcretePath, Any]]:
    """Yield each selected element with the concrete path that leads to it."""
    selected: list[tuple[ConcretePath, Any]] = [((), claims)]
    for part in path:
        step: list[tuple[ConcretePath, Any]] = []
        for at, value in selected:
            if part is None:
                if isinstance(value, list):
                    step.extend(((*at, index), item) for index, item in enumerate(value))
            elif isinstance(part, str):
                if isinstance(value, dict) and part in value:
                    step.append(((*at, part), value[part]))
            elif isinstance(value, list) and part < len(value):
                step.append(((*at, part), value[part]))
        selected = step
    yield from selected


def format_path(path: Sequence[str | int | None]) -> str:
    """Return a path for people: `address.country`, `nationalities[]`, `degrees[0].type`."""
    text = ""
    for part in path:
        if isinstance(part, str):
            text += f".{part}" if text else part
        else:
            text += f"[{'' if part is None else part}]"
    return text


def matches(path: Sequence[str | int | None], concrete: Sequence[str | int | None]) -> bool:
    """Tell whether `path` (with wildcards) selects exactly the element at `concrete`."""
    return len(path) == len(concrete) and covers(path, concrete)


def covers(path: Sequence[str | int | None], concrete: Sequence[str | int | None]) -> bool:
    """Tell whether the element at `concrete` is what `path` selects, or lies inside it."""
    if len(path) > len(concrete):
        return False
    for part, at in zip(path, concrete, strict=False):
        if part is None:
            if type(at) is str:
                return False
        elif part != at or type(part) is not type(at):
            return False
    return True


def leaves(value: object, prefix: ConcretePath = ()) -> Iterator[ConcretePath]:
    """Yield the concrete path of every scalar (and empty container) below `value`."""
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from leaves(member, (*prefix, name))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*prefix, index))
    elif prefix:
        yield prefix


def issued_path(path: ConcretePath, positions: Mapping[ConcretePath, tuple[int, ...]]) -> ConcretePath:
    """Return where a presented element stood when it was issued.

    `positions` gives, for an array that still hides items, the issued position of each that is left.
    """
    if not positions:
        return path
    issued: ConcretePath = ()
    for part in path:
        left = positions.get(issued)
        issued = (*issued, left[part] if left is not None and isinstance(part, int) else part)
    return issued
