"""The application form: what may stand in it, and its parsed value (S01).

Syntax and plausibility only. Whether the document has run out, a list names the person or the
purpose is enough are checks of the case (`checks.py`) with a result that an officer sees.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from idservice.problems import Refused

from .countries import COUNTRIES
from .names import clean_name
from .photo import check_photo

_REQUIRED: Final = ("family_name", "given_name", "birthdate", "nationalities", "document", "purpose", "pick_up")
_OPTIONAL: Final = ("email", "photo", "fee_receipt", "sex")
_DOCUMENT: Final = ("number", "issuing_country", "date_of_expiry")
_DOCUMENT_NUMBER: Final = re.compile(r"[A-Z0-9]{4,20}")
_RECEIPT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SEXES: Final = frozenset({0, 1, 2, 9})
OLDEST_YEARS: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelDocument:
    """The travel document that the person will show when collecting."""

    number: str
    issuing_country: str
    date_of_expiry: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that passed every rule of this module. Names are in NFC."""

    family_name: str
    given_name: str
    birthdate: date
    nationalities: tuple[str, ...]
    document: TravelDocument
    purpose: str
    pick_up: str
    email: str | None
    photo: str | None
    fee_receipt: str | None
    sex: int

    def to_json(self, *, photo: bool = True) -> dict[str, Any]:
        """Return the members as they came over the wire, absent ones left out, the photo only if wanted."""
        document = {
            "number": self.document.number,
            "issuing_country": self.document.issuing_country,
            "date_of_expiry": self.document.date_of_expiry.isoformat(),
        }
        members = {
            "family_name": self.family_name,
            "given_name": self.given_name,
            "birthdate": self.birthdate.isoformat(),
            "nationalities": list(self.nationalities),
            "document": document,
            "purpose": self.purpose,
            "pick_up": self.pick_up,
            "email": self.email,
            "photo": self.photo if photo else None,
            "fee_receipt": self.fee_receipt,
            "sex": self.sex or None,
        }
        return {name: value for name, value in members.items() if value is not None}


def parse_form(value: object, *, today: date) -> Form:
    """Return the form of an application.

    Dates are ISO 8601 calendar dates, countries ISO 3166-1 alpha-2, `sex` as in ISO 5218
    (absent = 0, not known). A member that is not in the list is refused, so that nothing signed
    is silently left out.

    Raises Refused (`malformed`, `too_large`); details name members, never values.
    """
    members = _members(value, "form", required=_REQUIRED, optional=_OPTIONAL)
    sex = members.get("sex", 0)
    if isinstance(sex, bool) or not isinstance(sex, int) or sex not in _SEXES:
        raise _bad("form.sex", "0, 1, 2 or 9 as in ISO 5218")
    return Form(
        family_name=clean_name(members["family_name"], member="family_name"),
        given_name=clean_name(members["given_name"], member="given_name"),
        birthdate=_birthdate(members["birthdate"], today),
        nationalities=_nationalities(members["nationalities"]),
        document=_document(members["document"]),
        purpose=_text(members["purpose"], "purpose", most=2000),
        pick_up=_text(members["pick_up"], "pick_up", most=100),
        email=_matching(members.get("email"), "email", _EMAIL, "an address such as name@example.org", most=254),
        photo=check_photo(members["photo"]) if members.get("photo") is not None else None,
        fee_receipt=_matching(members.get("fee_receipt"), "fee_receipt", _RECEIPT, "the number on the receipt"),
        sex=sex,
    )


def restore_form(members: Mapping[str, Any]) -> Form:
    """Return the form whose `to_json` was kept. It was checked when it came and is not checked again."""
    document = members["document"]
    return Form(
        family_name=members["family_name"],
        given_name=members["given_name"],
        birthdate=date.fromisoformat(members["birthdate"]),
        nationalities=tuple(members["nationalities"]),
        document=TravelDocument(
            number=document["number"],
            issuing_country=document["issuing_country"],
            date_of_expiry=date.fromisoformat(document["date_of_expiry"]),
        ),
        purpose=members["purpose"],
        pick_up=members["pick_up"],
        email=members.get("email"),
        photo=members.get("photo"),
        fee_receipt=members.get("fee_receipt"),
        sex=members.get("sex", 0),
    )


def _members(value: object, where: str, *, required: tuple[str, ...], optional: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _bad(where, "a JSON object")
    missing = [name for name in required if value.get(name) is None]
    if missing:
        raise _bad(f"{where}.{missing[0]}", "required", problem="is missing")
    if not set(value) <= {*required, *optional}:
        known = ", ".join((*required, *optional))
        raise _bad(where, f"only these members: {known}", problem="holds a member that the form does not have")
    return value


def _bad(where: str, wanted: str, *, problem: str = "is not as it must be") -> Refused:
    return Refused("malformed", f"{where} {problem}", hint=f"{where}: {wanted}")


def _date(value: object, where: str) -> date:
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise _bad(where, "a date YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError as exc:
        raise _bad(where, "a date that exists, YYYY-MM-DD") from exc


def _birthdate(value: object, today: date) -> date:
    born = _date(value, "form.birthdate")
    if born > today or born.year < today.year - OLDEST_YEARS:
        raise _bad("form.birthdate", f"a day in the past {OLDEST_YEARS} years")
    return born


def _nationalities(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= 10:
        raise _bad("form.nationalities", "a list of 1 to 10 country codes")
    if not all(isinstance(code, str) and code in COUNTRIES for code in value) or len(set(value)) != len(value):
        raise _bad("form.nationalities", "ISO 3166-1 alpha-2 codes in capitals, each once")
    return tuple(value)


def _document(value: object) -> TravelDocument:
    members = _members(value, "form.document", required=_DOCUMENT, optional=())
    number, country = members["number"], members["issuing_country"]
    if not isinstance(number, str) or _DOCUMENT_NUMBER.fullmatch(number) is None:
        raise _bad("form.document.number", "4 to 20 capital letters and digits, no spaces")
    if not isinstance(country, str) or country not in COUNTRIES:
        raise _bad("form.document.issuing_country", "an ISO 3166-1 alpha-2 code in capitals")
    expiry = _date(members["date_of_expiry"], "form.document.date_of_expiry")
    return TravelDocument(number=number, issuing_country=country, date_of_expiry=expiry)


def _text(value: object, member: str, *, most: int) -> str:
    if not isinstance(value, str):
        raise _bad(f"form.{member}", "text")
    text = unicodedata.normalize("NFC", value).strip()
    if not 1 <= len(text) <= most:
        raise _bad(f"form.{member}", f"1 to {most} characters")
    if any(_is_hidden(character) for character in text):
        raise _bad(f"form.{member}", "no control characters or direction marks")
    return text


def _is_hidden(character: str) -> bool:
    # Direction marks (Cf) can make an officer read another text than the one that was signed.
    return character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _matching(value: object, member: str, pattern: re.Pattern[str], wanted: str, *, most: int = 64) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > most or pattern.fullmatch(value) is None:
        raise _bad(f"form.{member}", wanted)
    return value
