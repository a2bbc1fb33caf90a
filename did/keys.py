"""The keys that sign here: P-256 (ES256), P-384 (ES384) and Ed25519, in all their forms.

`PublicKey` reads and writes JWK (RFC 7517, 7518, 8037), Multikey (CID 1.0, 2.2.2), COSE_Key (RFC 9052, 7;
RFC 9053, 7) and SubjectPublicKeyInfo, always checked (T10), and verifies raw `r || s` or Ed25519
signatures (RFC 7518, 3.4; RFC 8032; T06). `PrivateKey` never shows its secret except by an export
method. What `kid`, trust or time say about a key is left to the caller.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from did.algorithms import COSE_ALGS, JOSE_ALGS, Alg
from did.ecdsa import SUITES, from_der, to_der
from did.encoding import b64url_encode
from did.errors import AlgorithmNotAllowed, KeyInvalid, SignatureInvalid
from did.keytypes import PRIVATE_MEMBERS, RawKey, check_point, jwk_bytes

CryptoPublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
CryptoPrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Use = Literal["sig", "enc"]


_ALG_OF_TYPE: Mapping[str, Alg] = {"P-256": "ES256", "P-384": "ES384", "Ed25519": "Ed25519"}
_TYPE_OF_ALG: Mapping[Alg, str] = {alg: name for name, alg in _ALG_OF_TYPE.items()}
_ALG_OF_COSE_CRV: Mapping[int, Alg] = {1: "ES256", 2: "ES384", 6: "Ed25519"}


@dataclass(frozen=True, slots=True, repr=False)
class PublicKey:
    """A checked public key. `raw` is its multicodec form: a compressed point, or 32 bytes for Ed25519.

    Two keys are equal when `alg` and `raw` are. Use the `from_…` constructors; the plain one checks
    `raw` just as they do. `crypto` is the parsed key of the crypto library, kept for speed.
    """

    alg: Alg
    raw: bytes
    crypto: CryptoPublicKey = field(default=None, compare=False)  # type: ignore[assignment]  # set below

    def __post_init__(self) -> None:
        if self.crypto is not None:
            return
        RawKey.checked(_TYPE_OF_ALG[self.alg], self.raw)
        object.__setattr__(self, "crypto", _load(self.alg, self.raw))

    def __repr__(self) -> str:
        return f"PublicKey({self.alg}, {self.thumbprint()})"

    # --- forms ----------------------------------------------------------------------------------

    @classmethod
    def from_raw_key(cls, key: RawKey) -> "PublicKey":
        """Return `key` as one that verifies; raises KeyInvalid for types that cannot (X25519, RSA, …)."""
        alg = _ALG_OF_TYPE.get(key.name)
        if alg is None:
            raise KeyInvalid(f"{key.name} keys are not accepted for signatures")
        return cls(alg, key.raw, _load(alg, key.raw))

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], *, use: Use | None = "sig") -> "PublicKey":
        """Return the key in the public `jwk`; other members are ignored, private ones refused.

        With `use` "sig", `use`, `key_ops` and `alg` of the JWK, where present, must allow verifying; with
        "enc" they must allow key agreement (P-256 of an encrypted answer); None looks at neither.
        Raises KeyInvalid: off the curve, wrong length, wrong type, private member (RFC 7518, 6.2; T10).
        """
        crv = jwk.get("crv")
        alg = _ALG_OF_TYPE.get(crv) if isinstance(crv, str) else None
        if alg is None:
            raise KeyInvalid("JWK is not an EC key on P-256 or P-384 nor an OKP key on Ed25519")
        if use:
            _check_jwk_use(jwk, alg, use)
        if alg == "Ed25519":
            return cls.from_raw_key(RawKey.from_jwk(jwk))
        if PRIVATE_MEMBERS & jwk.keys() or jwk.get("kty") != "EC":
            raise KeyInvalid("JWK has a private member or its `kty` does not fit its `crv`")
        x, y = jwk.get("x"), jwk.get("y")
        if not isinstance(x, str) or not isinstance(y, str):
            raise KeyInvalid("JWK members `x` and `y` are not text")
        return _point(alg, x, y)

    def to_jwk(self) -> dict[str, str]:
        """Return the key as a JWK with its required members only."""
        if self.alg == "Ed25519":
            return {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(self.raw)}
        x, y = self._coordinates()
        return {"kty": "EC", "crv": _TYPE_OF_ALG[self.alg], "x": b64url_encode(x), "y": b64url_encode(y)}

    @classmethod
    def from_multikey(cls, text: str) -> "PublicKey":
        """Return the key in base58btc Multikey `text`; raises KeyInvalid."""
        return cls.from_raw_key(RawKey.from_multikey(text))

    def to_multikey(self) -> str:
        """Return the key as base58btc Multikey text (`zDn…`, `z82…`, `z6Mk…`)."""
        return self.to_raw_key().to_multikey()

    def to_raw_key(self) -> RawKey:
        """Return the key as a `RawKey`, the form that DID documents share."""
        return RawKey(_TYPE_OF_ALG[self.alg], self.raw)

    @classmethod
    def from_cose_key(cls, key: Mapping[Any, Any]) -> "PublicKey":
        """Return the key in a decoded COSE_Key map with integer labels; raises KeyInvalid.

        `y` may be a byte string or the sign bit (RFC 9053, 7.1.1); a private part (-4) is refused.
        """
        crv = key.get(-1)
        alg = _ALG_OF_COSE_CRV.get(crv) if isinstance(crv, int) and not isinstance(crv, bool) else None
        if alg is None or key.get(1) != (1 if alg == "Ed25519" else 2) or -4 in key:
            raise KeyInvalid("COSE_Key is not a public key on P-256, P-384 or Ed25519")
        if 3 in key and COSE_ALGS.get(key[3]) != alg:
            raise KeyInvalid("COSE_Key names an algorithm that does not fit its curve")
        x, y = key.get(-2), key.get(-3)
        size = 32 if alg == "Ed25519" else SUITES[alg].size
        if not isinstance(x, bytes) or len(x) != size:
            raise KeyInvalid(f"COSE_Key `x` is not {size} bytes")
        if alg == "Ed25519":
            return cls(alg, x)
        if isinstance(y, bool):
            return cls(alg, bytes([2 | y]) + x)
        if not isinstance(y, bytes) or len(y) != size:
            raise KeyInvalid(f"COSE_Key `y` is neither {size} bytes nor a sign bit")
        return cls(alg, bytes([2 | y[-1] & 1]) + x, check_point(SUITES[alg].curve, x, y))

    def to_cose_key(self) -> dict[int, int | bytes]:
        """Return the key as a COSE_Key map with its required labels, points uncompressed."""
        if self.alg == "Ed25519":
            return {1: 1, -1: 6, -2: self.raw}
        x, y = self._coordinates()
        return {1: 2, -1: SUITES[self.alg].cose_crv, -2: x, -3: y}

    @classmethod
    def from_spki(cls, der: bytes) -> "PublicKey":
        """Return the key in DER SubjectPublicKeyInfo, canonical form only; raises KeyInvalid."""
        try:
            key = cls.from_crypto(load_der_public_key(der))
        except (ValueError, UnsupportedAlgorithm) as exc:
            raise KeyInvalid("key is not a DER SubjectPublicKeyInfo of a known type") from exc
        if key.to_spki() != der:
            raise KeyInvalid("SubjectPublicKeyInfo is not in its canonical form")
        return key

    def to_spki(self) -> bytes:
        """Return the key as DER SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; points uncompressed)."""
        return self.crypto.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @classmethod
    def from_crypto(cls, key: object) -> "PublicKey":
        """Return a public key object of the crypto library (say, of a certificate) as ours; raises KeyInvalid."""
        if isinstance(key, ed25519.Ed25519PublicKey):
            return cls("Ed25519", key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        if isinstance(key, ec.EllipticCurvePublicKey):
            for alg, suite in SUITES.items():
                if suite.curve.name == key.curve.name:
                    raw = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
                    return cls(alg, raw, key)
        raise KeyInvalid("key is not on P-256, P-384 or Ed25519")

    def thumbprint(self) -> str:
        """Return the JWK thumbprint with SHA-256, base64url (RFC 7638, 3)."""
        jwk = self.to_jwk()
        text = ",".join(f'"{name}":"{jwk[name]}"' for name in sorted(jwk))
        return b64url_encode(hashlib.sha256(f"{{{text}}}".encode("ascii")).digest())

    def _coordinates(self) -> tuple[bytes, bytes]:
        point = self.crypto.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        half = len(point) // 2
        return point[1 : half + 1], point[half + 1 :]

    # --- verifying ------------------------------------------------------------------------------

    def verify(self, signature: bytes, data: bytes, *, alg: str | None = None) -> None:
        """Return if `signature` (raw `r || s`, or 64 bytes Ed25519) is this key's over `data`.

        `alg`, when given, is the JOSE name found in the message and must fit the key.
        Raises AlgorithmNotAllowed, or SignatureInvalid (also for DER, padded or out-of-range values; T06).
        """
        if alg is not None and JOSE_ALGS.get(alg) != self.alg:
            raise AlgorithmNotAllowed(f"algorithm {alg!r} does not fit a key of {self.alg}")
        crypto = self.crypto
        try:
            if isinstance(crypto, ec.EllipticCurvePublicKey):
                suite = SUITES[self.alg]
                crypto.verify(to_der(signature, suite), data, suite.scheme)
            else:
                if len(signature) != 64:
                    raise SignatureInvalid("Ed25519 signature is not 64 bytes long")
                crypto.verify(signature, data)
        except InvalidSignature as exc:
            raise SignatureInvalid("signature does not fit the key and the data") from exc


@lru_cache(maxsize=1024)
def _point(alg: Alg, x: str, y: str) -> PublicKey:
    """Return the checked key at the base64url coordinates; remembered, since issuers' keys come again and again."""
    suite = SUITES[alg]
    x_bytes, y_bytes = jwk_bytes("x", x, suite.size), jwk_bytes("y", y, suite.size)
    return PublicKey(alg, bytes([2 | y_bytes[-1] & 1]) + x_bytes, check_point(suite.curve, x_bytes, y_bytes))


def _load(alg: Alg, raw: bytes) -> CryptoPublicKey:
    if alg == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(raw)
    return ec.EllipticCurvePublicKey.from_encoded_point(SUITES[alg].curve, raw)


def _check_jwk_use(jwk: Mapping[str, Any], alg: Alg, use: Use) -> None:
    """Refuse a JWK whose own `use`, `key_ops` or `alg` forbids what it is wanted for (RFC 7517, 4.2-4.4)."""
    if jwk.get("use", use) != use:
        raise KeyInvalid(f"JWK `use` is not {use!r}")
    named, ops = jwk.get("alg"), jwk.get("key_ops")
    if use == "sig":
        fits = named is None or (isinstance(named, str) and JOSE_ALGS.get(named) == alg)
        wanted = {"verify"}
    else:
        fits = named is None or (isinstance(named, str) and named.startswith("ECDH-ES") and alg != "Ed25519")
        wanted = {"deriveKey", "deriveBits"}
    if not fits:
        raise KeyInvalid("JWK `alg` does not fit its key or its use")
    # An empty list is what public key-agreement JWKs carry in Web Crypto exports.
    if ops is None or (use == "enc" and ops == []):
        return
    if not isinstance(ops, list) or not any(op in wanted for op in ops if isinstance(op, str)):
        raise KeyInvalid(f"JWK `key_ops` does not allow {' or '.join(sorted(wanted))}")


class PrivateKey:
    """A private signing key. Its secret leaves only by `export_jwk` and `export_pkcs8`."""

    __slots__ = ("_crypto", "public_key")

    def __init__(self, crypto: CryptoPrivateKey) -> None:
        """Wrap a private key object of the crypto library; raises KeyInvalid for other curves."""
        self.public_key = PublicKey.from_crypto(crypto.public_key())
        self._crypto = crypto

    @classmethod
    def generate(cls, alg: Alg) -> "PrivateKey":
        """Return a new random key for `alg`."""
        if alg == "Ed25519":
            return cls(ed25519.Ed25519PrivateKey.generate())
        return cls(ec.generate_private_key(SUITES[alg].curve))

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "PrivateKey":
        """Return the key in a private `jwk`; raises KeyInvalid if its public part is not that of `d`."""
        public = PublicKey.from_jwk({name: value for name, value in jwk.items() if name != "d"}, use=None)
        secret = jwk_bytes("d", jwk.get("d"), 32 if public.alg == "Ed25519" else SUITES[public.alg].size)
        try:
            if public.alg == "Ed25519":
                key = cls(ed25519.Ed25519PrivateKey.from_private_bytes(secret))
            else:
                key = cls(ec.derive_private_key(int.from_bytes(secret), SUITES[public.alg].curve))
        except ValueError as exc:
            raise KeyInvalid("JWK member `d` is out of range") from exc
        if key.public_key != public:
            raise KeyInvalid("public and private parts of the JWK are not one key")
        return key

    @classmethod
    def from_pkcs8(cls, der: bytes) -> "PrivateKey":
        """Return the key in unencrypted DER PKCS #8 (RFC 5958); raises KeyInvalid."""
        try:
            key = load_der_private_key(der, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise KeyInvalid("key is not unencrypted DER PKCS #8 of a known type") from exc
        if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
            raise KeyInvalid("key is not on P-256, P-384 or Ed25519")
        return cls(key)

    def export_jwk(self) -> dict[str, str]:
        """Return the key as a private JWK: the one explicit way to see the secret as text."""
        return {**self.public_key.to_jwk(), "d": b64url_encode(self._secret())}

    def export_pkcs8(self) -> bytes:
        """Return the key as unencrypted DER PKCS #8, to be sealed by the caller."""
        return self._crypto.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @property
    def alg(self) -> Alg:
        """The algorithm that this key signs with."""
        return self.public_key.alg

    @property
    def crypto(self) -> CryptoPrivateKey:
        """The key object of the crypto library, for certificates and key agreement."""
        return self._crypto

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`: raw `r || s` (64 or 96 bytes), or 64 bytes Ed25519."""
        crypto = self._crypto
        if isinstance(crypto, ed25519.Ed25519PrivateKey):
            return crypto.sign(data)
        suite = SUITES[self.alg]
        return from_der(crypto.sign(data, suite.scheme), suite)

    def _secret(self) -> bytes:
        if isinstance(self._crypto, ed25519.Ed25519PrivateKey):
            return self._crypto.private_bytes_raw()
        return self._crypto.private_numbers().private_value.to_bytes(SUITES[self.alg].size)

    def __repr__(self) -> str:
        return f"PrivateKey({self.alg}, {self.public_key.thumbprint()})"

    def __reduce__(self) -> str:
        raise TypeError("a private key cannot be pickled or copied; use export_pkcs8")
