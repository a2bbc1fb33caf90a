"""Personal codes that are given out: each once, reserved in the act's own transaction."""

import secrets
from datetime import date
from typing import Literal

from sqlalchemy.engine import Connection

from idservice import personalcode
from idservice.database import insert_once
from idservice.personalcode import birthdate, check_digit
from idservice.problems import Refused
from idservice.registry.rows import personal_codes
from idservice.service import Service

__all__ = ["Sex", "birthdate", "check_digit", "generate"]

Sex = Literal["male", "female"]

_SERIALS = 1000


def generate(db: Connection, service: Service, *, born: date, sex: Sex) -> str:
    """Return a new code that nobody has, reserved in the caller's transaction.

    The serial is drawn at random, so a code does not tell how many were given out. Only a MAC of each code is kept.
    Raises Refused: `conflict` when all codes of that day and sex are taken, `personal_code_invalid` outside 1800 to
    2199.
    """
    first = personalcode.prefix(born, male=sex == "male")
    serials = list(range(_SERIALS))
    secrets.SystemRandom().shuffle(serials)
    for serial in serials:
        code = personalcode.assemble(first, serial)
        digest = service.keys.mac("personal-codes", code.encode())
        if insert_once(db, personal_codes, {"digest": digest, "reserved_at": service.clock.now()}):
            return code
    raise Refused("conflict", "every personal code of that day and sex is taken", hint="Tell the operator.")
