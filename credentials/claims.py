"""Claims paths: the pointers that DCQL, type metadata and selective disclosure share.

A path is a tuple of object keys (`str`), array positions (`int`, from 0) and `None`, which
stands for every element of an array. OpenID4VP 1.0 section 7; SD-JWT VC, claim paths.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

ClaimPath = tuple[str | int | None, ...]
"""A pointer, possibly with wildcards."""

ConcretePath = tuple[str | int, ...]
"""A pointer to exactly one element."""


def parse_path(value: object) -> ClaimPath:
    """Return the claims path that this JSON array spells.

    Raises MalformedCredential for an empty array, a negative position or another component type.
    OpenID4VP 1.0 section 7.
    """
    raise NotImplementedError


def select(path: ClaimPath, claims: object) -> list[Any]:
    """Return the values that `path` selects, in document order; empty when nothing is there.

    A wrong container type drops out like a missing key (the type-metadata reading of the pointer);
    `resolve` tells the positions.
    """
    return [value for _, value in resolve(path, claims)]


def resolve(path: ClaimPath, claims: object) -> Iterator[tuple[ConcretePath, Any]]:
    """Yield each selected element with the concrete path that leads to it."""
    raise NotImplementedError


def format_path(path: Sequence[str | int | None]) -> str:
    """Return a path for people: `address.country`, `nationalities[]`, `degrees[0].type`."""
    raise NotImplementedError


def covers(path: ClaimPath, concrete: ConcretePath) -> bool:
    """Tell whether `concrete` is what `path` selects, or lies inside it."""
    raise NotImplementedError


def leaves(value: object, prefix: ConcretePath = ()) -> Iterable[ConcretePath]:
    """Yield the concrete path of every scalar (and empty container) below `value`."""
    raise NotImplementedError
