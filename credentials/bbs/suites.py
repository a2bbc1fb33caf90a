"""The two ciphersuites: how bytes become scalars and generators (draft sections 4.1, 4.2, 7.2; RFC 9380 section 5).

Generators depend on the suite and the interface alone, so they are computed once per process.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256, shake_256
from typing import Final

from credentials.bbs.curve import G1Point, Scalar, read_g1

EXPAND_BYTES: Final = 48
_FIELD_BYTES: Final = 64
_P: Final = int("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab", 16)


def expand_xmd(message: bytes, dst: bytes, length: int) -> bytes:
    """expand_message_xmd with SHA-256 (RFC 9380 5.3.1)."""
    if len(dst) > 255:
        dst = sha256(b"H2C-OVERSIZE-DST-" + dst).digest()
    dst_prime = dst + bytes((len(dst),))
    first = sha256(bytes(64) + message + length.to_bytes(2, "big") + b"\x00" + dst_prime).digest()
    block = sha256(first + b"\x01" + dst_prime).digest()
    out = block
    for number in range(2, -(-length // 32) + 1):
        mixed = (int.from_bytes(first) ^ int.from_bytes(block)).to_bytes(32)
        block = sha256(mixed + bytes((number,)) + dst_prime).digest()
        out += block
    return out[:length]


def expand_xof(message: bytes, dst: bytes, length: int) -> bytes:
    """expand_message_xof with SHAKE-256 (RFC 9380 5.3.2), security level 128."""
    if len(dst) > 255:
        dst = shake_256(b"H2C-OVERSIZE-DST-" + dst).digest(32)
    return shake_256(message + length.to_bytes(2, "big") + dst + bytes((len(dst),))).digest(length)


@dataclass(frozen=True, slots=True)
class Suite:
    """A ciphersuite: its identifier, its expansion and its fixed point P1."""

    id: bytes
    expand: Callable[[bytes, bytes, int], bytes]
    p1_octets: bytes

    @property
    def p1(self) -> G1Point:
        return _fixed_point(self.p1_octets)

    @property
    def api_id(self) -> bytes:
        """The identifier of the plain interface."""
        return self.id + b"H2G_HM2S_"

    @property
    def blind_api_id(self) -> bytes:
        """The identifier of the blind interface."""
        return self.id + b"BLIND_H2G_HM2S_"

    def hash_to_scalar(self, message: bytes, dst: bytes) -> Scalar:
        """Map bytes to a scalar (draft 4.2.2)."""
        return Scalar.from_be_bytes_mod_order(self.expand(message, dst, EXPAND_BYTES))

    def hash_to_g1(self, message: bytes, dst: bytes) -> G1Point:
        """Map bytes to a point of G1 (RFC 9380, random oracle, this suite's expansion)."""
        uniform = self.expand(message, dst, 2 * _FIELD_BYTES)
        first = int.from_bytes(uniform[:_FIELD_BYTES]) % _P
        second = int.from_bytes(uniform[_FIELD_BYTES:]) % _P
        return G1Point.map_from_fp_be(first.to_bytes(48)) + G1Point.map_from_fp_be(second.to_bytes(48))

    def message_scalar(self, message: bytes, api_id: bytes) -> Scalar:
        """Map one message to its scalar (draft 4.1.2)."""
        return self.hash_to_scalar(message, api_id + b"MAP_MSG_TO_SCALAR_AS_HASH_")


@cache
def _fixed_point(octets: bytes) -> G1Point:
    return read_g1(octets)


SHA_256: Final = Suite(
    b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_",
    expand_xmd,
    bytes.fromhex("a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9"),
)
SHAKE_256: Final = Suite(
    b"BBS_BLS12381G1_XOF:SHAKE-256_SSWU_RO_",
    expand_xof,
    bytes.fromhex("8929dfbc7e6642c4ed9cba0856e493f8b9d7d5fcb0c31ef8fdcd34d50648a56c795e106e9eada6e0bda386b414150755"),
)
SUITES: Final = {suite.id: suite for suite in (SHA_256, SHAKE_256)}


_MADE: Final[dict[tuple[bytes, bytes], tuple[bytes, tuple[G1Point, ...]]]] = {}


def generators(suite: Suite, count: int, api_id: bytes) -> tuple[G1Point, ...]:
    """Return the first `count` generators of an interface: Q_1, H_1, H_2, … (draft 4.1.1)."""
    series = api_id + b"SIG_GENERATOR_SEED_"
    state, points = _MADE.get((suite.id, api_id)) or (
        suite.expand(api_id + b"MESSAGE_GENERATOR_SEED", series, EXPAND_BYTES),
        (),
    )
    if len(points) < count:
        made = list(points)
        while len(made) < count:
            state = suite.expand(state + (len(made) + 1).to_bytes(8, "big"), series, EXPAND_BYTES)
            made.append(suite.hash_to_g1(state, api_id + b"SIG_GENERATOR_DST_"))
        points = tuple(made)
        # One assignment of one value: a thread that loses the race leaves a shorter series, never a torn one.
        _MADE[suite.id, api_id] = (state, points)
    return points[:count]
