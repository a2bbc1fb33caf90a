"""BBS key generation, signing, and proofs (draft-irtf-cfrg-bbs-signatures-09 sections 3 and 4).

Messages are bytes. Secrets are `SecretKey`s that print nothing. Verification raises, and returns
nothing: `SignatureInvalid` for what does not hold, `Malformed` or `KeyInvalid` for what cannot be read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from credentials.bbs.curve import (
    G1Point,
    G2Point,
    Scalar,
    read_scalar,
    write_g1,
    write_scalar,
)
from credentials.bbs.proof import (
    ScalarSource,
    base_point,
    calculate_domain,
    core_prove,
    core_verify,
    core_verify_proof,
    count_messages,
    proof_hidden_count,
)
from credentials.bbs.suites import SHA_256, Suite, generators
from did.errors import Malformed

_BP2: Final = G2Point()
_NEGATIVE_BP2: Final = -G2Point()


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
    signed = core_verify(suite, public_key, signature, points, header, values, suite.api_id)
    return core_prove(suite, signed, points, values, disclosed, scalars, presentation_header, suite.api_id)


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
    points = generators(suite, count_messages(hidden + len(indexes)) + 1, suite.api_id)
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


def finish_signature(key: SecretKey, base: G1Point, e: Scalar) -> bytes:
    """A = B * 1/(SK + e), with e behind it."""
    denominator = key.scalar + e
    if denominator.is_zero():
        raise Malformed("this key cannot sign these messages")
    return write_g1(base * denominator.inverse()) + write_scalar(e)


def _scalars(suite: Suite, messages: Sequence[bytes], api_id: bytes) -> list[Scalar]:
    count_messages(len(messages))
    return [suite.message_scalar(message, api_id) for message in messages]
