"""`wallet present`: a verifier's request, what would leave the wallet, your yes, and the answer."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from wallet_cli.session import Session

if TYPE_CHECKING:
    from credentials.openid.request import AuthorizationRequest


def run(
    session: Session,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="Link, page address, code, file or QR picture.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would leave the wallet, and stop.")] = False,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Go on in the browser when the verifier says where.")
    ] = False,
) -> None:
    """Show credentials to a verifier, once you have said yes.

    You see who asks, for what purpose, and every claim with its value. Nothing is sent before your yes;
    what goes beyond the verifier's registration is refused. Scripts use --consent-file.
    """
    from wallet_cli import consent as consents
    from wallet_cli import presenting, requesting
    from wallet_cli.errors import NothingFits, Phase, Refused
    from wallet_cli.inputs import read_link

    session.phase = Phase("Not sent", "Nothing left your wallet.")
    agreed = session.consent()
    checked = requesting.open_request(session, read_link(session, request, kind="request"))
    try:
        question = presenting.questions(session, checked, agreed)
        session.talk.say(consents.screen(session, question))
        if dry_run:
            session.talk.result("Nothing was sent.", {"outcome": "dry_run", **consents.plan_json(question)})
            return
        consents.agree(session, question, agreed)
    except (NothingFits, Refused, consents.OverAsking, presenting.KeyMisused, presenting.NotConfirmable) as exc:
        if not dry_run:
            presenting.refuse(session, checked, what=_asked(checked))
        if isinstance(exc, NothingFits):
            wanted = _asked(checked).replace(": asked", ":")
            exc.why = f"{_name(session, checked)} wants {wanted}.  It was told only that nothing is shared."
        raise
    outcome = presenting.send(session, question)
    session.phase = Phase()
    presenting.refill_quietly(session, question.shares)
    body: dict[str, object] = {
        "outcome": "granted",
        "verifier": question.verifier_id,
        "request": _handle(request) or checked.response_uri.rsplit("/", 1)[-1],
        "disclosed": question.disclosed(),
    }
    lines = [f"Accepted by {_name(session, checked)}.  See: wallet history"]
    if outcome.redirect_uri is not None:
        body["redirect_uri"] = outcome.redirect_uri
        lines.append(f"Go on in your browser: {outcome.redirect_uri}")
        if open_browser:
            import webbrowser

            webbrowser.open(outcome.redirect_uri)
    session.talk.result(lines, body)


def _name(session: Session, request: "AuthorizationRequest") -> str:
    from wallet_cli.text import clean

    agency = request.verifier.agency
    return clean(agency.name(session.services.languages) if agency is not None else request.verifier.name, limit=60)


def _asked(request: "AuthorizationRequest") -> str:
    """`residency: asked address` for the history: types and claim names, no values."""
    from credentials.claims import format_path
    from credentials.openid.purposes import requested_claims
    from wallet_cli.offering import short_type
    from wallet_cli.text import clean

    found: dict[str, list[str]] = {}
    for one in requested_claims(request.query):
        names = found.setdefault(short_type(one.type or "?"), [])
        if one.path is not None:
            names.append(format_path(one.path))
    words = [f"{kind}: asked {', '.join(names) or 'nothing more'}" for kind, names in found.items()]
    return clean("; ".join(words), limit=200)


def _handle(argument: str) -> str | None:
    """The short code in what was typed, if there was one, without its hyphen."""
    found = re.search(r"(?:^|/r/)([0-9A-Za-z]{4})-?([0-9A-Za-z]{4})$", argument.strip())
    return (found[1] + found[2]).upper() if found else None
