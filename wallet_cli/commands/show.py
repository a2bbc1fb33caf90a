"""`wallet show`: one credential, its claims, and its status."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    credential_id: Annotated[str, typer.Argument(metavar="ID", help="As wallet list shows it.")],
    offline: Annotated[bool, typer.Option("--offline", help="Fetch no status list.")] = False,
) -> None:
    """Show one credential: its claims and its status.

    Claims are shown to you only. What a verifier sees is what you agree to in wallet present.
    """
    from wallet_cli import holdings
    from wallet_cli.describing import describe

    credential = holdings.find(session, credential_id)
    lines, body = describe(session, credential, offline=offline)
    session.talk.result(lines, body)
