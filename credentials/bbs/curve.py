"""Points and scalars of BLS12-381 as BBS reads and writes them, every one checked.

The arithmetic is py_arkworks_bls12381's. Its decompression checks curve and subgroup but lets the
identity through, so it is refused here. What BBS never reads from outside is the only thing that
skips these functions.
"""

from typing import Final

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from did.errors import KeyInvalid, Malformed

__all__ = [
    "G1_BYTES",
    "G2_BYTES",
    "GT",
    "SCALAR_BYTES",
    "G1Point",
    "G2Point",
    "Scalar",
    "read_g1",
    "read_g2",
    "read_scalar",
]

G1_BYTES: Final = 48
G2_BYTES: Final = 96
SCALAR_BYTES: Final = 32
_G1_IDENTITY: Final = bytes(G1Point.identity().to_compressed_bytes())
_G2_IDENTITY: Final = bytes(G2Point.identity().to_compressed_bytes())


def read_g1(octets: bytes) -> G1Point:
    """Return a point of the prime-order subgroup of G1, never the identity. Raises Malformed."""
    if len(octets) != G1_BYTES or octets == _G1_IDENTITY:
        raise Malformed("not a point of G1")
    try:
        return G1Point.from_compressed_bytes(octets)
    except (ValueError, TypeError) as error:
        raise Malformed("not a point of G1's prime-order subgroup") from error


def read_g2(octets: bytes) -> G2Point:
    """Return a public key's point of G2, never the identity. Raises KeyInvalid."""
    if len(octets) != G2_BYTES or octets == _G2_IDENTITY:
        raise KeyInvalid("not a BLS12-381 public key")
    try:
        return G2Point.from_compressed_bytes(octets)
    except (ValueError, TypeError) as error:
        raise KeyInvalid("the public key is not in G2's prime-order subgroup") from error


def read_scalar(octets: bytes) -> Scalar:
    """Return a scalar in 1..r-1 from 32 bytes, big-endian. Raises Malformed."""
    if len(octets) != SCALAR_BYTES:
        raise Malformed("a scalar has 32 bytes")
    try:
        scalar = Scalar.from_be_bytes(octets)
    except (ValueError, TypeError) as error:
        raise Malformed("a scalar is not below the group order") from error
    if scalar.is_zero():
        raise Malformed("a scalar is zero")
    return scalar


def write_g1(point: G1Point) -> bytes:
    """Return the 48 bytes of a point."""
    return bytes(point.to_compressed_bytes())


def write_scalar(scalar: Scalar) -> bytes:
    """Return the 32 bytes of a scalar."""
    return bytes(scalar.to_be_bytes())
