"""The texts of RDF literals for JSON-LD values (JSON-LD 1.1 API 5.3 and 8.2), in safe mode."""

import re
from collections.abc import Mapping
from typing import Any, Final

from credentials.jsonld.active import ActiveContext
from credentials.jsonld.errors import DataLoss, JsonLdError
from credentials.jsonld.terms import Term, is_language, is_set
from credentials.rdf.nquads import literal
from did.encoding import jcs

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_EXPONENT: Final = re.compile(r"(\d)0*E\+?(-)?0*(\d)")


def text_of(text: str) -> str:
    """Return `text` if it can be written as UTF-8. Raises JsonLdError for lone surrogates."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise JsonLdError("text has a lone surrogate") from exc
    return text


def plain(value: str, term: Term, ctx: ActiveContext) -> str:
    if term.type is not None and term.type != "@none":
        return scalar(value, term.type)
    language = term.language if is_set(term.language) else ctx.language
    direction = term.direction if is_set(term.direction) else ctx.direction
    return _tagged(value, language, direction)


def _tagged(value: str, language: str | None, direction: str | None) -> str:
    text_of(value)
    if direction is not None:
        return literal(value, datatype=f"https://www.w3.org/ns/i18n#{language or ''}_{direction}")
    return literal(value, language=language)


def scalar(value: Any, datatype: str | None) -> str:
    """Return the text of a string, number or boolean (8.2, 6-11)."""
    if isinstance(value, str):
        if datatype == _XSD + "double":
            # Some processors rewrite such text and some do not; both must come to the same signature.
            try:
                if _double(float(value)) != value:
                    raise DataLoss("a double is written in other than its canonical form")
            except (ValueError, OverflowError) as exc:
                raise DataLoss("a double is written in other than its canonical form") from exc
        return literal(text_of(value), datatype=datatype)
    if isinstance(value, bool):
        return literal("true" if value else "false", datatype=datatype or _XSD + "boolean")
    if not isinstance(value, int | float) or value != value or value in (float("inf"), float("-inf")):
        raise JsonLdError("a value is of no kind that JSON has")
    if datatype == _XSD + "double" or value != int(value) or abs(value) >= 1e21:
        try:
            return literal(_double(float(value)), datatype=datatype or _XSD + "double")
        except OverflowError as exc:
            raise JsonLdError("a number is too large") from exc
    return literal(str(int(value)), datatype=datatype or _XSD + "integer")


def _double(value: float) -> str:
    return _EXPONENT.sub(r"\1E\2\3", f"{value:1.15E}")


def json_literal(value: Any) -> str:
    return literal(jcs(value).decode(), datatype=f"{_RDF}JSON")


def value_object(item: Mapping[str, Any], ctx: ActiveContext) -> str:
    """Return the text of a value object (5.1.2, 14)."""
    members: dict[str, Any] = {}
    for key, value in item.items():
        if key == "@context":
            continue
        word = ctx.keyword(key)
        if word not in ("@value", "@type", "@language", "@direction") or word in members:
            raise JsonLdError("a value object has a member that it cannot have")
        members[word] = value
    value, kind = members["@value"], members.get("@type")
    language, direction = members.get("@language"), members.get("@direction")
    if kind == "@json" and len(members) == 2:
        return json_literal(value)
    if value is None or isinstance(value, Mapping | list):
        raise DataLoss("a value object holds null, an object or an array")
    if "@type" in members:
        if not isinstance(kind, str) or len(members) > 2:
            raise JsonLdError("the type of a value object is text, and stands without language or direction")
        datatype = ctx.expand(kind, vocab=True)
        if datatype.startswith(("_:", "@")):
            raise JsonLdError("the type of a value is an IRI")
        return scalar(value, datatype)
    if language is None and direction is None:
        return scalar(value, None)
    if not isinstance(value, str) or (
        language is not None and not (isinstance(language, str) and is_language(language))
    ):
        raise JsonLdError("only text has a language, and a language is a language tag")
    if direction is not None and direction not in ("ltr", "rtl"):
        raise JsonLdError("@direction is neither ltr nor rtl")
    return _tagged(value, None if language is None else language.lower(), direction)


def language_map(value: Mapping[str, Any], term: Term, ctx: ActiveContext) -> list[str]:
    """Return the texts of a language map (5.1.2, 13.7)."""
    texts = []
    direction = term.direction if is_set(term.direction) else ctx.direction
    for key, entries in value.items():
        none = ctx.keyword(key) == "@none"
        if not none and not is_language(key):
            raise JsonLdError("a key of a language map is not a language tag")
        entries = entries if isinstance(entries, list) else [entries]
        if not entries or not all(isinstance(entry, str) for entry in entries):
            raise DataLoss("a language map holds something other than text")
        texts += [_tagged(entry, None if none else key.lower(), direction) for entry in entries]
    if not texts:
        raise DataLoss("an empty language map would not be signed")
    return texts
