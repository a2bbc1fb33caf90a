"""Lock and unlock (T91). No secret of an unlock is ever written to a file.

Under a passphrase every command asks for it, unless an unlock left the data key in the system
keyring, with an end; lock takes it out. In keyring mode the system opens the wallet by itself; lock
puts a mark inside the seal, which only PIN1 takes away.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from wallet_cli.errors import Unavailable, WalletLocked
from wallet_cli.store import ClosedWallet

if TYPE_CHECKING:
    from wallet_cli.session import Session


def wallet_id(session: "Session") -> str:
    """The id of the wallet, which stands outside its seal too."""
    if session.has_store:
        return session.open_even_if_locked().wallet.id
    closed = ClosedWallet(session.path)
    closed.folder.close()
    return closed.header.wallet_id


def lock(session: "Session") -> str:
    """Lock the wallet and say how. Raises WalletLocked where it could not be opened again."""
    closed = ClosedWallet(session.path)
    keyring_mode = closed.header.slot("keyring") is not None
    box = session.box_of(closed)
    closed.folder.close()
    if not keyring_mode:
        ended = box.forget_unlock() if box is not None else False
        return "Locked; the unlock is over." if ended else "Locked.  Each command asks for the passphrase."
    store = session.open_even_if_locked()
    if "auth" not in store.wallet.gates:
        raise WalletLocked(
            "This wallet has no PIN1 that could open it again.",
            why="Its lock is the system keyring's.",
            hint="lock your session, or the keyring of your desktop",
        )
    store.wallet.locked = True
    store.save()
    return "Locked.  PIN1 opens it: wallet unlock"


def unlock(session: "Session", *, minutes: int) -> datetime | None:
    """Open the wallet for a while; returns the end, None where it stays open until it is locked."""
    store = session.open_even_if_locked()
    if store.header.slot("keyring") is not None:
        if store.wallet.locked:
            session.unlocking = True
            session.open_role("auth")
            store.wallet.locked = False
            store.save()
        return None
    box = session.box_of_id(store.wallet.id)
    if box is None:
        raise Unavailable(
            "This computer has no system keyring that could keep the wallet open.",
            why="The wallet opens with its passphrase, each time.  Nothing was changed.",
            hint="go on with the command that you wanted, and type the passphrase",
        )
    since = session.world.clock()
    until = since + timedelta(minutes=minutes)
    box.keep_unlock(store.data_key, since=since, until=until)
    return until
