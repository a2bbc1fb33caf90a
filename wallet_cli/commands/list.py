"""`wallet list`: what the wallet holds."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    as_list: Annotated[bool, typer.Option("--list", help="One fact on each line instead of a table.")] = False,
) -> None:
    """List what the wallet holds: credentials, copies left, technical end and state."""
    from wallet_cli.clock import iso
    from wallet_cli.holdings import holdings
    from wallet_cli.text import table
    from wallet_cli.views import as_list as listed

    held = holdings(session)
    head = ("ID", "TYPE", "ISSUER", "COPIES", "TECHNICAL END", "STATE")
    rows = [(one.id, one.type, one.issuer, str(one.copies), one.end_words, one.state_words) for one in held]
    names = ("Id", "Type", "Issuer", "Copies", "Technical end", "State")
    if as_list:
        lines = listed([list(zip(names, row, strict=True)) for row in rows])
    else:
        lines = table(head, rows, right=(3,))
    body = [
        {
            "id": one.id,
            "type": one.type,
            "copies": one.copies,
            "state": one.state,
            "issuer": one.issuer_id,
            "valid_until": iso(one.end) if one.end is not None else None,
        }
        for one in held
    ]
    session.talk.result(lines if held else "The wallet is empty.  Next: wallet receive LINK", {"credentials": body})
