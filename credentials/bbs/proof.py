"""The proofs of BBS over scalars and points: CoreProofGen and CoreProofVerify (draft sections 3.6 and 3.7).

Plain, blind and pseudonymous interfaces share them; they differ in generators, interface identifier and
in what else the challenge covers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from credentials.bbs.curve import (
    G1_BYTES,
    GT,
    SCALAR_BYTES,
    G1Point,
    G2Point,
    Scalar,
    read_g1,
    read_g2,
    read_scalar,
    write_g1,
    write_scalar,
)
from credentials.bbs.suites import Suite
from did.errors import Malformed, SignatureInvalid

MAX_MESSAGES: Final = 1024
_BP2: Final = G2Point()
_NEGATIVE_BP2: Final = -_BP2

ScalarSource = Callable[[int], Sequence[Scalar]]
"""Gives as many uniform random scalars as asked for (draft 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds: A and e, the domain, and the point B that was signed."""

    a: G1Point
    e: Scalar
    domain: Scalar
    base: G1Point


@dataclass(frozen=True, slots=True)
class Nym:
    """A pseudonym and the point of the context that it is for: `pseudonym = base * secret`."""

    base: G1Point
    pseudonym: G1Point


def calculate_domain(
    suite: Suite, public_key: bytes, points: Sequence[G1Point], header: bytes, api_id: bytes
) -> Scalar:
    """Bind key, generators and header into one scalar (draft 4.1.3)."""
    octets = public_key + (len(points) - 1).to_bytes(8, "big") + b"".join(map(write_g1, points)) + api_id
    return suite.hash_to_scalar(octets + len(header).to_bytes(8, "big") + header, api_id + b"H2S_")


def base_point(suite: Suite, points: Sequence[G1Point], domain: Scalar, scalars: Sequence[Scalar]) -> G1Point:
    """B = P1 + Q_1 * domain + H_1 * msg_1 + …"""
    return suite.p1 + G1Point.multiexp_unchecked(list(points), [domain, *scalars])


def core_verify(
    suite: Suite,
    public_key: bytes,
    signature: bytes,
    points: Sequence[G1Point],
    header: bytes,
    scalars: Sequence[Scalar],
    api_id: bytes,
) -> Signed:
    """Return the parts of a signature that holds (CoreVerify, draft 3.6.2: e(A, W + BP2 * e) = e(B, BP2))."""
    key = read_g2(public_key)
    a, e = read_signature(signature)
    domain = calculate_domain(suite, public_key, points, header, api_id)
    base = base_point(suite, points, domain, scalars)
    if not GT.pairing_check([a, base], [key + _BP2 * e, _NEGATIVE_BP2]):
        raise SignatureInvalid("the BBS signature does not hold over these messages")
    return Signed(a, e, domain, base)


def core_prove(
    suite: Suite,
    signed: Signed,
    points: Sequence[G1Point],
    values: Sequence[Scalar],
    disclosed: Sequence[int],
    scalars: ScalarSource,
    presentation_header: bytes,
    api_id: bytes,
    nym: Nym | None = None,
) -> bytes:
    """CoreProofGen (draft 3.6.3) over message scalars and their generators.

    With `nym`, the proof also shows that its pseudonym is made of the last, hidden message.
    """
    if sorted(set(disclosed)) != list(disclosed) or any(not 0 <= index < len(values) for index in disclosed):
        raise Malformed("disclosed indexes ascend and lie within the messages")
    hidden = [index for index in range(len(values)) if index not in set(disclosed)]
    r1, r2, e_tilde, r1_tilde, r3_tilde, *m_tilde = scalars(5 + len(hidden))
    a, e, d = signed.a, signed.e, signed.base * r2
    a_bar = a * (r1 * r2)
    b_bar = d * r1 - a_bar * e
    t1 = a_bar * e_tilde + d * r1_tilde
    t2 = G1Point.multiexp_unchecked([d, *(points[index + 1] for index in hidden)], [r3_tilde, *m_tilde])
    shown = {index: values[index] for index in disclosed}
    points_shown = [a_bar, b_bar, d, t1, t2]
    if nym is not None:
        if len(values) - 1 not in hidden:
            raise Malformed("the secret of a pseudonym stays hidden")
        points_shown += [nym.pseudonym, nym.base, nym.base * m_tilde[-1]]
    challenge = _challenge(suite, shown, points_shown, signed.domain, presentation_header, api_id)
    r3 = r2.inverse()
    responses = [
        e_tilde + e * challenge,
        r1_tilde - r1 * challenge,
        r3_tilde - r3 * challenge,
        *(blind + values[index] * challenge for blind, index in zip(m_tilde, hidden, strict=True)),
        challenge,
    ]
    return b"".join((*map(write_g1, (a_bar, b_bar, d)), *map(write_scalar, responses)))


def core_verify_proof(
    suite: Suite,
    public_key: bytes,
    proof: bytes,
    points: Sequence[G1Point],
    shown: Mapping[int, Scalar],
    header: bytes,
    presentation_header: bytes,
    api_id: bytes,
    nym: Nym | None = None,
) -> None:
    """CoreProofVerify (draft 3.6.4): the challenge is the same, and e(Abar, W) = e(Bbar, BP2)."""
    key = read_g2(public_key)
    total = len(points) - 1
    if any(not 0 <= index < total for index in shown):
        raise SignatureInvalid("a disclosed index lies outside the messages")
    a_bar, b_bar, d = (read_g1(proof[at : at + G1_BYTES]) for at in range(0, 3 * G1_BYTES, G1_BYTES))
    numbers = [read_scalar(proof[at : at + SCALAR_BYTES]) for at in range(3 * G1_BYTES, len(proof), SCALAR_BYTES)]
    e_hat, r1_hat, r3_hat, *m_hat, challenge = numbers
    hidden = [index for index in range(total) if index not in shown]
    if len(m_hat) != len(hidden):
        raise SignatureInvalid("the proof hides another number of messages")
    domain = calculate_domain(suite, public_key, points, header, api_id)
    t1 = G1Point.multiexp_unchecked([b_bar, a_bar, d], [challenge, e_hat, r1_hat])
    b_shown = base_point(suite, [points[0], *(points[index + 1] for index in shown)], domain, list(shown.values()))
    t2 = G1Point.multiexp_unchecked([b_shown, d, *(points[index + 1] for index in hidden)], [challenge, r3_hat, *m_hat])
    points_shown = [a_bar, b_bar, d, t1, t2]
    if nym is not None:
        if not hidden or hidden[-1] != total - 1:
            raise SignatureInvalid("the secret of the pseudonym is not hidden")
        points_shown += [nym.pseudonym, nym.base, nym.base * m_hat[-1] - nym.pseudonym * challenge]
    again = _challenge(suite, shown, points_shown, domain, presentation_header, api_id)
    if again != challenge or not GT.pairing_check([a_bar, b_bar], [key, _NEGATIVE_BP2]):
        raise SignatureInvalid("the BBS proof does not hold over what was disclosed")


def proof_hidden_count(proof: bytes) -> int:
    """Return how many messages a proof hides, from its length. Raises Malformed."""
    rest = len(proof) - 3 * G1_BYTES - 4 * SCALAR_BYTES
    if rest < 0 or rest % SCALAR_BYTES:
        raise Malformed("a BBS proof has 272 bytes and 32 for each hidden message")
    return count_messages(rest // SCALAR_BYTES)


def _challenge(
    suite: Suite,
    shown: Mapping[int, Scalar],
    commitments: Sequence[G1Point],
    domain: Scalar,
    presentation_header: bytes,
    api_id: bytes,
) -> Scalar:
    """ProofChallengeCalculate (draft 3.7.4)."""
    parts = [len(shown).to_bytes(8, "big")]
    for index in sorted(shown):
        parts += [index.to_bytes(8, "big"), write_scalar(shown[index])]
    parts += [*map(write_g1, commitments), write_scalar(domain)]
    parts += [len(presentation_header).to_bytes(8, "big"), presentation_header]
    return suite.hash_to_scalar(b"".join(parts), api_id + b"H2S_")


def read_signature(signature: bytes) -> tuple[G1Point, Scalar]:
    """Return A and e of a signature. Raises Malformed."""
    if len(signature) != G1_BYTES + SCALAR_BYTES:
        raise Malformed("a BBS signature has 80 bytes")
    return read_g1(signature[:G1_BYTES]), read_scalar(signature[G1_BYTES:])


def count_messages(messages: int) -> int:
    """Return `messages` if there are not too many."""
    if messages > MAX_MESSAGES:
        raise Malformed(f"more than {MAX_MESSAGES} messages")
    return messages
