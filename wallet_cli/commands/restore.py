"""`wallet restore`: a wallet from a backup."""

from pathlib import Path
from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    keep_copies: Annotated[
        bool,
        typer.Option("--keep-copies", help="Keep single-use copies too: some may have been shown since the backup."),
    ] = False,
) -> None:
    """Make a wallet from a backup.

    Copies that are shown once are dropped, because nobody can know which of them were shown after the
    backup was made; wallet refresh fetches new ones. Codes and tokens under way are dropped too.
    """
    from wallet_cli import backups

    store, dropped = backups.restore(session, file, keep_copies=keep_copies)
    lines = [f"Restored  {store.wallet.id}, {len(store.wallet.credentials)} credentials."]
    if dropped:
        lines.append(f"Dropped   {dropped} single-use copies.  Next: wallet refresh")
    elif keep_copies:
        lines.append("! Copies that were shown after the backup would be shown again, and can be recognised.")
    session.talk.result(
        lines, {"wallet": store.wallet.id, "credentials": len(store.wallet.credentials), "dropped_copies": dropped}
    )
