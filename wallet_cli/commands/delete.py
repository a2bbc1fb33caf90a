"""`wallet delete`: one credential, or everything."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    credential_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="As wallet list shows it.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="Delete the whole wallet, keys and all.")] = False,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NAME", help="Repeat the id (or the wallet's id) instead of being asked."),
    ] = None,
) -> None:
    """Delete one credential, or the whole wallet.

    Deleting does not revoke: a credential that is lost or stolen is stopped with wallet freeze.
    """
    from wallet_cli import deleting
    from wallet_cli.errors import MissingInput

    if (credential_id is None) == (not everything):
        raise MissingInput("Name one credential, or say --everything.", hint="wallet list shows the ids")
    if credential_id is not None:
        body = deleting.delete_credential(session, credential_id, confirm=confirm)
    else:
        body = deleting.delete_wallet(session, confirm=confirm)
    session.talk.result("Deleted.", body)
