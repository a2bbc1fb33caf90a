"""The claims of one credential: checked against its type file, and completed with what is computed."""

import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from credentials.claims import ClaimPath
from idservice import personalcode
from idservice.problems import Refused
from idservice.typefile import ClaimEntry, TypeFile, ValueKind

MAX_TEXT = 2000
MAX_DATA_URL = 512 << 10
MAX_ITEMS = 50
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O, U: a number is read aloud."""
_PER_COPY = ("pairwise", "certificate")


def complete(file: TypeFile, given: Mapping[str, Any], *, today: date, settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the claims of a new credential: those given, checked, and the computed ones.

    Claims that are made copy by copy are left out. Raises Refused: `malformed`, `claim_missing`,
    `personal_code_invalid`. No message holds a value.
    """
    entries = {claim.path: claim for claim in file.claims}
    inputs = {entry.name: entry.value for entry in file.inputs}
    for name, value in given.items():
        entry = entries.get((name,))
        if entry is None and name not in inputs:
            raise Refused("malformed", f"type {file.type} has no claim {_quoted(name)}", hint="Leave it out.")
        if entry is not None and entry.computed in _PER_COPY:
            raise Refused("malformed", f"{name} is made by the issuer for each copy", hint="Leave it out.")
        if entry is None:
            _check_scalar(inputs[name], value, name)
    claims: dict[str, Any] = {}
    for entry in file.claims:
        if len(entry.path) != 1 or entry.computed in _PER_COPY:
            continue
        name = str(entry.path[0])
        if name in given:
            claims[name] = _checked(entry, given[name], entries)
        elif entry.computed is not None:
            computed = _compute(entry, given, entries, today=today, settings=settings)
            if computed is not None:
                claims[name] = computed
        if entry.mandatory and name not in claims:
            raise Refused("claim_missing", f"type {file.type} needs the claim {name}", hint=f"Add {name}.")
    return claims


def age_in_years(born: date, today: date) -> int:
    """Return how many birthdays have passed; who was born on 29 February ages on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def plus_years(start: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 28 February."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


# --- checking -----------------------------------------------------------------------------------


def _checked(entry: ClaimEntry, value: Any, entries: Mapping[ClaimPath, ClaimEntry]) -> Any:
    where = ".".join("[]" if part is None else str(part) for part in entry.path)
    if entry.value == "object":
        return _checked_object(entry, value, entries, where)
    if entry.value == "list":
        item = entries.get((*entry.path, None))
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_ITEMS:
            raise _wrong(where, f"a list of 1 to {MAX_ITEMS} items")
        return [_checked(item, each, entries) if item else _check_scalar("text", each, where) for each in value]
    checked = _check_scalar(entry.value, value, where)
    if entry.one_of and checked not in entry.one_of:
        raise _wrong(where, "one of " + ", ".join(map(str, entry.one_of)))
    return checked


def _checked_object(
    entry: ClaimEntry, value: Any, entries: Mapping[ClaimPath, ClaimEntry], where: str
) -> dict[str, Any]:
    members = {str(path[-1]): each for path, each in entries.items() if len(path) > 1 and path[:-1] == entry.path}
    if not isinstance(value, dict) or not value:
        raise _wrong(where, "an object with at least one member")
    unknown = [name for name in value if name not in members]
    if unknown:
        raise Refused("malformed", f"{where} has no member {_quoted(unknown[0])}", hint="Leave it out.")
    missing = [name for name, each in members.items() if each.mandatory and name not in value]
    if missing:
        raise Refused("claim_missing", f"{where} needs {missing[0]}", hint=f"Add {where}.{missing[0]}.")
    return {name: _checked(members[name], each, entries) for name, each in value.items()}


def _check_scalar(kind: ValueKind, value: Any, where: str) -> Any:
    return _CHECKS[kind](value, where)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise _wrong(where, f"text of 1 to {MAX_TEXT} characters")
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") or letter in _BIDI for letter in value):
        raise _wrong(where, "text without control characters or direction marks")
    return unicodedata.normalize("NFC", value)


_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that turn text around: a name that needs them to be read does not exist, one that misleads does (T71)."""


def _date(value: Any, where: str) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise _wrong(where, "a date, YYYY-MM-DD")


def _boolean(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, "true or false")
    return value


def _integer(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 1 << 53:
        raise _wrong(where, "a whole number")
    return value


def _country(value: Any, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{2}", value):
        raise _wrong(where, "a country code of two capital letters")
    return value


def _personal_code(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, "a personal code")
    personalcode.birthdate(value)
    return value


def _matching(pattern: str, limit: int, what: str) -> Callable[[Any, str], str]:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or len(value) > limit or not compiled.fullmatch(value):
            raise _wrong(where, what)
        return value

    return check


_CHECKS: Mapping[ValueKind, Callable[[Any, str], Any]] = {
    "text": _text,
    "date": _date,
    "boolean": _boolean,
    "integer": _integer,
    "country": _country,
    "personal_code": _personal_code,
    "data_url": _matching(
        r"data:image/(jpeg|png|jp2);base64,[A-Za-z0-9+/]+={0,2}", MAX_DATA_URL, "a JPEG or PNG image as data URL"
    ),
    "pem": _matching(
        r"(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?)+", 64 << 10, "PEM certificates"
    ),
    "uri": _matching(r"[a-z][a-z0-9+.-]*:[\x21-\x7e]+", MAX_TEXT, "an absolute URI"),
}


# --- computing ----------------------------------------------------------------------------------


def _compute(
    entry: ClaimEntry,
    given: Mapping[str, Any],
    entries: Mapping[ClaimPath, ClaimEntry],
    *,
    today: date,
    settings: Mapping[str, str],
) -> Any:
    """Return the value of a claim nobody gave, or None when what it is made from is absent."""
    parameter = entry.parameter or ""
    match entry.computed:
        case "today":
            return today.isoformat()
        case "today_plus":
            return plus_years(today, int(parameter.strip("PY"))).isoformat()
        case "setting":
            return settings[parameter]
        case "document_number":
            return parameter + "".join(secrets.choice(_ALPHABET) for _ in range(8))
        case "age_over" if parameter in given:
            born = date.fromisoformat(given[parameter])
            members = [str(path[1]) for path in entries if len(path) == 2 and path[0] == entry.path[0]]
            return {member: age_in_years(born, today) >= int(member) for member in members}
    return None


def _wrong(where: str, expected: str) -> Refused:
    return Refused("malformed", f"the value of {where} must be {expected}", hint=f"Correct {where}.")


def _quoted(name: object) -> str:
    return repr(str(name)[:40])
