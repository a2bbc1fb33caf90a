"""Deleting a credential with its keys, or the wallet's folder and its entries in the keyring."""

from typing import TYPE_CHECKING, Any

from wallet_cli import copies as pools
from wallet_cli import holdings
from wallet_cli.folder import LOCK_NAME
from wallet_cli.model import Event
from wallet_cli.store import FILE_NAME

if TYPE_CHECKING:
    from wallet_cli.session import Session


def delete_credential(session: "Session", credential_id: str, *, confirm: str | None) -> dict[str, Any]:
    """Delete one credential, every copy of it, and the keys that nothing else is bound to."""
    credential = holdings.find(session, credential_id)
    if confirm != credential.id:
        session.talk.ask_yes(
            f"Delete {credential.type} ({credential.id}) for good? Type yes or no:",
            option=f"--confirm {credential.id}",
            refusal="Nothing was deleted.",
        )
    wallet = session.wallet
    wallet.credentials.remove(credential)
    pools.tidy(wallet)
    wallet.history.append(
        Event(
            at=session.now(),
            kind="own_act",
            who=credential.issuer_name,
            who_id=credential.issuer,
            what=f"{credential.type}: deleted",
            outcome="deleted",
        )
    )
    session.save()
    return {"deleted": credential.id}


def delete_wallet(session: "Session", *, confirm: str | None) -> dict[str, Any]:
    """Delete the sealed file, its entries in the keyring, and the folder if nothing else is in it."""
    wallet_id = session.wallet.id
    if confirm != wallet_id:
        session.talk.ask_yes(
            f"Delete the whole wallet {wallet_id}, with every key in it? Type yes or no:",
            option=f"--confirm {wallet_id}",
            refusal="Nothing was deleted.",
        )
    session.forget_keyring(wallet_id)
    folder = session.store.folder
    folder.remove(FILE_NAME)
    folder.remove(LOCK_NAME)
    folder.close()
    try:
        session.path.rmdir()
    except OSError:
        session.talk.say(f"{session.path.name} holds other files; it was left.")
    return {"deleted": wallet_id}
