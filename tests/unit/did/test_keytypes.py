"""Key types that only DID documents hold: checked all the same."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from did.encoding import b64url_encode, multibase_encode, varint_encode
from did.errors import KeyInvalid
from did.keys import PublicKey
from did.keytypes import KEY_TYPES, RawKey

RSA_KEY = rsa.generate_private_key(65537, 2048).public_key()


def multikey(code: int, raw: bytes) -> str:
    return multibase_encode(varint_encode(code) + raw)


def compressed(curve: ec.EllipticCurve) -> bytes:
    return ec.generate_private_key(curve).public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


@pytest.mark.parametrize(
    "curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()], ids=lambda c: c.name
)
def test_T10_curve_points(curve: ec.EllipticCurve) -> None:
    name = next(kind.name for kind in KEY_TYPES.values() if kind.curve and kind.curve.name == curve.name)
    kind, raw = KEY_TYPES[name], compressed(curve)
    key = RawKey.from_multikey(multikey(kind.code, raw))
    assert RawKey.from_jwk(key.to_jwk()) == key == RawKey.from_multikey(key.to_multikey())
    off = next(
        x for x in range(1, 60) if _refused(kind.code, bytes([2]) + x.to_bytes(kind.length - 1))
    )  # about half of all x are on no point
    assert off
    for bad in (
        b"\4" + raw[1:],
        b"\0" + raw[1:],
        raw[:-1],
        raw + b"\0",
        bytes(kind.length),
        b"\2" + b"\xff" * (kind.length - 1),
    ):
        assert _refused(kind.code, bad)
    assert _refused(0x1202 if kind.code != 0x1202 else 0x1201, raw)
    jwk = key.to_jwk()
    for change in ({"y": jwk["x"]}, {"d": jwk["x"]}, {"x": jwk["x"][:-2]}):
        with pytest.raises(KeyInvalid):
            RawKey.from_jwk({**jwk, **change})


def _refused(code: int, raw: bytes) -> bool:
    try:
        RawKey.from_multikey(multikey(code, raw))
    except KeyInvalid:
        return True
    return False


def test_T41_unknown_and_symmetric_multicodecs_are_refused() -> None:
    for code in (0x00, 0x12, 0xA0, 0x1300, 0x1306, 0xEA, 0xEE, 0x1203, 0x7FFFFFFF):
        assert _refused(code, bytes(32))
    with pytest.raises(KeyInvalid):
        RawKey.from_multikey(multibase_encode(b"\xed\x81\x00" + bytes(32)))  # not the shortest varint


def test_T10_bls_points_must_lie_in_the_subgroup() -> None:
    from py_arkworks_bls12381 import G2Point

    good = bytes(G2Point().to_compressed_bytes())
    key = RawKey.from_multikey(multikey(0xEB, good))
    assert key.name == "Bls12381G2"
    assert _refused(0xEB, bytes(G2Point.identity().to_compressed_bytes()))
    for bad in (bytes(96), b"\x80" + bytes(95), b"\xff" * 96, good[:-1], good[:48]):
        assert _refused(0xEB, bad)
    with pytest.raises(KeyInvalid):
        key.to_jwk()
    with pytest.raises(KeyInvalid):
        PublicKey.from_raw_key(key)


def test_rsa_keys_show_but_do_not_sign() -> None:
    raw = RSA_KEY.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    key = RawKey.from_multikey(multikey(0x1205, raw))
    assert RawKey.from_jwk(key.to_jwk()) == key
    with pytest.raises(KeyInvalid):
        PublicKey.from_raw_key(key)
    for bad in (raw + b"\0", raw[:-1], b"", b"\x30\x00"):
        assert _refused(0x1205, bad)


def _int(number: int) -> str:
    return b64url_encode(number.to_bytes((number.bit_length() + 7) // 8))


def test_T10_weak_rsa_keys_are_refused() -> None:
    n, e = RSA_KEY.public_numbers().n, 65537
    bad: list[dict[str, Any]] = [
        {"n": _int(n >> 1100), "e": _int(e)},
        {"n": _int(n), "e": _int(1)},
        {"n": _int(n), "e": _int(65536)},
        {"n": _int(n - 1), "e": _int(e)},
        {"n": _int(n), "e": _int(2**40 + 1)},
        {"n": b64url_encode(b"\0" + n.to_bytes(256)), "e": _int(e)},
        {"n": "", "e": _int(e)},
        {"n": _int(n)},
        {"n": 5, "e": _int(e)},
        {"n": "A" * 3000, "e": _int(e)},
        {"n": _int(n), "e": _int(e), "d": "AA"},
    ]
    for members in bad:
        with pytest.raises(KeyInvalid):
            RawKey.from_jwk({"kty": "RSA", **members})
