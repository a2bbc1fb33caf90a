"""Sealed bytes under a passphrase: Argon2id (RFC 9106) for the key, AES-256-GCM (NIST SP 800-38D) for the box.

Layout: magic `ORSEAL1\\n`, memory in KiB (u32), iterations (u32), lanes (u8), salt (16), nonce (12),
ciphertext with tag. Everything before the ciphertext and the caller's `context` are authenticated, so
no field can be changed and no file put in another's place (T90). Reading and writing files is the caller's.
"""

import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from did.errors import KeyFileInvalid

_MAGIC = b"ORSEAL1\n"
_PARAMS = struct.Struct(">IIB")
_SALT, _NONCE, _TAG = 16, 12, 16
_HEADER = len(_MAGIC) + _PARAMS.size + _SALT + _NONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class KdfParams:
    """Cost of Argon2id: memory in KiB, passes over it, parallel lanes. The default is RFC 9106's second choice."""

    memory_kib: int = 65536
    iterations: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        """Refuse costs outside what Argon2 allows and what a reader should spend on a stranger's header."""
        if not (8 * self.lanes <= self.memory_kib <= 1 << 20 and 1 <= self.iterations <= 64 and 1 <= self.lanes <= 16):
            raise KeyFileInvalid("key file asks for a passphrase cost outside the allowed range")


def seal(
    plain: bytes,
    passphrase: str,
    *,
    random_bytes: Callable[[int], bytes],
    params: KdfParams | None = None,
    context: bytes,
) -> bytes:
    """Return `plain` sealed under `passphrase`; `random_bytes(n)` must give n fresh random bytes.

    `context` says what the bytes are (say, `b"wallet keys"`) and must be given again to unseal.
    """
    params = params or KdfParams()
    salt, nonce = random_bytes(_SALT), random_bytes(_NONCE)
    header = _MAGIC + _PARAMS.pack(params.memory_kib, params.iterations, params.lanes) + salt + nonce
    return header + AESGCM(_derive(passphrase, salt, params)).encrypt(nonce, plain, header + context)


def unseal(sealed: bytes, passphrase: str, *, context: bytes) -> bytes:
    """Return the bytes that `seal` was given; raises KeyFileInvalid for a wrong passphrase or any change."""
    if len(sealed) < _HEADER + _TAG or not sealed.startswith(_MAGIC):
        raise KeyFileInvalid("text is not a sealed key file")
    header, body = sealed[:_HEADER], sealed[_HEADER:]
    memory_kib, iterations, lanes = _PARAMS.unpack_from(header, len(_MAGIC))
    params = KdfParams(memory_kib=memory_kib, iterations=iterations, lanes=lanes)
    salt, nonce = header[-_SALT - _NONCE : -_NONCE], header[-_NONCE:]
    try:
        return AESGCM(_derive(passphrase, salt, params)).decrypt(nonce, body, header + context)
    except InvalidTag as exc:
        raise KeyFileInvalid("passphrase is wrong, or the key file was altered") from exc


def _derive(passphrase: str, salt: bytes, params: KdfParams) -> bytes:
    try:
        # NFC, so that one passphrase typed on two systems gives one key.
        secret = unicodedata.normalize("NFC", passphrase).encode("utf-8")
        return hash_secret_raw(
            secret, salt, params.iterations, params.memory_kib, params.lanes, hash_len=32, type=Type.ID
        )
    except (HashingError, UnicodeEncodeError) as exc:
        raise KeyFileInvalid("key could not be derived from the passphrase") from exc
