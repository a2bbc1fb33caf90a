"""Checks on raw Curve25519 keys that the crypto library leaves to its caller.

RFC 8032 (Ed25519) and RFC 7748 (X25519): a key must be canonical, on the curve, and not one of the
few points of small order, with which a signature or shared secret says nothing (T10).
"""

from did.errors import KeyInvalid

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_EXPONENT = (_P - 5) // 8
# y coordinates of the eight points of small order: the identity, order 2, order 4, order 8.
_SMALL_ORDER_Y = frozenset(
    {
        1,
        _P - 1,
        0,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
)
# u coordinates of the points of small order on the curve and on its twist (RFC 7748, 6.1 asks for the zero check).
_SMALL_ORDER_U = frozenset(
    {
        0,
        1,
        _P - 1,
        0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
        0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    }
)


def check_ed25519(raw: bytes) -> None:
    """Raise KeyInvalid unless the 32 bytes `raw` are a canonical Ed25519 point of large order (RFC 8032, 5.1.3)."""
    sign_and_y = int.from_bytes(raw, "little")
    y = sign_and_y & ((1 << 255) - 1)
    if y >= _P:
        raise KeyInvalid("Ed25519 key is not canonical")
    if y in _SMALL_ORDER_Y:
        raise KeyInvalid("Ed25519 key is a point of small order")
    numerator, denominator = (y * y - 1) % _P, (_D * y * y + 1) % _P
    cube = pow(denominator, 3, _P)
    # x = u*v^3 * (u*v^7)^((p-5)/8); the point exists if v*x^2 is u or -u.
    x = numerator * cube * pow(numerator * cube * cube * denominator % _P, _SQRT_EXPONENT, _P) % _P
    if denominator * x * x % _P not in (numerator, _P - numerator):
        raise KeyInvalid("Ed25519 key is not a point on the curve")


def check_x25519(raw: bytes) -> None:
    """Raise KeyInvalid if the 32 bytes `raw` are an X25519 key of small order (RFC 7748, 6.1 and 7)."""
    u = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if u % _P in _SMALL_ORDER_U:
        raise KeyInvalid("X25519 key is of small order")


def ed25519_to_x25519(raw: bytes) -> bytes:
    """Return the X25519 form of a checked Ed25519 key: u = (1 + y) / (1 - y) (RFC 7748, 4.1)."""
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    return ((1 + y) * pow(1 - y, -1, _P) % _P).to_bytes(32, "little")
