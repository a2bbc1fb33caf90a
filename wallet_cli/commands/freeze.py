"""`wallet freeze`: suspend at once what an application brought; `--for-good` gives it up."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="The application; the newest if left out.")
    ] = None,
    for_good: Annotated[bool, typer.Option("--for-good", help="Revoke for good instead: cannot be undone.")] = False,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NUMBER", help="Repeat the number, to revoke without being asked."),
    ] = None,
) -> None:
    """Suspend your credentials at once, for example after a theft.

    One PIN is enough. Lifting it again takes a visit and two officers. With --for-good the credentials are
    revoked, or an application that is still open is withdrawn.
    """
    from contextlib import suppress

    from did.errors import IdError
    from wallet_cli import applying, refreshing
    from wallet_cli.clock import iso
    from wallet_cli.model import Event

    application = applying.find(session, number)
    if for_good and confirm != application.number:
        session.talk.ask_yes(
            f"Give up {application.number} for good? This cannot be undone. Type yes or no:",
            option=f"--confirm {application.number}",
            refusal="Nothing was given up.",
        )
    body = applying.own_act(session, application, "revoke" if for_good else "freeze")
    state = str(body.get("state", application.state))
    now = session.now()
    session.wallet.history.append(
        Event(
            at=now,
            kind="own_act",
            who=application.service,
            who_id=application.service,
            what=f"{application.type}: {'given up' if for_good else 'frozen'}",
            outcome=state,
        )
    )
    session.save()
    with suppress(IdError):  # so that wallet list says so at once; the act itself is done
        refreshing.refresh_lists(session)
    lift = "" if for_good else "  To lift it: visit the office with your passport."
    session.talk.result(
        f"{application.type} is {state}.{lift}", {"number": application.number, "state": state, "at": iso(now)}
    )
