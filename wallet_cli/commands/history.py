"""`wallet history`: what was received, shown and refused. It is kept in the wallet only."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most this many, newest first.")] = 50,
    before: Annotated[
        int | None, typer.Option("--before", min=1, help="Go on where the last page ended (`next`).")
    ] = None,
    as_list: Annotated[bool, typer.Option("--list", help="One fact on each line instead of a table.")] = False,
) -> None:
    """List what was received, shown and refused."""
    from wallet_cli.clock import iso
    from wallet_cli.text import clean, table
    from wallet_cli.views import as_list as listed
    from wallet_cli.views import minute

    events = session.wallet.history
    end = len(events) if before is None else min(before - 1, len(events))
    start = max(end - limit, 0)
    page = list(reversed(events[start:end]))
    language = session.wallet.language
    words = {"granted": "accepted"}
    rows = [
        (
            minute(one.at, language),
            clean(one.who, limit=30),
            clean(one.what, limit=60),
            clean(one.purpose, limit=30) or "-",
            words.get(one.outcome, one.outcome),
        )
        for one in page
    ]
    names = ("When", "Who", "What", "Purpose", "Result")
    lines = (
        listed([list(zip(names, row, strict=True)) for row in rows])
        if as_list
        else table(tuple(name.upper() for name in names), rows)
    )
    body = [
        {
            "at": iso(one.at),
            "kind": one.kind,
            "verifier" if one.kind == "presented" else "with": one.who_id,
            "what": one.what,
            "purpose": one.purpose or None,
            "claims": [path for _, path in one.claims],
            "request": one.request or None,
            "outcome": one.outcome,
        }
        for one in page
    ]
    session.talk.result(lines if rows else "Nothing yet.", {"events": body, "next": start + 1 if start else None})
