"""`wallet backup`: an encrypted copy under a passphrase of its own."""

from pathlib import Path
from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; nothing is overwritten.")],
) -> None:
    """Write an encrypted copy of the wallet.

    It opens with the passphrase you give now, on any computer. A restored copy holds your keys, your
    applications and what lets them be refreshed; single-use copies are not taken along.
    """
    from wallet_cli import backups

    size = backups.write_backup(session, file)
    session.talk.result(
        f"Written   {file.name} ({size // 1024 + 1} KiB).  Keep it and its passphrase apart.",
        {"file": file.name, "bytes": size},
    )
