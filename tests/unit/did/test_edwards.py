"""Points of small order are exactly the eight there are, and the map to X25519 is that of RFC 7748."""

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519

from did.edwards import check_ed25519, check_x25519, ed25519_to_x25519
from did.errors import KeyInvalid
from did.keys import PrivateKey
from did.keytypes import RawKey

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def _add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def _root(square: int) -> int | None:
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square % P:
        root = root * pow(2, (P - 1) // 4, P) % P
    return root if root * root % P == square % P else None


def _torsion() -> list[tuple[int, int]]:
    """Find a point of order 8 by clearing the large factor of random points, and list its multiples."""
    order = 2**252 + 27742317777372353535851937790883648493
    for y in range(2, 200):
        x = _root((y * y - 1) * pow(D * y * y + 1, -1, P))
        if x is None:
            continue
        total, point, left = (0, 1), (x, y), order
        while left:
            if left & 1:
                total = _add(total, point)
            point, left = _add(point, point), left >> 1
        multiples = [total]
        while multiples[-1] != (0, 1):
            multiples.append(_add(multiples[-1], total))
        if len(multiples) == 8:
            return multiples
    raise AssertionError


def test_T10_every_point_of_small_order_is_refused() -> None:
    points = _torsion()
    assert len(points) == 8
    for x, y in points:
        for sign in (0, 1):
            with pytest.raises(KeyInvalid):
                check_ed25519((y | sign << 255).to_bytes(32, "little"))
        if y < 19:
            with pytest.raises(KeyInvalid):
                check_ed25519((y + P).to_bytes(32, "little"))
        assert x < P


def test_T10_x25519_keys_of_small_order_are_refused() -> None:
    for _, y in _torsion():
        u = 0 if y == 1 else (1 + y) * pow(1 - y, -1, P) % P
        for value in (u, u | 1 << 255, u + P if u < 19 else u):
            with pytest.raises(KeyInvalid):
                check_x25519(value.to_bytes(32, "little"))
    check_x25519(x25519.X25519PrivateKey.generate().public_key().public_bytes_raw())


def test_good_keys_pass() -> None:
    for _ in range(50):
        raw = PrivateKey.generate("Ed25519").public_key.raw
        check_ed25519(raw)
        RawKey.checked("X25519", ed25519_to_x25519(raw))
