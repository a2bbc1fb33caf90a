"""`wallet lock`: close the wallet until it is unlocked."""

from wallet_cli.session import Session


def run(session: Session) -> None:
    """Lock the wallet, and end an unlock.

    A wallet under a passphrase forgets the key that wallet unlock left in the system keyring. A wallet in
    the system keyring stays closed until wallet unlock and PIN1.
    """
    from wallet_cli import locking

    words = locking.lock(session)
    session.talk.result(words, {"wallet": locking.wallet_id(session), "locked": True})
