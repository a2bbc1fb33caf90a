"""Every public key type that a DID document may hold, in Multikey and JWK form, checked on loading.

Covers the multicodec table as did:key (draft v0.9) and CID 1.0 (2.2) use it: Ed25519, X25519, P-256,
P-384, P-521, secp256k1, RSA and BLS12-381. A `RawKey` is a checked key that can be shown; only the
types in `did.keys` can also verify signatures. Checks are those of T10: exact length, on the curve,
not the identity, not of small order, no private member.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from did.edwards import check_ed25519, check_x25519
from did.encoding import (
    b64url_decode,
    b64url_encode,
    multibase_decode,
    multibase_encode,
    varint_decode,
    varint_encode,
)
from did.errors import KeyInvalid, Malformed

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""JWK members that only private or symmetric keys have (RFC 7518, 6)."""

_RSA_BITS = range(2048, 8193)


@dataclass(frozen=True, slots=True)
class KeyType:
    """One registered key type: multicodec `code`, raw `length` in bytes (0 = varies), JWK `kty` and `crv`."""

    name: str
    code: int
    length: int
    kty: str
    crv: str
    check: Callable[[bytes], None]
    curve: ec.EllipticCurve | None = None


def _ec_check(curve: ec.EllipticCurve) -> Callable[[bytes], None]:
    def check(raw: bytes) -> None:
        if raw[0] not in (2, 3):
            raise KeyInvalid(f"{curve.name} key is not a compressed point")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(curve, raw)
        except (ValueError, UnsupportedAlgorithm) as exc:
            raise KeyInvalid(f"key is not a point on {curve.name}") from exc

    return check


def _check_bls_g2(raw: bytes) -> None:
    # Imported here: only this rare type needs pairings, and every command would pay for loading them.
    from py_arkworks_bls12381 import G2Point

    try:
        point = G2Point.from_compressed_bytes(raw)
    except (ValueError, TypeError) as exc:
        raise KeyInvalid("key is not a point in the BLS12-381 G2 subgroup") from exc
    if point == G2Point.identity():
        raise KeyInvalid("key is the identity point")


def _check_rsa(raw: bytes) -> None:
    _rsa_key(raw)


def _rsa_key(raw: bytes) -> rsa.RSAPublicKey:
    try:
        key = load_der_public_key(_rsa_spki(raw))
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise KeyInvalid("key is not a DER RSAPublicKey") from exc
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size not in _RSA_BITS:
        raise KeyInvalid("RSA key is not between 2048 and 8192 bits")
    if key.public_bytes(Encoding.DER, PublicFormat.PKCS1) != raw:
        raise KeyInvalid("RSA key is not in canonical DER")
    return key


def _rsa_spki(raw: bytes) -> bytes:
    def tlv(tag: int, body: bytes) -> bytes:
        size = len(body)
        length = bytes([size]) if size < 128 else bytes([0x80 | (n := (size.bit_length() + 7) // 8)]) + size.to_bytes(n)
        return bytes([tag]) + length + body

    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return tlv(0x30, algorithm + tlv(0x03, b"\0" + raw))


P256, P384, P521, K256 = ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()

KEY_TYPES: Mapping[str, KeyType] = {
    kind.name: kind
    for kind in (
        KeyType("Ed25519", 0xED, 32, "OKP", "Ed25519", check_ed25519),
        KeyType("X25519", 0xEC, 32, "OKP", "X25519", check_x25519),
        KeyType("P-256", 0x1200, 33, "EC", "P-256", _ec_check(P256), P256),
        KeyType("P-384", 0x1201, 49, "EC", "P-384", _ec_check(P384), P384),
        KeyType("P-521", 0x1202, 67, "EC", "P-521", _ec_check(P521), P521),
        KeyType("secp256k1", 0xE7, 33, "EC", "secp256k1", _ec_check(K256), K256),
        KeyType("Bls12381G2", 0xEB, 96, "", "", _check_bls_g2),
        KeyType("RSA", 0x1205, 0, "RSA", "", _check_rsa),
    )
}
_BY_CODE = {kind.code: kind for kind in KEY_TYPES.values()}
_BY_CRV = {(kind.kty, kind.crv): kind for kind in KEY_TYPES.values() if kind.kty}


@dataclass(frozen=True, slots=True)
class RawKey:
    """A checked public key: its type's name and its multicodec bytes (EC points compressed)."""

    name: str
    raw: bytes

    @classmethod
    def from_multikey(cls, text: str) -> "RawKey":
        """Return the key in base58btc Multikey `text` (CID 1.0, 2.2.2); raises KeyInvalid."""
        return cls.checked(*_split(text))

    @staticmethod
    def type_of(text: str) -> str:
        """Return the type name of the key in Multikey `text` after a look at code and length only; raises KeyInvalid.

        For long lists of keys, of which the few that are used are then read in full.
        """
        name, _ = _split(text)
        return name

    @classmethod
    def checked(cls, name: str, raw: bytes) -> "RawKey":
        """Return the key of type `name` over multicodec bytes `raw` once its length and point are checked."""
        return _checked(name, raw)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "RawKey":
        """Return the key in public `jwk` (RFC 7518, 6; RFC 8037, 2); raises KeyInvalid.

        Members such as `kid` and `use` are the caller's to judge.
        """
        if private := PRIVATE_MEMBERS & jwk.keys():
            raise KeyInvalid(f"public JWK has the private member {', '.join(sorted(private))}")
        kty, crv = jwk.get("kty"), jwk.get("crv", "")
        kind = _BY_CRV.get((kty, crv)) if isinstance(kty, str) and isinstance(crv, str) else None
        if kind is None:
            raise KeyInvalid("JWK has a `kty` and `crv` that we do not know")
        if kind.kty == "RSA":
            return _rsa_from_jwk(jwk)
        if kind.curve is None:
            return cls.checked(kind.name, jwk_bytes("x", jwk.get("x"), kind.length))
        size = kind.length - 1
        x, y = jwk_bytes("x", jwk.get("x"), size), jwk_bytes("y", jwk.get("y"), size)
        check_point(kind.curve, x, y)
        return cls(kind.name, bytes([2 | y[-1] & 1]) + x)

    def to_multikey(self) -> str:
        """Return the key as base58btc Multikey text."""
        return multibase_encode(varint_encode(KEY_TYPES[self.name].code) + self.raw)

    def to_jwk(self) -> dict[str, str]:
        """Return the key as a JWK with its required members only; raises KeyInvalid for BLS12-381."""
        kind = KEY_TYPES[self.name]
        if kind.kty == "OKP":
            return {"kty": "OKP", "crv": kind.crv, "x": b64url_encode(self.raw)}
        if kind.kty == "RSA":
            numbers = _rsa_key(self.raw).public_numbers()
            return {"kty": "RSA", "n": _b64_int(numbers.n), "e": _b64_int(numbers.e)}
        if kind.curve is None:
            raise KeyInvalid(f"{self.name} keys have no registered JWK form")
        point = ec.EllipticCurvePublicKey.from_encoded_point(kind.curve, self.raw)
        body = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
        half = len(body) // 2
        return {"kty": "EC", "crv": kind.crv, "x": b64url_encode(body[:half]), "y": b64url_encode(body[half:])}


@lru_cache(maxsize=1024)
def _checked(name: str, raw: bytes) -> RawKey:
    """Check length and point; what passed is remembered, since the same keys come again and again."""
    _check_length(KEY_TYPES[name], raw)
    KEY_TYPES[name].check(raw)
    return RawKey(name, raw)


def _split(text: str) -> tuple[str, bytes]:
    try:
        code, raw = varint_decode(multibase_decode(text, bases="z"))
    except Malformed as exc:
        raise KeyInvalid(f"Multikey cannot be decoded: {exc.detail}") from exc
    kind = _BY_CODE.get(code)
    if kind is None:
        raise KeyInvalid(f"multicodec 0x{code:x} is not a public key type that we know")
    _check_length(kind, raw)
    return kind.name, raw


def _check_length(kind: KeyType, raw: bytes) -> None:
    if kind.length and len(raw) != kind.length:
        raise KeyInvalid(f"{kind.name} key has {len(raw)} bytes instead of {kind.length}")


def check_point(curve: ec.EllipticCurve, x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key at `x`, `y` (fixed length, big endian), or raise KeyInvalid if it is not on `curve`."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + x + y)
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise KeyInvalid(f"key is not a point on {curve.name}") from exc


def jwk_bytes(name: str, value: object, size: int) -> bytes:
    """Return the base64url `value` of JWK member `name`, exactly `size` bytes, or raise KeyInvalid."""
    if not isinstance(value, str):
        raise KeyInvalid(f"JWK member `{name}` is not text")
    try:
        raw = b64url_decode(value, max_bytes=size + 1)
    except Malformed as exc:
        raise KeyInvalid(f"JWK member `{name}`: {exc.detail}") from exc
    if len(raw) != size:
        raise KeyInvalid(f"JWK member `{name}` has {len(raw)} bytes instead of {size}")
    return raw


def _b64_int(number: int) -> str:
    return b64url_encode(number.to_bytes((number.bit_length() + 7) // 8))


def _rsa_from_jwk(jwk: Mapping[str, Any]) -> RawKey:
    values = []
    for name in ("n", "e"):
        value = jwk.get(name)
        if not isinstance(value, str):
            raise KeyInvalid(f"JWK member `{name}` is not text")
        try:
            raw = b64url_decode(value, max_bytes=1024)
        except Malformed as exc:
            raise KeyInvalid(f"JWK member `{name}`: {exc.detail}") from exc
        if not raw or raw[0] == 0:
            raise KeyInvalid(f"JWK member `{name}` is not a minimal integer")
        values.append(int.from_bytes(raw))
    modulus, exponent = values
    if modulus.bit_length() not in _RSA_BITS or not 3 <= exponent < 2**33 or not exponent & modulus & 1:
        raise KeyInvalid("RSA key is not between 2048 and 8192 bits with an odd exponent")
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return RawKey.checked("RSA", key.public_bytes(Encoding.DER, PublicFormat.PKCS1))
