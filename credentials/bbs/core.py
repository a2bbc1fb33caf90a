"""BBS key generation, signing, and proofs (draft-irtf-cfrg-bbs-signatures-09 sections 3 and 4).

Messages are bytes. Secrets are `SecretKey`s that print nothing. Verification raises, and returns
nothing: `SignatureInvalid` for what does not hold, `Malformed` or `KeyInvalid` for what cannot be read.
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
from credentials.bbs.suites import SHA_256, Suite, generators
from did.errors import Malformed, SignatureInvalid

MAX_MESSAGES: Final = 1024
_BP2: Final = G2Point()
_NEGATIVE_BP2: Final = -G2Point()

ScalarSource = Callable[[int], Sequence[Scalar]]
"""Gives as many uniform random scalars as asked for (draft 4.2.1)."""


def random_scalars(random_bytes: Callable[[int], bytes]) -> ScalarSource:
    """Make a source of scalars from a source of random bytes; 48 bytes each, so the bias is below 2**-128."""
    return lambda count: [Scalar.from_be_bytes_mod_order(random_bytes(48)) for _ in range(count)]


@dataclass(frozen=True, slots=True, repr=False)
class SecretKey:
    """A signing key; `public_key` is its 96-byte public half."""

    scalar: Scalar

    @property
    def public_key(self) -> bytes:
        return bytes((_BP2 * self.scalar).to_compressed_bytes())

    def export(self) -> bytes:
        """Return the 32 secret bytes: the one explicit way out."""
        return write_scalar(self.scalar)

    @classmethod
    def from_bytes(cls, octets: bytes) -> "SecretKey":
        return cls(read_scalar(octets))

    def __repr__(self) -> str:
        return f"<BBS secret key of {self.public_key.hex()[:16]}>"


def key_gen(material: bytes, *, info: bytes = b"", dst: bytes | None = None, suite: Suite = SHA_256) -> SecretKey:
    """Derive a secret key from at least 32 bytes of secret material (draft 3.4.1). Raises Malformed."""
    if len(material) < 32 or len(info) > 0xFFFF:
        raise Malformed("key material has at least 32 bytes, key info at most 65535")
    scalar = suite.hash_to_scalar(material + len(info).to_bytes(2, "big") + info, dst or suite.id + b"KEYGEN_DST_")
    if scalar.is_zero():
        raise Malformed("this key material gives no key")
    return SecretKey(scalar)


def sign(key: SecretKey, messages: Sequence[bytes], *, header: bytes = b"", suite: Suite = SHA_256) -> bytes:
    """Return the 80-byte signature over header and messages (draft 3.5.1). Deterministic."""
    scalars = _scalars(suite, messages, suite.api_id)
    points = generators(suite, len(messages) + 1, suite.api_id)
    domain = calculate_domain(suite, key.public_key, points, header, suite.api_id)
    octets = b"".join(map(write_scalar, (key.scalar, *scalars, domain)))
    e = suite.hash_to_scalar(octets, suite.api_id + b"H2S_")
    return finish_signature(key, base_point(suite, points, domain, scalars), e)


def verify(
    public_key: bytes, signature: bytes, messages: Sequence[bytes], *, header: bytes = b"", suite: Suite = SHA_256
) -> None:
    """Check a signature (draft 3.5.2). Raises SignatureInvalid, KeyInvalid, Malformed."""
    scalars = _scalars(suite, messages, suite.api_id)
    points = generators(suite, len(messages) + 1, suite.api_id)
    core_verify(suite, public_key, signature, points, header, scalars, suite.api_id)


def prove(
    public_key: bytes,
    signature: bytes,
    messages: Sequence[bytes],
    *,
    disclosed: Sequence[int],
    scalars: ScalarSource,
    header: bytes = b"",
    presentation_header: bytes = b"",
    suite: Suite = SHA_256,
) -> bytes:
    """Return a zero-knowledge proof of the signature that shows the messages at `disclosed` (draft 3.5.3).

    `disclosed` are zero-based indexes in ascending order. The signature is verified first, since a proof
    of a bad one would only fail later and elsewhere.
    """
    values = _scalars(suite, messages, suite.api_id)
    points = generators(suite, len(messages) + 1, suite.api_id)
    core_verify(suite, public_key, signature, points, header, values, suite.api_id)
    return core_prove(
        suite, public_key, signature, points, values, disclosed, scalars, header, presentation_header, suite.api_id
    )


def verify_proof(
    public_key: bytes,
    proof: bytes,
    disclosed: Mapping[int, bytes],
    *,
    header: bytes = b"",
    presentation_header: bytes = b"",
    suite: Suite = SHA_256,
) -> None:
    """Check a proof over the messages disclosed at their indexes (draft 3.5.4).

    Raises SignatureInvalid when it does not hold, KeyInvalid or Malformed when it cannot be read.
    """
    hidden = proof_hidden_count(proof)
    indexes = sorted(disclosed)
    values = _scalars(suite, [disclosed[index] for index in indexes], suite.api_id)
    points = generators(suite, _count(hidden + len(indexes)) + 1, suite.api_id)
    core_verify_proof(
        suite,
        public_key,
        proof,
        points,
        dict(zip(indexes, values, strict=True)),
        header,
        presentation_header,
        suite.api_id,
    )


def calculate_domain(
    suite: Suite, public_key: bytes, points: Sequence[G1Point], header: bytes, api_id: bytes
) -> Scalar:
    """Bind key, generators and header into one scalar (draft 4.1.3)."""
    octets = public_key + (len(points) - 1).to_bytes(8, "big") + b"".join(map(write_g1, points)) + api_id
    return suite.hash_to_scalar(octets + len(header).to_bytes(8, "big") + header, api_id + b"H2S_")


def base_point(suite: Suite, points: Sequence[G1Point], domain: Scalar, scalars: Sequence[Scalar]) -> G1Point:
    """B = P1 + Q_1 * domain + H_1 * msg_1 + …"""
    return suite.p1 + G1Point.multiexp_unchecked(list(points), [domain, *scalars])


def finish_signature(key: SecretKey, base: G1Point, e: Scalar) -> bytes:
    """A = B * 1/(SK + e), with e behind it."""
    denominator = key.scalar + e
    if denominator.is_zero():
        raise Malformed("this key cannot sign these messages")
    return write_g1(base * denominator.inverse()) + write_scalar(e)


def core_verify(
    suite: Suite,
    public_key: bytes,
    signature: bytes,
    points: Sequence[G1Point],
    header: bytes,
    scalars: Sequence[Scalar],
    api_id: bytes,
) -> None:
    """CoreVerify (draft 3.6.2): e(A, W + BP2 * e) = e(B, BP2)."""
    key = read_g2(public_key)
    a, e = _read_signature(signature)
    base = base_point(suite, points, calculate_domain(suite, public_key, points, header, api_id), scalars)
    if not GT.pairing_check([a, base], [key + _BP2 * e, _NEGATIVE_BP2]):
        raise SignatureInvalid("the BBS signature does not hold over these messages")


def core_prove(
    suite: Suite,
    public_key: bytes,
    signature: bytes,
    points: Sequence[G1Point],
    values: Sequence[Scalar],
    disclosed: Sequence[int],
    scalars: ScalarSource,
    header: bytes,
    presentation_header: bytes,
    api_id: bytes,
) -> bytes:
    """CoreProofGen (draft 3.6.3) over message scalars and their generators."""
    if sorted(set(disclosed)) != list(disclosed) or any(not 0 <= index < len(values) for index in disclosed):
        raise Malformed("disclosed indexes ascend and lie within the messages")
    a, e = _read_signature(signature)
    hidden = [index for index in range(len(values)) if index not in set(disclosed)]
    r1, r2, e_tilde, r1_tilde, r3_tilde, *m_tilde = scalars(5 + len(hidden))
    domain = calculate_domain(suite, public_key, points, header, api_id)
    d = base_point(suite, points, domain, values) * r2
    a_bar = a * (r1 * r2)
    b_bar = d * r1 - a_bar * e
    t1 = a_bar * e_tilde + d * r1_tilde
    t2 = G1Point.multiexp_unchecked([d, *(points[index + 1] for index in hidden)], [r3_tilde, *m_tilde])
    shown = {index: values[index] for index in disclosed}
    challenge = _challenge(suite, shown, (a_bar, b_bar, d, t1, t2), domain, presentation_header, api_id)
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
    again = _challenge(suite, shown, (a_bar, b_bar, d, t1, t2), domain, presentation_header, api_id)
    if again != challenge or not GT.pairing_check([a_bar, b_bar], [key, _NEGATIVE_BP2]):
        raise SignatureInvalid("the BBS proof does not hold over what was disclosed")


def proof_hidden_count(proof: bytes) -> int:
    """Return how many messages a proof hides, from its length. Raises Malformed."""
    rest = len(proof) - 3 * G1_BYTES - 4 * SCALAR_BYTES
    if rest < 0 or rest % SCALAR_BYTES:
        raise Malformed("a BBS proof has 272 bytes and 32 for each hidden message")
    return _count(rest // SCALAR_BYTES)


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


def _read_signature(signature: bytes) -> tuple[G1Point, Scalar]:
    if len(signature) != G1_BYTES + SCALAR_BYTES:
        raise Malformed("a BBS signature has 80 bytes")
    return read_g1(signature[:G1_BYTES]), read_scalar(signature[G1_BYTES:])


def _scalars(suite: Suite, messages: Sequence[bytes], api_id: bytes) -> list[Scalar]:
    _count(len(messages))
    return [suite.message_scalar(message, api_id) for message in messages]


def _count(messages: int) -> int:
    if messages > MAX_MESSAGES:
        raise Malformed(f"more than {MAX_MESSAGES} messages")
    return messages
