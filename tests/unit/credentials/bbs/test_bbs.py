"""BBS as an attacker meets it: bad points, changed proofs, and proofs that must not be tied together."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.bbs import core
from credentials.bbs.curve import G1Point, read_g1, read_g2, read_scalar
from did.errors import IdError, Malformed, SignatureInvalid

KEY = core.key_gen(b"k" * 32)
MESSAGES = [f"message {number}".encode() for number in range(6)]
SIGNATURE = core.sign(KEY, MESSAGES, header=b"h")
SCALARS = core.random_scalars(secrets.token_bytes)


def proof_of(disclosed: list[int], presentation_header: bytes = b"nonce") -> bytes:
    return core.prove(
        KEY.public_key,
        SIGNATURE,
        MESSAGES,
        disclosed=disclosed,
        scalars=SCALARS,
        header=b"h",
        presentation_header=presentation_header,
    )


def check(proof: bytes, disclosed: dict[int, bytes], presentation_header: bytes = b"nonce") -> None:
    core.verify_proof(KEY.public_key, proof, disclosed, header=b"h", presentation_header=presentation_header)


def test_identity_points_and_zero_scalars_are_refused() -> None:
    identity = bytes.fromhex("c0") + bytes(47)
    with pytest.raises(Malformed):
        read_g1(identity)
    with pytest.raises(IdError):
        read_g2(bytes.fromhex("c0") + bytes(95))
    for scalar in (bytes(32), b"\xff" * 32, b"\x01" * 31):
        with pytest.raises(Malformed):
            read_scalar(scalar)
    with pytest.raises(IdError):
        core.verify(KEY.public_key, identity + SIGNATURE[48:], MESSAGES, header=b"h")


def test_points_outside_the_subgroup_are_refused() -> None:
    found = 0
    for x in range(1, 200):
        octets = bytes((0x80 | 0,)) + bytes(46) + bytes((x,))
        try:
            point = G1Point.from_compressed_bytes_unchecked(octets)
        except ValueError:
            continue
        if not point.is_in_subgroup():
            found += 1
            with pytest.raises(Malformed):
                read_g1(octets)
    assert found > 10


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(0, 5)), st.data())
def test_any_choice_of_messages_can_be_shown_and_no_changed_proof_holds(chosen: set[int], data: st.DataObject) -> None:
    disclosed = sorted(chosen)
    shown = {index: MESSAGES[index] for index in disclosed}
    proof = proof_of(disclosed)
    check(proof, shown)
    with pytest.raises(IdError):
        check(proof, shown, b"another nonce")
    at = data.draw(st.integers(0, len(proof) - 1))
    with pytest.raises(IdError):
        check(proof[:at] + bytes((proof[at] ^ data.draw(st.integers(1, 255)),)) + proof[at + 1 :], shown)
    for index in disclosed:
        with pytest.raises(SignatureInvalid):
            check(proof, {**shown, index: b"another value"})
        with pytest.raises(SignatureInvalid):
            check(proof, {other: message for other, message in shown.items() if other != index})


def test_two_proofs_of_one_signature_share_no_run_of_bytes() -> None:
    proofs = [proof_of([1, 3]) for _ in range(12)]
    windows = [{proof[at : at + 6] for at in range(len(proof) - 5)} for proof in proofs]
    for one in range(len(windows)):
        for other in range(one):
            assert not windows[one] & windows[other]


def test_a_bad_signature_gives_no_proof() -> None:
    other = core.sign(KEY, [*MESSAGES[:-1], b"x"], header=b"h")
    with pytest.raises(SignatureInvalid):
        core.prove(KEY.public_key, other, MESSAGES, disclosed=[0], scalars=SCALARS, header=b"h")


@pytest.mark.parametrize("disclosed", [[1, 0], [0, 0], [-1], [6]])
def test_indexes_ascend_and_lie_within(disclosed: list[int]) -> None:
    with pytest.raises(Malformed):
        proof_of(disclosed)
