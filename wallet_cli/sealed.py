"""The one sealed file of a wallet: a header that says how to open it, and everything else sealed.

    openresidency wallet 1 \\n | header length (4 bytes) | header JSON | nonce (12) | AES-256-GCM

A random data key seals the content; the header is its additional data, so that an edited header,
another wallet's header, or weaker key-derivation parameters do not open. Each slot of the header
holds the data key once: under a passphrase (argon2id, did/keyfile.py) or under a secret that the
system keyring keeps. Reading and writing the file is store.py's.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from did.encoding import b64url_decode, b64url_encode, json_object
from did.errors import IdError, Malformed
from did.keyfile import KdfParams, seal, unseal
from wallet_cli.errors import WalletLocked

MAGIC = b"openresidency wallet 1\n"
KEY_BYTES = 32
NONCE_BYTES = 12
MAX_HEADER_BYTES = 16 * 1024
MAX_FILE_BYTES = 64 * 1024 * 1024

SlotKind = Literal["passphrase", "keyring"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One way to the data key; `wrapped` is the data key under the slot's own secret."""

    kind: SlotKind
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a sealed file says before it is opened. Public, but authenticated with the content."""

    wallet_id: str
    slots: tuple[Slot, ...]

    def slot(self, kind: SlotKind) -> Slot | None:
        """The slot of that kind, if there is one."""
        return next((slot for slot in self.slots if slot.kind == kind), None)

    def encode(self) -> bytes:
        """The header as it stands in the file, and is authenticated."""
        body = {
            "id": self.wallet_id,
            "slots": [{"kind": s.kind, "wrapped": b64url_encode(s.wrapped)} for s in self.slots],
        }
        return json.dumps(body, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """A sealed file, split: nothing in it is trusted until `open` has succeeded."""

    header: Header
    header_bytes: bytes
    nonce: bytes
    ciphertext: bytes

    def open(self, data_key: bytes) -> bytes:
        """Return the content. Raises WalletLocked when a single bit of file or header was changed."""
        try:
            return AESGCM(data_key).decrypt(self.nonce, self.ciphertext, _aad(self.header_bytes))
        except InvalidTag as exc:
            raise WalletLocked(
                "The wallet file was changed or is damaged; it does not open.",
                why="Its seal is broken.  Nothing was read from it.",
                hint="restore it from a backup: wallet restore FILE --wallet NEW-FOLDER",
            ) from exc


def make_passphrase_slot(
    data_key: bytes, passphrase: str, *, wallet_id: str, params: KdfParams, random_bytes: Callable[[int], bytes]
) -> Slot:
    """Return a slot that opens with `passphrase`; `params` are written into it and authenticated."""
    wrapped = seal(
        data_key, passphrase, params=params, random_bytes=random_bytes, context=_context(wallet_id, "passphrase")
    )
    return Slot(kind="passphrase", wrapped=wrapped)


def make_keyring_slot(data_key: bytes, secret: bytes, *, wallet_id: str, random_bytes: Callable[[int], bytes]) -> Slot:
    """Return a slot that opens with the 32-byte `secret` of the system keyring."""
    nonce = random_bytes(NONCE_BYTES)
    return Slot(kind="keyring", wrapped=nonce + AESGCM(secret).encrypt(nonce, data_key, _context(wallet_id, "keyring")))


def open_passphrase_slot(header: Header, passphrase: str) -> bytes:
    """Return the data key. Raises WalletLocked for a wrong passphrase or an edited slot: they look the same."""
    slot = header.slot("passphrase")
    if slot is None:
        raise WalletLocked("This wallet has no passphrase; the system keyring opens it.")
    try:
        return unseal(slot.wrapped, passphrase, context=_context(header.wallet_id, "passphrase"))
    except IdError as exc:
        raise WalletLocked(
            "The passphrase is not right.",
            why="The wallet stays locked.  Nothing was read from it.",
            hint="try again; if you are sure of it, the file was changed: wallet restore FILE",
        ) from exc


def open_keyring_slot(header: Header, secret: bytes) -> bytes:
    """Return the data key. Raises WalletLocked when the keyring's secret is not this wallet's."""
    slot = header.slot("keyring")
    if slot is None:
        raise WalletLocked("This wallet is not opened by the system keyring, but by a passphrase.")
    nonce, wrapped = slot.wrapped[:NONCE_BYTES], slot.wrapped[NONCE_BYTES:]
    try:
        return AESGCM(secret).decrypt(nonce, wrapped, _context(header.wallet_id, "keyring"))
    except (InvalidTag, ValueError) as exc:
        raise WalletLocked(
            "The secret in the system keyring does not open this wallet.",
            why="The wallet folder or the keyring entry is of another wallet, or was changed.",
            hint="check --wallet, or restore from a backup: wallet restore FILE",
        ) from exc


def seal_content(plain: bytes, *, header: Header, data_key: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
    """Return the whole sealed file over `plain`, under a fresh nonce."""
    header_bytes = header.encode()
    nonce = random_bytes(NONCE_BYTES)
    ciphertext = AESGCM(data_key).encrypt(nonce, plain, _aad(header_bytes))
    return b"".join((MAGIC, struct.pack(">I", len(header_bytes)), header_bytes, nonce, ciphertext))


def parse_sealed(data: bytes) -> SealedFile:
    """Split a sealed file. Raises Malformed when it is none."""
    start = len(MAGIC) + 4
    if not data.startswith(MAGIC) or len(data) < start:
        raise Malformed("this is not a wallet file", hint="name the folder or backup that this wallet made")
    (length,) = struct.unpack(">I", data[len(MAGIC) : start])
    end = start + length
    if length > MAX_HEADER_BYTES or len(data) < end + NONCE_BYTES + 16:
        raise Malformed("the wallet file is cut short", hint="restore it from a backup: wallet restore FILE")
    header_bytes = data[start:end]
    return SealedFile(
        header=_parse_header(header_bytes),
        header_bytes=header_bytes,
        nonce=data[end : end + NONCE_BYTES],
        ciphertext=data[end + NONCE_BYTES :],
    )


def _parse_header(header_bytes: bytes) -> Header:
    body = json_object(header_bytes)
    wallet_id, slots = body.get("id"), body.get("slots")
    if not isinstance(wallet_id, str) or not isinstance(slots, list) or not slots:
        raise Malformed("the wallet file has no usable header")
    read: list[Slot] = []
    for slot in slots:
        kind, wrapped = (slot.get("kind"), slot.get("wrapped")) if isinstance(slot, dict) else (None, None)
        if kind not in ("passphrase", "keyring") or not isinstance(wrapped, str):
            raise Malformed("the wallet file has no usable header")
        read.append(Slot(kind=kind, wrapped=b64url_decode(wrapped)))
    return Header(wallet_id=wallet_id, slots=tuple(read))


def _aad(header_bytes: bytes) -> bytes:
    return MAGIC + header_bytes


def _context(wallet_id: str, kind: SlotKind) -> bytes:
    return f"openresidency wallet 1, {kind} slot of {wallet_id}".encode()
