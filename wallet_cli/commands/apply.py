"""`wallet apply`: keys, PINs, a signed form, and an application on its way."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from wallet_cli.errors import MissingInput, Unavailable
from wallet_cli.session import Session


def run(
    session: Session,
    type_name: Annotated[str, typer.Argument(metavar="TYPE", help="What to apply for: e-residency.")],
    form_file: Annotated[
        Path | None, typer.Option("--form", metavar="FILE", help="The form as JSON; without it you are asked.")
    ] = None,
    photo: Annotated[Path | None, typer.Option("--photo", metavar="FILE", help="A JPEG or PNG of your face.")] = None,
    service: Annotated[
        str | None, typer.Option("--service", metavar="URL", help="The service, where the wallet follows several.")
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="Renew what you hold, with new keys.")] = False,
    renewal_code: Annotated[
        str | None, typer.Option("--renewal-code", metavar="CODE", help="Renew with the code from the office.")
    ] = None,
) -> None:
    """Apply for a credential; makes your keys and PINs.

    The form is signed by a key made for it, and goes to the office of the service. Your PINs and PUK are
    made here too, and shown this once.
    """
    from did.errors import IdError
    from wallet_cli import applying
    from wallet_cli.views import day

    base_url = _service(session, service)
    old = applying.find(session, None) if renew else None
    if form_file is None:
        applying.check_not_blocked(session)
    form = applying.read_form(form_file) if form_file is not None else applying.ask_form(session)
    if photo is not None:
        form["photo"] = applying.photo_url(photo)
    roles, pins = applying.open_both_roles(session, birthdate=str(form.get("birthdate", "")))
    application = applying.draft(session, service=base_url, type_name=type_name, form=form, roles=roles)
    if pins is not None:
        applying.show_pins(session, pins)
    try:
        applying.send(session, application, form, renews=old, renewal_code=renewal_code)
    except Unavailable:
        raise  # it may have arrived: the same command sends the same application again
    except IdError:
        applying.withdraw_draft(session, application, made_pins=pins is not None)
        if pins is not None:
            session.talk.say("Not sent.  These codes count for nothing: you get new ones when you apply again.")
        raise
    body: dict[str, object] = {
        "id": application.id,
        "number": application.number,
        "type": application.type,
        "state": application.state,
        "decision_due": application.decision_due or None,
    }
    if pins is not None:
        body["pins"] = applying.pins_json(pins)
    due = f"  Decision by {day(datetime.fromisoformat(application.decision_due))}." if application.decision_due else ""
    session.talk.result(
        [f"Sent      application {application.number}, state {application.state}.{due}", "Next      wallet status"],
        body,
    )


def _service(session: Session, asked: str | None) -> str:
    known = [one.base_url for one in session.wallet.services]
    if asked is None and len(known) == 1:
        return known[0]
    if asked is not None and asked.rstrip("/") in known:
        return asked.rstrip("/")
    raise MissingInput(
        "This wallet does not know which service to apply at.",
        why=f"It follows: {', '.join(known) or 'none'}.",
        hint="--service URL, or wallet trust add URL first",
    )
