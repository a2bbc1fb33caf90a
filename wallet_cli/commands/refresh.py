"""`wallet refresh`: fresh copies, fresh status lists, a fresh signed list."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    credential_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One credential; all that can be refreshed if left out.")
    ] = None,
    status: Annotated[bool, typer.Option("--status", help="Fetch the status lists and the signed list only.")] = False,
) -> None:
    """Fetch fresh copies of a credential, or the status lists.

    Unused copies are replaced by new ones with new keys. The issuer learns that you refreshed, not where
    you show anything.
    """
    from wallet_cli import holdings, receiving, refreshing

    if status:
        body = refreshing.refresh_lists(session)
        lists = "1 status list" if body["status_lists"] == 1 else f"{body['status_lists']} status lists"
        session.talk.result(f"Fetched {lists} and the signed list.", body)
        return
    brought = receiving.resume(session)
    wanted = [holdings.find(session, credential_id)] if credential_id is not None else None
    brought += refreshing.refresh_copies(session, wanted)
    words = ", ".join(f"{one.type} ({one.copies} {'copies' if one.copies != 1 else 'copy'})" for one in brought)
    session.talk.result(
        f"Fetched   {words}", {"received": [{"type": one.type, "copies": one.copies} for one in brought]}
    )
