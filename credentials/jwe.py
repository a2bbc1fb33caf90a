"""Compact JWE as the high assurance profile fences it: ECDH-ES on P-256, A128GCM or A256GCM.

No compression, no password algorithms, no key wrapping, no JSON serialization. The work is
joserfc's; what may reach it is decided here. RFC 7516, RFC 7518 section 4.6; HAIP 1.0 section 5.
"""

from collections.abc import Collection, Mapping
from typing import Any

from did.keys import PrivateKey

HAIP_ENCS: tuple[str, ...] = ("A256GCM", "A128GCM")
MAX_JWE_BYTES = 1 << 20


def encrypt_jwe(
    plain: bytes, *, recipient_jwk: Mapping[str, Any], enc: str, cty: str | None = None, typ: str | None = None
) -> str:
    """Return a compact JWE for the holder of `recipient_jwk`, whose `kid` is copied into the header.

    Raises KeyInvalid (not a P-256 encryption key), AlgorithmNotAllowed (`enc`).
    OpenID4VP 1.0 section 8.3.
    """
    raise NotImplementedError


def decrypt_jwe(
    token: str | bytes,
    *,
    keys: Mapping[str, PrivateKey],
    encs: Collection[str] = HAIP_ENCS,
    max_bytes: int = MAX_JWE_BYTES,
) -> bytes:
    """Return the plaintext; the key is looked up in `keys` by the header's `kid`.

    Raises EncryptionFailed for anything that was not offered: key, `alg`, `enc`, `zip`, a point
    off the curve, a wrong tag. OpenID4VP 1.0 sections 8.3 and 14.6.
    """
    raise NotImplementedError
