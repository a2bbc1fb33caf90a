"""`wallet pin`: change a PIN, unblock one with the PUK, show the rules."""

from typing import Annotated

import typer

from wallet_cli.session import Session

PinName = Annotated[str, typer.Argument(metavar="pin1|pin2", help="Which PIN.")]


def change(session: Session, which: PinName) -> None:
    """Change a PIN.

    PIN2 has to be changed once before you can sign.
    """
    from wallet_cli import pins

    role = pins.role_named(which)
    pins.change(session, role)
    _done(session, role, "changed")


def unblock(session: Session, which: PinName) -> None:
    """Unblock a PIN with the PUK, and choose a new one."""
    from wallet_cli import pins

    role = pins.role_named(which)
    pins.unblock(session, role)
    _done(session, role, "unblocked and changed")


def show_policy(session: Session) -> None:
    """Show the rules for PINs and how many tries are left."""
    from wallet_cli.gates import LENGTHS, PIN_NAMES, tries_left
    from wallet_cli.text import facts

    wallet = session.wallet
    rows = [(name, f"{low} to {high} digits") for name, (low, high) in LENGTHS.items()]
    rows += [
        ("All", "different; no run such as 0000 or 1234; no part of your"),
        ("", "personal code or birth date; three tries"),
    ]
    for role, gate in wallet.gates.items():
        changed = "not changed yet" if gate.initial else "changed"
        rows.append((PIN_NAMES[role], f"{tries_left(gate.tries)}, {changed}"))
    if wallet.gates:
        rows.append(("PUK", tries_left(wallet.puk_tries)))
    body = {
        "lengths": {name.lower(): list(bounds) for name, bounds in LENGTHS.items()},
        "tries": {PIN_NAMES[role].lower(): gate.tries for role, gate in wallet.gates.items()},
        "initial": {PIN_NAMES[role].lower(): gate.initial for role, gate in wallet.gates.items()},
        "puk_tries": wallet.puk_tries if wallet.gates else None,
    }
    session.talk.result(facts(rows, label_columns=8), body)


def _done(session: Session, role: str, what: str) -> None:
    from wallet_cli.gates import PIN_NAMES

    name = PIN_NAMES["auth" if role == "auth" else "sign"]
    session.talk.result(f"{name} was {what}.", {"pin": name.lower(), "state": what.split(" ", 1)[0]})


COMMANDS = {"change": change, "unblock": unblock, "show-policy": show_policy}
