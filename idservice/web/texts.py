"""Languages of the pages: which there are, which one a reader gets, and the words in it.

Every sentence of a template stands in `{% trans %}` and every one in Python in `mark()`, so that a catalogue for
another language needs no change here beyond its line in `LANGUAGES`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from gettext import NullTranslations
from typing import Literal

from babel.dates import format_datetime

Direction = Literal["ltr", "rtl"]

LANGUAGES: Mapping[str, Direction] = {"en": "ltr"}
"""Languages that have words, with their direction. The first is the one the source is written in."""

DEFAULT_LANGUAGE = "en"
MAX_HEADER = 200


def mark(text: str) -> str:
    """Return `text`; says to the catalogue tool that it is a sentence to translate."""
    return text


def choose_language(accept_language: str | None) -> str:
    """Return the language of ours that an `Accept-Language` header likes best, else English. RFC 9110 12.5.4."""
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "")[:MAX_HEADER].split(",")):
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        wishes.append((-_quality(parameter), place, language))
    return next((language for weight, _, language in sorted(wishes) if weight and language in LANGUAGES), "en")


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    return float(value) if value.replace(".", "", 1).isascii() and value.replace(".", "", 1).isdigit() else 0.0


def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language; that of the source language gives every sentence back as it is."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return NullTranslations()


def moment(at: datetime, language: str = DEFAULT_LANGUAGE) -> str:
    """Return a time as people of that language write it, in UTC and with Latin digits."""
    return format_datetime(at.astimezone(UTC), "d MMM y, HH:mm 'UTC'", locale=language)
