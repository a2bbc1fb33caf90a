"""`wallet unlock`: keep the wallet open for a while."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=480, help="For how long; 15 if left out.")] = 15,
) -> None:
    """Keep the wallet open for a while, in the system keyring.

    The key is kept by the system keyring and nowhere else; where there is none, the wallet is opened by its
    passphrase each time. PINs are asked for all the same.
    """
    from wallet_cli import locking
    from wallet_cli.clock import iso

    until = locking.unlock(session, minutes=minutes)
    words = f"Open until {until:%H:%M} UTC.  Close it before: wallet lock" if until is not None else "Open."
    session.talk.result(
        words,
        {"wallet": locking.wallet_id(session), "locked": False, "until": iso(until) if until is not None else None},
    )
