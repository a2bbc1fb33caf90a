"""The sealed store: opens a wallet folder, holds its `Wallet` value, writes it back whole.

What each command changes is durable when `save` returns. In keyring mode the number of the last
write is also kept in the system keyring, so that an older copy of the file is noticed; a wallet
under a passphrase alone cannot notice that, and the manual says so (contract: wallet in scripts).
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from did.errors import Malformed
from wallet_cli.errors import Conflict, NotFound, WalletLocked
from wallet_cli.folder import Folder, make_private_folder
from wallet_cli.keyring_box import KeyringBox
from wallet_cli.model import FORMAT_VERSION, Wallet
from wallet_cli.sealed import (
    KEY_BYTES,
    MAX_FILE_BYTES,
    Header,
    SealedFile,
    make_keyring_slot,
    make_passphrase_slot,
    open_keyring_slot,
    open_passphrase_slot,
    parse_sealed,
    seal_content,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from did.keyfile import KdfParams

FILE_NAME: Final = "wallet.sealed"

RandomBytes = Callable[[int], bytes]


class Store:
    """An open wallet. Use as a context manager: closing it lets other commands in."""

    def __init__(
        self,
        *,
        folder: Folder,
        header: Header,
        data_key: bytes,
        wallet: Wallet,
        random_bytes: RandomBytes,
        box: KeyringBox | None,
    ) -> None:
        self.folder = folder
        self.header = header
        self.wallet = wallet
        self.data_key = data_key
        self._random_bytes = random_bytes
        self._box = box

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.folder.close()

    def save(self) -> None:
        """Seal the wallet and put it on disk; returns when it would survive a power cut."""
        self.wallet.generation += 1
        plain = encode_wallet(self.wallet)
        self.folder.write(
            FILE_NAME,
            seal_content(plain, header=self.header, data_key=self.data_key, random_bytes=self._random_bytes),
        )
        if self._box is not None:
            # after the file: a crash between the two leaves a newer file, which is accepted
            self._box.keep_generation(self.wallet.generation)

    def change_header(self, header: Header) -> None:
        """Write the wallet under other slots (a new passphrase)."""
        self.header = header
        self.save()


def encode_wallet(wallet: Wallet) -> bytes:
    """Return the wallet as JSON, for sealing only."""
    return _adapter().dump_json(wallet)


def decode_wallet(plain: bytes) -> Wallet:
    """Return the wallet in what was sealed. Raises Malformed for another version."""
    from pydantic import ValidationError

    other_version = Malformed(
        "the wallet was written by another version", hint="open it with the version that wrote it"
    )
    try:
        wallet: Wallet = _adapter().validate_json(plain)
    except ValidationError:
        raise other_version from None  # the cause's text would quote what the wallet holds
    if wallet.version != FORMAT_VERSION:
        raise other_version
    return wallet


@cache
def _adapter() -> "TypeAdapter[Wallet]":
    from pydantic import TypeAdapter

    return TypeAdapter(Wallet)


def create_with_passphrase(
    path: Path, wallet: Wallet, passphrase: str, *, params: "KdfParams", random_bytes: RandomBytes
) -> Store:
    """Make the folder and a wallet that a passphrase opens; nothing that is there is overwritten."""
    data_key = random_bytes(KEY_BYTES)
    slot = make_passphrase_slot(data_key, passphrase, wallet_id=wallet.id, params=params, random_bytes=random_bytes)
    return _create(path, wallet, Header(wallet_id=wallet.id, slots=(slot,)), data_key, random_bytes, None)


def create_with_keyring(path: Path, wallet: Wallet, box: KeyringBox, *, random_bytes: RandomBytes) -> Store:
    """Make the folder and a wallet that a secret in the system keyring opens."""
    data_key, secret = random_bytes(KEY_BYTES), random_bytes(KEY_BYTES)
    box.keep_secret(secret)
    slot = make_keyring_slot(data_key, secret, wallet_id=wallet.id, random_bytes=random_bytes)
    return _create(path, wallet, Header(wallet_id=wallet.id, slots=(slot,)), data_key, random_bytes, box)


def _create(
    path: Path, wallet: Wallet, header: Header, data_key: bytes, random_bytes: RandomBytes, box: KeyringBox | None
) -> Store:
    make_private_folder(path)
    folder = Folder(path)
    try:
        if folder.exists(FILE_NAME):
            raise Conflict(
                "There is a wallet in this folder already.",
                why="A wallet is never overwritten.",
                hint="name another folder with --wallet",
            )
        store = Store(
            folder=folder, header=header, data_key=data_key, wallet=wallet, random_bytes=random_bytes, box=box
        )
        store.save()
    except BaseException:
        folder.close()
        raise
    return store


class ClosedWallet:
    """A wallet folder that is locked for this command but whose file is still sealed."""

    def __init__(self, path: Path) -> None:
        try:
            self.folder = Folder(path)
        except NotFound:
            raise _no_wallet() from None
        try:
            self.sealed: SealedFile = parse_sealed(self.folder.read(FILE_NAME, max_bytes=MAX_FILE_BYTES))
        except NotFound:
            self.folder.close()
            raise _no_wallet() from None
        except BaseException:
            self.folder.close()
            raise

    @property
    def header(self) -> Header:
        """The header of the sealed file."""
        return self.sealed.header

    def data_key_by_passphrase(self, passphrase: str) -> bytes:
        """Return the data key, at the cost of one key derivation. Raises WalletLocked."""
        return open_passphrase_slot(self.header, passphrase)

    def data_key_by_keyring(self, box: KeyringBox) -> bytes:
        """Return the data key from the system keyring's secret. Raises WalletLocked."""
        secret = box.secret()
        if secret is None:
            raise WalletLocked(
                "The system keyring has no secret for this wallet.",
                why="It was made on another computer or account, or the entry was deleted.",
                hint="restore it from a backup: wallet restore FILE",
            )
        return open_keyring_slot(self.header, secret)

    def open(self, data_key: bytes, *, random_bytes: RandomBytes, box: KeyringBox | None) -> Store:
        """Break the seal and return the store. `box` is the keyring of a wallet in keyring mode, else None.

        Raises WalletLocked for an edited file, or one older than the keyring has seen (T90).
        """
        wallet = decode_wallet(self.sealed.open(data_key))
        newest = box.generation() if box is not None else None
        if wallet.id != self.header.wallet_id or (newest is not None and wallet.generation < newest):
            raise WalletLocked(
                "The wallet file is an older copy of this wallet.",
                why=f"It was written {wallet.generation} times; the system keyring has seen {newest}.",
                hint="put the newest file back, or restore a backup as a new wallet: wallet restore FILE",
            )
        return Store(
            folder=self.folder,
            header=self.header,
            data_key=data_key,
            wallet=wallet,
            random_bytes=random_bytes,
            box=box,
        )


def _no_wallet() -> NotFound:
    hint = "make one with wallet init, or name its folder with --wallet"
    return NotFound("There is no wallet in this folder.", hint=hint)
