"""Sealed key files: any change is refused, and nothing shows."""

import struct
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from did.errors import KeyFileInvalid
from did.keyfile import KdfParams, seal, unseal

PASSPHRASE = "correct horse"
CHEAP = KdfParams(memory_kib=64, iterations=1, lanes=1)
_counter = count()


def random_bytes(size: int) -> bytes:
    """Distinct bytes without a generator: a counter is fresh each time."""
    return next(_counter).to_bytes(size)


def sealed(plain: bytes = b"secret key", passphrase: str = PASSPHRASE, context: bytes = b"wallet") -> bytes:
    return seal(plain, passphrase, random_bytes=random_bytes, params=CHEAP, context=context)


@given(st.binary(max_size=100), st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
@settings(max_examples=30)
def test_round_trip(plain: bytes, passphrase: str) -> None:
    box = sealed(plain, passphrase)
    assert unseal(box, passphrase, context=b"wallet") == plain
    assert len(plain) < 8 or plain not in box[45:]


def test_every_bit_is_authenticated() -> None:
    box = sealed()
    for at in range(len(box)):
        if 8 <= at < 16:  # a changed cost is refused too, but may first cost what it says
            continue
        for bit in (0, 7):
            changed = bytearray(box)
            changed[at] ^= 1 << bit
            with pytest.raises(KeyFileInvalid):
                unseal(bytes(changed), "correct horse", context=b"wallet")
    for changed_params in ((65, 1, 1), (64, 2, 1), (64, 1, 2)):
        with pytest.raises(KeyFileInvalid):
            unseal(box[:8] + struct.pack(">IIB", *changed_params) + box[17:], "correct horse", context=b"wallet")


def test_wrong_passphrase_context_or_length() -> None:
    box = sealed()
    for passphrase, context in (
        ("correct horsf", b"wallet"),
        ("", b"wallet"),
        ("correct horse", b"walle"),
        ("\ud800", b"wallet"),
    ):
        with pytest.raises(KeyFileInvalid) as caught:
            unseal(box, passphrase, context=context)
        assert "correct horse" not in caught.value.detail
    for cut in (b"", box[:8], box[:40], box[:-1], box + b"\0"):
        with pytest.raises(KeyFileInvalid):
            unseal(cut, "correct horse", context=b"wallet")


def test_a_hostile_header_costs_nothing() -> None:
    box = sealed()
    for params in ((2**32 - 1, 1, 1), (64, 2**32 - 1, 1), (64, 1, 255), (64, 0, 1), (64, 1, 0), (7, 1, 1), (0, 0, 0)):
        with pytest.raises(KeyFileInvalid):
            unseal(box[:8] + struct.pack(">IIB", *params) + box[17:], "correct horse", context=b"wallet")


def test_one_passphrase_typed_on_two_systems() -> None:
    assert unseal(sealed(passphrase="caf\u00e9"), "cafe\u0301", context=b"wallet") == b"secret key"


def test_two_sealings_differ() -> None:
    assert sealed() != sealed()
    assert KdfParams() == KdfParams(memory_kib=65536, iterations=3, lanes=4)
