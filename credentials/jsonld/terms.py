"""Term definitions, keywords, and what an IRI and a language tag look like (JSON-LD 1.1 section 9.15)."""

import re
from typing import Any, Final

from credentials.jsonld.errors import ContextRefused, DataLoss

KEYWORDS: Final = frozenset(
    f"@{word}"
    for word in (
        *("base", "container", "context", "default", "direction", "embed", "explicit", "graph", "id", "included"),
        *("index", "json", "language", "list", "nest", "none", "omitDefault", "prefix", "preserve", "protected"),
        *("requireAll", "reverse", "set", "type", "value", "version", "vocab"),
    )
)
LIKE_KEYWORD: Final = re.compile(r"@[A-Za-z]+")
is_iri = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*").fullmatch
is_language = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*").fullmatch
_UNSET: Final = "\x00"


class Term:
    """A term definition. `iri` is an IRI, a keyword, or None for a term that is mapped to nothing."""

    __slots__ = (
        "container",
        "direction",
        "followers",
        "has_scope",
        "iri",
        "language",
        "name",
        "prefix",
        "protected",
        "scope",
        "trusted",
        "type",
    )

    def __init__(self, iri: str | None, *, name: str = "", trusted: bool = True) -> None:
        self.iri, self.name, self.trusted = iri, name, trusted
        self.followers: dict[object, Any] = {}
        self.type: str | None = None
        self.container: frozenset[str] = frozenset()
        self.scope: Any = None
        self.has_scope = self.protected = self.prefix = False
        self.language: str | None = _UNSET
        self.direction: str | None = _UNSET

    def means(self) -> tuple[Any, ...]:
        """Everything but protection: what must stay when a protected term is defined again."""
        return (
            self.iri,
            self.type,
            self.container,
            self.has_scope,
            self.scope,
            self.language,
            self.direction,
            self.prefix,
        )


def language_of(value: Any) -> str | None:
    """Return a language tag in lower case, or None. Raises ContextRefused."""
    if value is None:
        return None
    if not isinstance(value, str) or not is_language(value):
        raise ContextRefused("@language is not a language tag")
    return value.lower()


def direction_of(value: Any) -> str | None:
    """Return a base direction, or None. Raises ContextRefused."""
    if value is not None and value not in ("ltr", "rtl"):
        raise ContextRefused("@direction is neither ltr nor rtl")
    return None if value is None else str(value)


def is_set(value: str | None) -> bool:
    """Tell whether a term says anything of its own about language or direction."""
    return value is not _UNSET


def good_iri(iri: str) -> str:
    if not (is_iri(iri) or iri.startswith("_:")):
        raise DataLoss(f"{iri[:80]!r} is not an absolute IRI")
    return iri
