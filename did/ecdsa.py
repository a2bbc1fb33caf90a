"""What ES256 and ES384 need beside a key: sizes, group orders, and raw `r || s` to DER and back (RFC 7518, 3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from did.algorithms import Alg
from did.errors import SignatureInvalid


@dataclass(frozen=True, slots=True)
class Suite:
    """An ECDSA algorithm: coordinate `size` in bytes, group `order` as that many bytes, curve, hash, COSE curve."""

    size: int
    order: bytes
    curve: ec.EllipticCurve
    scheme: ec.ECDSA
    cose_crv: int


SUITES: Mapping[Alg, Suite] = {
    "ES256": Suite(
        32,
        bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        ec.SECP256R1(),
        ec.ECDSA(hashes.SHA256()),
        1,
    ),
    "ES384": Suite(
        48,
        bytes.fromhex(
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        ),
        ec.SECP384R1(),
        ec.ECDSA(hashes.SHA384()),
        2,
    ),
}


def to_der(signature: bytes, suite: Suite) -> bytes:
    """Return raw `r || s` as DER; raises SignatureInvalid unless both lie within 1 … order-1 (T06).

    Bytes of one length compare as the numbers do, so no integer is made.
    """
    size, order = suite.size, suite.order
    if len(signature) != 2 * size:
        raise SignatureInvalid(f"signature is not {2 * size} bytes long")
    r, s = signature[:size], signature[size:]
    if r >= order or s >= order:
        raise SignatureInvalid("signature value is not below the order of the curve")
    r, s = r.lstrip(b"\0"), s.lstrip(b"\0")
    if not r or not s:
        raise SignatureInvalid("signature value is zero")
    if r[0] & 0x80:
        r = b"\0" + r
    if s[0] & 0x80:
        s = b"\0" + s
    return b"\x30%c\x02%c%b\x02%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s)


def from_der(signature: bytes, suite: Suite) -> bytes:
    """Return a DER signature of our own crypto library as raw `r || s`."""
    r, s = decode_dss_signature(signature)
    return r.to_bytes(suite.size, "big") + s.to_bytes(suite.size, "big")
