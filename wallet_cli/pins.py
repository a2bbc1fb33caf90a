"""Changing and unblocking PINs, by the rules of S02."""

from typing import TYPE_CHECKING

from credentials.claims import select
from credentials.formats import FORMATS
from wallet_cli.errors import MissingInput
from wallet_cli.gates import PIN_NAMES, ROLES, check_new_pin, personal_digits, tries_left
from wallet_cli.model import Role

if TYPE_CHECKING:
    from wallet_cli.session import Session


def role_named(name: str) -> Role:
    """`pin1` is the auth role's, `pin2` the sign role's."""
    for role in ROLES:
        if name.strip().lower() == PIN_NAMES[role].lower():
            return role
    raise MissingInput("There is a pin1 and a pin2.", hint="write pin1 or pin2, as in wallet pin change pin1")


def change(session: "Session", role: Role) -> None:
    """Change a role's PIN: the old one opens the gate, the new one has to keep the rules."""
    name = PIN_NAMES[role].lower()
    opened = session.open_role(role)
    new = _new_pin(session, role, old=session.secrets.get(name) or "")
    session.gates.set_pin(opened, new)


def unblock(session: "Session", role: Role) -> None:
    """Open a role's gate by the PUK and put a new PIN before it."""
    tries = session.wallet.puk_tries
    puk = session.secret("puk", f"PUK ({tries_left(tries)})")
    opened = session.gates.open_by_puk(role, puk)
    session.gates.set_pin(opened, _new_pin(session, role, old=""))


def _new_pin(session: "Session", role: Role, *, old: str) -> str:
    name = PIN_NAMES[role]
    secret_name = f"new_{name.lower()}"
    given = session.secrets.get(secret_name)
    new = given or session.talk.ask_secret(f"New {name}", option=f"--secrets-file ({secret_name})")
    check_new_pin(name, new, others=[old] if old else [], personal=_personal(session))
    if session.gates.is_code(new):
        raise MissingInput(
            "PIN1, PIN2 and PUK must all be different, and a new PIN differs from the old one.",
            why="Nothing was changed.",
            hint=f"choose another {name}",
        )
    if given is None and new != session.talk.ask_secret("Again", option=f"--secrets-file ({secret_name})"):
        raise MissingInput("The two are not the same.", why="Nothing was changed.", hint="run the command again")
    return new


def _personal(session: "Session") -> set[str]:
    """Digits a PIN must not be taken from: birth dates and personal codes that the wallet knows."""
    birthdates = [one.birthdate for one in session.wallet.applications if one.birthdate]
    codes: list[str] = []
    for credential in session.wallet.credentials:
        for copy in credential.copies[:1]:
            claims = FORMATS[credential.format].parse(copy.text).unverified_claims
            birthdates += [str(value) for value in select(("birthdate",), claims)]
            codes += [str(value) for value in select(("personal_administrative_number",), claims)]
    return personal_digits(birthdates=birthdates, personal_codes=codes)
