"""The personal code `GYYMMDDSSSC`: century and sex, birthdate, serial, check digit. Pure arithmetic."""

from datetime import date

from idservice.problems import Refused

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


def prefix(born: date, *, male: bool) -> str:
    """Return the first seven digits of a code: century and sex, then the date.

    Raises Refused (`personal_code_invalid`) for years the code cannot say (before 1800, after 2199).
    """
    if not 1800 <= born.year <= 2199:
        raise Refused("personal_code_invalid", "personal codes exist for births from 1800 to 2199")
    return f"{(born.year - 1800) // 100 * 2 + (1 if male else 2)}{born:%y%m%d}"


def assemble(first_seven: str, serial: int) -> str:
    """Return a whole code from its first seven digits and a serial of 0 to 999."""
    body = f"{first_seven}{serial:03d}"
    return f"{body}{check_digit(body)}"
