"""The personal code `GYYMMDDSSSC` of residents: generation, check digit, validity."""

from datetime import date
from typing import Literal

from sqlalchemy.engine import Connection

from idservice.problems import Refused
from idservice.service import Service

Sex = Literal["male", "female"]

_FIRST = (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)
_SECOND = (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)


def check_digit(first_ten: str) -> int:
    """Return the check digit of ten digits: mod 11 with the first weights, then the second, then 0."""
    for weights in (_FIRST, _SECOND):
        remainder = sum(int(digit) * weight for digit, weight in zip(first_ten, weights, strict=True)) % 11
        if remainder < 10:
            return remainder
    return 0


def birthdate(code: str) -> date:
    """Check a personal code and return the date of birth in it.

    Raises Refused (`personal_code_invalid`): not eleven ASCII digits, no such date, wrong check digit.
    """
    if len(code) != 11 or not (code.isascii() and code.isdigit()) or code[0] not in "12345678":
        raise Refused("personal_code_invalid", "a personal code has eleven digits and begins with 1 to 8")
    century = 1800 + (int(code[0]) - 1) // 2 * 100
    try:
        born = date(century + int(code[1:3]), int(code[3:5]), int(code[5:7]))
    except ValueError:
        raise Refused("personal_code_invalid", "the digits 2 to 7 are no date") from None
    if int(code[10]) != check_digit(code[:10]):
        raise Refused("personal_code_invalid", "the last digit does not fit the ones before")
    return born


def generate(db: Connection, service: Service, *, born: date, sex: Sex) -> str:
    """Return a new code that nobody has, reserved in the caller's transaction.

    Raises Refused (`conflict`) when all codes of that day and sex are taken, `personal_code_invalid` outside
    1800 to 2199.
    """
    raise NotImplementedError
