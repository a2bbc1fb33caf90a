"""Rules for the names of people, and the form in which two names are compared (T71).

A name is kept as the person wrote it, in NFC. For comparing with lists and with other cases it
is folded: case, marks, punctuation and the order of its words do not count.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from idservice.problems import Refused

MAX_LENGTH: Final = 100
_PUNCTUATION: Final = frozenset(" -'.\u2019\u02bc\u00b7")
# Letters that do not fall apart into a base letter and a mark.
_FOLDS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "ħ": "h", "ŧ": "t"}
)


def clean_name(value: object, *, member: str) -> str:
    """Return a person's name in NFC.

    Letters, marks, space, hyphen, apostrophe, full stop and middle dot, 1 to 100 characters, no
    space at an end or doubled, all letters of one word in one script.

    Raises Refused (`malformed`); the detail names the member, never its value.
    """
    if not isinstance(value, str):
        raise Refused("malformed", f"form.{member} must be text", hint="send the name as in the travel document")
    name = unicodedata.normalize("NFC", value)
    if not 1 <= len(name) <= MAX_LENGTH:
        raise Refused("malformed", f"form.{member} must have 1 to {MAX_LENGTH} characters", hint="shorten the name")
    if name != " ".join(name.split(" ")).strip() or "  " in name:
        raise Refused(
            "malformed", f"form.{member} has spaces at an end or doubled", hint="single spaces between words only"
        )
    if not all(_is_letter(c) or c in _PUNCTUATION for c in name) or not any(_is_letter(c) for c in name):
        raise Refused(
            "malformed",
            f"form.{member} holds a character that is no part of a name",
            hint="letters, spaces, hyphens, apostrophes and full stops only",
        )
    for word in name.split(" "):
        if len({_script(c) for c in word if unicodedata.category(c).startswith("L")} - {""}) > 1:
            raise Refused(
                "malformed",
                f"form.{member} mixes alphabets in one word",
                hint="write each word in one alphabet, as in the travel document",
            )
    return name


def folded_words(name: str) -> tuple[str, ...]:
    """Return the words of a name for comparing: folded, without marks, sorted."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_FOLDS))
    letters = "".join(
        " " if c in "- " else c for c in plain if c in "- " or unicodedata.category(c).startswith(("L", "N"))
    )
    return tuple(sorted(letters.translate(_FOLDS).split()))


def folded(name: str) -> str:
    """Return a name for comparing as one text; names that differ only in case, marks or order are equal."""
    return " ".join(folded_words(name))


def _is_letter(character: str) -> bool:
    return unicodedata.category(character) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc"}


def _script(character: str) -> str:
    """Return a rough name of the alphabet: the first word of the character's Unicode name."""
    word = unicodedata.name(character, "").split(" ")[0]
    return "" if word in {"MODIFIER", "FEMININE", "MASCULINE"} else _SAME.get(word, word)


# Kana and Han are written together in one name.
_SAME: Final = {"CJK": "EAST-ASIAN", "HIRAGANA": "EAST-ASIAN", "KATAKANA": "EAST-ASIAN", "HALFWIDTH": "EAST-ASIAN"}
