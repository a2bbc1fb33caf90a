"""`wallet status`: how an application stands, and the answer to a question about it."""

from pathlib import Path
from typing import Annotated

import typer

from wallet_cli.session import Session

UNDECIDED = ("submitted", "paid", "checks", "info_requested")
WORDS = {
    "draft": "not sent yet",
    "submitted": "sent; the office has it",
    "paid": "sent and paid",
    "checks": "being checked",
    "info_requested": "the office has a question",
    "approved": "approved; an appointment to collect it comes next",
    "refused": "refused",
    "ready": "ready: an offer is waiting for your wallet",
    "active": "active",
    "suspended": "suspended",
    "revoked": "revoked",
    "expired": "over",
}


def run(
    session: Session,
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="The application; the newest if left out.")
    ] = None,
    answer: Annotated[
        Path | None, typer.Option("--answer", metavar="FILE", help="The corrected form (JSON), to answer a question.")
    ] = None,
) -> None:
    """Follow your application, or answer a question about it."""
    from wallet_cli import applying
    from wallet_cli.text import clean, facts

    application = applying.find(session, number)
    if answer is not None:
        applying.answer_question(session, application, applying.read_form(answer))
    body = applying.follow(session, application)
    state = str(body.get("state", application.state))
    rows = [
        ("Number", application.number),
        ("For", application.type),
        ("State", WORDS.get(state, clean(state))),
    ]
    for member, label in (("reason_text", "Reason"), ("question", "Question")):
        if body.get(member):
            rows.append((label, clean(body[member])))
    if body.get("decision_due") and state in UNDECIDED:
        rows.append(("Decision by", _day(str(body["decision_due"]))))
    if state == "info_requested":
        rows.append(("Next", "wallet status --answer FORM.json"))
    if state == "ready":
        rows.append(("Next", "wallet receive LINK, with the code from the slip"))
    session.talk.result(facts(rows, label_columns=13), body)


def _day(text: str) -> str:
    """The office's date as other commands write it; what is no date stays as it came."""
    from datetime import datetime

    from wallet_cli.text import clean
    from wallet_cli.views import day

    try:
        return day(datetime.fromisoformat(text))
    except ValueError:
        return clean(text)
