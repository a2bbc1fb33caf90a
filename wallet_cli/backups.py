"""Backups: the same seal under another passphrase, and what must not live again (T90, T93, T100).

A copy of the wallet file would bring used copies back to life. So a restored wallet has no
single-use copies, no pending tokens and no status lists; it refreshes what it can. Someone who keeps
the copies on purpose is told what that means.
"""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wallet_cli.errors import Conflict, MissingInput
from wallet_cli.folder import read_private_file, write_new_file
from wallet_cli.model import Event
from wallet_cli.sealed import (
    KEY_BYTES,
    MAX_FILE_BYTES,
    Header,
    make_passphrase_slot,
    open_passphrase_slot,
    parse_sealed,
    seal_content,
)
from wallet_cli.starting import choose_keys
from wallet_cli.store import Store, create_with_keyring, create_with_passphrase, decode_wallet, encode_wallet

if TYPE_CHECKING:
    from did.keyfile import KdfParams
    from wallet_cli.model import Wallet
    from wallet_cli.session import Session

SECRET: Final = "backup_passphrase"  # noqa: S105 - the name under which a secrets file gives it


def write_backup(session: "Session", file: Path) -> int:
    """Write the backup and return its size. It is opened by a passphrase of its own, also in keyring mode."""
    if file.is_symlink() or file.exists():
        raise Conflict(f"{file.name} is there already and is never overwritten.", hint="choose another name")
    wallet = session.wallet
    passphrase = session.new_passphrase(SECRET)
    data_key = session.world.random_bytes(KEY_BYTES)
    slot = make_passphrase_slot(
        data_key, passphrase, wallet_id=wallet.id, params=session.kdf, random_bytes=session.world.random_bytes
    )
    kept = deepcopy(wallet)
    kept.statuses.clear()
    kept.locked = False
    data = seal_content(
        encode_wallet(kept),
        header=Header(wallet_id=wallet.id, slots=(slot,)),
        data_key=data_key,
        random_bytes=session.world.random_bytes,
    )
    write_new_file(file, data)
    return len(data)


def restore(session: "Session", file: Path, *, keep_copies: bool) -> tuple[Store, int]:
    """Make a new wallet of a backup; returns it and how many single-use copies were dropped."""
    sealed = parse_sealed(read_private_file(file, max_bytes=MAX_FILE_BYTES))
    if sealed.header.slot("passphrase") is None:
        raise MissingInput("This is no backup: it opens by a system keyring only.", hint="wallet backup FILE makes one")
    passphrase = session.secret(SECRET, "Passphrase of the backup")
    wallet = decode_wallet(sealed.open(open_passphrase_slot(sealed.header, passphrase)))
    dropped = 0
    wallet.pending.clear()
    wallet.statuses.clear()
    for credential in wallet.credentials:
        if credential.single_use and not keep_copies:
            dropped += len(credential.copies)
            for copy in credential.copies:
                wallet.keys.pop(copy.key, None)
            credential.copies.clear()
    wallet.history.append(
        Event(
            at=session.world.clock(),
            kind="own_act",
            who="this wallet",
            who_id=wallet.id,
            what="restored from a backup",
            outcome=f"{dropped} copies dropped",
        )
    )
    # a wallet of its own: the counter and secret that the keyring keeps for the old one are not this one's
    wallet = replace(wallet, id=f"w_{session.world.random_bytes(4).hex()}", generation=0)
    return _put(session, wallet), dropped


def _put(session: "Session", wallet: "Wallet") -> Store:
    if choose_keys(session, None) == "keyring":
        store = create_with_keyring(
            session.path, wallet, session.need_box(wallet.id), random_bytes=session.world.random_bytes
        )
    else:
        store = create_with_passphrase(
            session.path,
            wallet,
            session.new_passphrase(),
            params=session.world.kdf or _params(wallet),
            random_bytes=session.world.random_bytes,
        )
    session.adopt(store)
    return store


def _params(wallet: "Wallet") -> "KdfParams":
    from did.keyfile import KdfParams

    memory, iterations, lanes = wallet.kdf
    return KdfParams(memory_kib=memory, iterations=iterations, lanes=lanes)
