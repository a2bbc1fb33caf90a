"""`wallet receive`: what an offer holds, your yes, and checked credentials in the wallet."""

from typing import Annotated, Any

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    offer: Annotated[
        str | None,
        typer.Argument(
            metavar="[OFFER]", help="Link, page address, code, file or QR picture; none goes on where it stopped."
        ),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option("--from", metavar="ISSUER", help="Accept only if it is from this issuer (answers the question)."),
    ] = None,
    application: Annotated[
        str | None, typer.Option("--application", metavar="NUMBER", help="The application that the offer belongs to.")
    ] = None,
) -> None:
    """Take the credentials of an offer into the wallet.

    The issuer has to be in the signed list. Every credential is checked as a verifier would check it before
    it is stored. A command that was interrupted goes on when it is run again.
    """
    from wallet_cli import accepting, receiving
    from wallet_cli.errors import MissingInput, Phase, WalletError
    from wallet_cli.text import facts

    session.phase = Phase("Not taken", "Nothing was added to your wallet.")
    interrupted, lost = bool(session.wallet.pending), receiving.lost_items(session)
    brought = receiving.resume(session)
    pins: dict[str, Any] = {}
    if offer is not None:
        more, made = accepting.accept(session, offer, issuer=issuer, application_number=application)
        brought += more
        pins = {"pins": made} if made else {}
    elif lost and not brought:
        raise WalletError(
            "The time of the interrupted offer is over.",
            hint="wallet refresh, or ask the issuing office for a new offer",
            code="offer_expired",
        )
    elif not interrupted:
        raise MissingInput("Nothing was interrupted, and no offer is named.", hint="wallet receive LINK")
    stored = ", ".join(_words(one) for one in brought) or "nothing new"
    rows = [("Checked", "issuer signature, type, dates, status"), ("Stored", stored)]
    session.talk.result(
        facts(rows, label_columns=10),
        {"received": [{"type": one.type, "copies": one.copies} for one in brought], **pins},
    )


def _words(one: "Any") -> str:
    return f"{one.type} ({one.copies} copies, each used once)" if one.copies > 1 else one.type
