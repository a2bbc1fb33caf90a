"""Compact JWE as the high assurance profile fences it: ECDH-ES on P-256, A128GCM or A256GCM.

No compression, no password algorithms, no key wrapping, no JSON serialization. The work is
joserfc's; what may reach it is decided here. RFC 7516, RFC 7518 section 4.6; HAIP 1.0 section 5.
"""

from collections.abc import Collection, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from credentials.errors import AlgorithmNotAllowed, EncryptionFailed, KeyInvalid, TooLarge
from did.encoding import b64url_decode, json_object
from did.errors import Malformed
from did.keys import PrivateKey, PublicKey

HAIP_ENCS: tuple[str, ...] = ("A256GCM", "A128GCM")
"""Content encryption of the profile, the preferred one first (HAIP 1.0 section 5)."""

MAX_JWE_BYTES = 1 << 20

_ALG = "ECDH-ES"
_MEMBERS = frozenset({"alg", "enc", "epk", "kid", "typ", "cty", "apu", "apv"})
_IV_CHARS, _TAG_CHARS = 16, 22  # 96 and 128 bits in base64url: GCM has no other sizes


class _Registry(jwe.JWERegistry):
    """joserfc's own sizes are for small messages; ours was checked before."""

    max_protected_header_length = 4096
    max_ciphertext_length = MAX_JWE_BYTES


def encrypt_jwe(
    plain: bytes, *, recipient_jwk: Mapping[str, Any], enc: str, cty: str | None = None, typ: str | None = None
) -> str:
    """Return a compact JWE for the holder of `recipient_jwk`, whose `kid` is copied into the header.

    Raises KeyInvalid (not a P-256 encryption key), AlgorithmNotAllowed (`enc`, or the key's `alg`).
    OpenID4VP 1.0 section 8.3.
    """
    if enc not in HAIP_ENCS:
        raise AlgorithmNotAllowed(f"content encryption is one of {', '.join(HAIP_ENCS)}")
    if recipient_jwk.get("alg", _ALG) != _ALG:
        raise AlgorithmNotAllowed(f"the encryption key is not for {_ALG}")
    key = PublicKey.from_jwk(recipient_jwk, use="enc").crypto
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyInvalid("the encryption key is not on P-256")
    header: dict[str, Any] = {"alg": _ALG, "enc": enc}
    kid = recipient_jwk.get("kid")
    if kid is not None:
        if not isinstance(kid, str) or len(kid) > 256:
            raise KeyInvalid("the encryption key's kid is not a short string")
        header["kid"] = kid
    header |= {name: value for name, value in (("cty", cty), ("typ", typ)) if value is not None}
    try:
        return jwe.encrypt_compact(header, plain, ECKey.import_key(key), registry=_Registry(None, [_ALG, enc]))
    except (JoseError, ValueError, TypeError) as exc:
        raise EncryptionFailed("the message could not be encrypted") from exc


def decrypt_jwe(
    token: str | bytes,
    *,
    keys: Mapping[str, PrivateKey],
    encs: Collection[str] = HAIP_ENCS,
    max_bytes: int = MAX_JWE_BYTES,
) -> bytes:
    """Return the plaintext; the key is looked up in `keys` by the header's `kid` ("" when it has none).

    Raises TooLarge, and EncryptionFailed for anything that was not offered: key, `alg`, `enc`, `zip`,
    a point off the curve, a wrong tag. OpenID4VP 1.0 sections 8.3 and 14.6 (T57).
    """
    if len(token) > max_bytes:
        raise TooLarge(f"the encrypted message is longer than {max_bytes} bytes")
    text = token.decode("ascii", "replace") if isinstance(token, bytes) else token
    parts = text.split(".")
    if len(parts) != 5 or not text.isascii():
        raise EncryptionFailed("an encrypted message has five parts of base64url")
    if parts[1] or len(parts[2]) != _IV_CHARS or len(parts[4]) != _TAG_CHARS:
        raise EncryptionFailed("the encrypted message has a wrapped key, or a nonce or tag of another size")
    try:
        header = json_object(b64url_decode(parts[0], max_bytes=4096), max_depth=4)
        for part in parts[2:]:
            b64url_decode(part)
    except Malformed as exc:
        raise EncryptionFailed("the encrypted message is not strict base64url and JSON") from exc
    key = _find_key(header, keys, encs)
    try:
        registry = _Registry(None, [_ALG, header["enc"]])
        plain = jwe.decrypt_compact(text, ECKey.import_key(key), registry=registry).plaintext
    except (JoseError, InvalidTag, ValueError, TypeError, KeyError) as exc:
        raise EncryptionFailed("the message was not encrypted to this key, or was altered") from exc
    if plain is None:
        raise EncryptionFailed("the encrypted message is empty")
    return plain


def _find_key(
    header: Mapping[str, Any], keys: Mapping[str, PrivateKey], encs: Collection[str]
) -> ec.EllipticCurvePrivateKey:
    """Return the key the header names, once every member of the header is one we offered."""
    if not header.keys() <= _MEMBERS:
        raise EncryptionFailed("the encrypted message's header has a member that is not allowed here")
    if header.get("alg") != _ALG:
        raise EncryptionFailed(f"the encrypted message's alg is not {_ALG}")
    enc = header.get("enc")
    if not isinstance(enc, str) or enc not in encs or enc not in HAIP_ENCS:
        raise EncryptionFailed(f"the encrypted message's enc is not one of {', '.join(encs)}")
    epk = header.get("epk")
    if not isinstance(epk, dict):
        raise EncryptionFailed("the encrypted message has no ephemeral key")
    try:
        point = PublicKey.from_jwk(epk, use=None)  # off the curve ends here (invalid-curve attacks)
    except KeyInvalid as exc:
        raise EncryptionFailed("the encrypted message's ephemeral key is not a public key on P-256") from exc
    if point.alg != "ES256":
        raise EncryptionFailed("the encrypted message's ephemeral key is not on P-256")
    kid = header.get("kid", "")
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None or key.alg != "ES256" or not isinstance(key.crypto, ec.EllipticCurvePrivateKey):
        raise EncryptionFailed("the encrypted message names a key that was not offered")
    return key.crypto
