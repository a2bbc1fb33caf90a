"""BBS signatures over messages that the signer does not see, and pseudonyms bound to them.

Blind BBS (draft-irtf-cfrg-bbs-blind-signatures, the revision that W3C BBS Cryptosuites of 2025-04-03
cites) and BBS pseudonyms (draft-irtf-cfrg-bbs-per-verifier-linkability of the same time, one secret per
holder). The holder commits to messages, the signer signs its own and the commitment, the holder proves.
The two interfaces share everything but their identifier and the secret of the pseudonym, which is the
last of the committed messages. What the signer's own messages are is fixed by their number `count`:
committed messages are never disclosed here, so no holder can pass one off as the signer's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from credentials.bbs.core import SecretKey, finish_signature
from credentials.bbs.curve import G1_BYTES, SCALAR_BYTES, G1Point, Scalar, read_g1, read_scalar, write_g1, write_scalar
from credentials.bbs.proof import (
    Nym,
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
from did.errors import Malformed, SignatureInvalid


@dataclass(frozen=True, slots=True, repr=False)
class Committed:
    """What a holder keeps: the messages it committed to, the blinding, and the secret of its pseudonym, if any.

    Before issuance `nym` is the holder's own part of that secret; `finish` adds the signer's.
    """

    messages: tuple[bytes, ...] = ()
    blind: Scalar | None = None
    nym: Scalar | None = None

    def finish(self, entropy: Scalar) -> "Committed":
        """Return this with the signer's entropy added to the secret of the pseudonym."""
        if self.nym is None:
            raise Malformed("nothing was committed for a pseudonym")
        return Committed(self.messages, self.blind, self.nym + entropy)

    def __repr__(self) -> str:
        return f"<{len(self.messages)} committed messages>"


def api_id(suite: Suite, *, with_nym: bool) -> bytes:
    """Return the identifier of the blind interface, or of the one with pseudonyms."""
    return suite.id + b"H2G_HM2S_PSEUDONYM_" if with_nym else suite.blind_api_id


def commit(
    messages: Sequence[bytes], *, scalars: ScalarSource, nym: Scalar | None = None, suite: Suite = SHA_256
) -> tuple[bytes, Committed]:
    """Return a commitment with its proof, for the signer, and what the holder keeps (Commit, CommitWithNym)."""
    identifier = api_id(suite, with_nym=nym is not None)
    values = [suite.message_scalar(message, identifier) for message in messages] + ([] if nym is None else [nym])
    points = _blind_points(suite, len(values) + 1, identifier)
    blind, *randoms = scalars(count_messages(len(values)) + 2)
    commitment = G1Point.multiexp_unchecked(points, [blind, *values])
    challenge = _challenge(suite, points, commitment, G1Point.multiexp_unchecked(points, list(randoms)), identifier)
    answers = [random + secret * challenge for random, secret in zip(randoms, [blind, *values], strict=True)]
    octets = write_g1(commitment) + b"".join(map(write_scalar, [*answers, challenge]))
    return octets, Committed(tuple(messages), blind, nym)


def blind_sign(
    key: SecretKey,
    messages: Sequence[bytes],
    commitment: bytes,
    *,
    header: bytes = b"",
    committed: int = 1,
    entropy: Scalar | None = None,
    suite: Suite = SHA_256,
) -> bytes:
    """Return the signature over the signer's messages and the holder's `committed` ones (BlindSign).

    `entropy` is the signer's part in the secret of a pseudonym, whose own part is then one of those
    committed. Raises Malformed or SignatureInvalid for a commitment that does not hold.
    """
    identifier = api_id(suite, with_nym=entropy is not None)
    points = generators(suite, count_messages(len(messages)) + 1, identifier)
    blind_points = _blind_points(suite, committed + 1, identifier)
    base = _check_commitment(suite, commitment, blind_points, identifier)
    values = [suite.message_scalar(message, identifier) for message in messages]
    domain = calculate_domain(suite, key.public_key, (*points, *blind_points), header, identifier)
    base = base + base_point(suite, points, domain, values)
    if entropy is not None:
        base = base + blind_points[-1] * entropy
    e = suite.hash_to_scalar(write_scalar(key.scalar) + write_g1(base), identifier + b"H2S_")
    return finish_signature(key, base, e)


def verify_blind(
    public_key: bytes,
    signature: bytes,
    messages: Sequence[bytes],
    committed: Committed,
    *,
    header: bytes = b"",
    suite: Suite = SHA_256,
) -> None:
    """Check a signature with what only the holder knows (Verify, VerifyFinalizeWithNym). Raises SignatureInvalid."""
    identifier = api_id(suite, with_nym=committed.nym is not None)
    points, values = _parameters(suite, messages, committed, identifier)
    core_verify(suite, public_key, signature, points, header, values, identifier)


def blind_prove(
    public_key: bytes,
    signature: bytes,
    messages: Sequence[bytes],
    committed: Committed,
    *,
    disclosed: Sequence[int],
    scalars: ScalarSource,
    header: bytes = b"",
    presentation_header: bytes = b"",
    context: bytes | None = None,
    suite: Suite = SHA_256,
) -> bytes:
    """Return a proof that shows the signer's messages at `disclosed` and none of the committed ones.

    With a pseudonym, `context` is what it is for. The signature is verified first. (BlindProofGen,
    ProofGenWithNym)
    """
    identifier = api_id(suite, with_nym=committed.nym is not None)
    if any(index >= len(messages) for index in disclosed) or (committed.nym is None) != (context is None):
        raise Malformed("only the signer's messages are disclosed, and a pseudonym is for a context")
    points, values = _parameters(suite, messages, committed, identifier)
    signed = core_verify(suite, public_key, signature, points, header, values, identifier)
    nym = None
    if context is not None and committed.nym is not None:
        base = context_point(suite, context)
        nym = Nym(base, base * committed.nym)
    return core_prove(suite, signed, points, values, disclosed, scalars, presentation_header, identifier, nym)


def verify_blind_proof(
    public_key: bytes,
    proof: bytes,
    disclosed: Mapping[int, bytes],
    *,
    count: int,
    committed: int = 1,
    header: bytes = b"",
    presentation_header: bytes = b"",
    context: bytes | None = None,
    pseudonym: bytes | None = None,
    suite: Suite = SHA_256,
) -> None:
    """Check a proof over `count` messages of the signer, of which some are disclosed, and `committed` ones.

    With `context` and `pseudonym`, also that this is the holder's pseudonym there. (BlindProofVerify,
    ProofVerifyWithNym) Raises SignatureInvalid, KeyInvalid, Malformed.
    """
    identifier = api_id(suite, with_nym=pseudonym is not None)
    if (context is None) != (pseudonym is None):
        raise Malformed("a pseudonym is for a context")
    total = proof_hidden_count(proof) + len(disclosed)
    if count < 0 or total != count + 1 + committed or any(not 0 <= at < count for at in disclosed):
        raise SignatureInvalid("the proof discloses what is not the signer's, or counts wrongly")
    points = (
        *generators(suite, count_messages(count) + 1, identifier),
        *_blind_points(suite, count_messages(total - count), identifier),
    )
    nym = None
    if context is not None and pseudonym is not None:
        nym = Nym(context_point(suite, context), read_g1(pseudonym))
    values = {at: suite.message_scalar(disclosed[at], identifier) for at in sorted(disclosed)}
    core_verify_proof(suite, public_key, proof, points, values, header, presentation_header, identifier, nym)


def context_point(suite: Suite, context: bytes) -> G1Point:
    """Return the point of a context in which one pseudonym holds."""
    return suite.hash_to_g1(context, api_id(suite, with_nym=True))


def pseudonym_of(committed: Committed, context: bytes, *, suite: Suite = SHA_256) -> bytes:
    """Return the 48 bytes of the holder's pseudonym in a context."""
    if committed.nym is None:
        raise Malformed("nothing was committed for a pseudonym")
    return write_g1(context_point(suite, context) * committed.nym)


def _blind_points(suite: Suite, count: int, identifier: bytes) -> list[G1Point]:
    return list(generators(suite, count, b"BLIND_" + identifier))


def _parameters(
    suite: Suite, messages: Sequence[bytes], committed: Committed, identifier: bytes
) -> tuple[list[G1Point], list[Scalar]]:
    secrets = [suite.message_scalar(message, identifier) for message in committed.messages]
    secrets += [] if committed.nym is None else [committed.nym]
    values = [suite.message_scalar(message, identifier) for message in messages]
    points = [
        *generators(suite, count_messages(len(messages)) + 1, identifier),
        *_blind_points(suite, count_messages(len(secrets)) + 1, identifier),
    ]
    return points, [*values, Scalar(0) if committed.blind is None else committed.blind, *secrets]


def _check_commitment(suite: Suite, octets: bytes, points: list[G1Point], identifier: bytes) -> G1Point:
    """Return the point of a commitment whose proof holds (CoreCommitVerify)."""
    if len(octets) != G1_BYTES + (len(points) + 1) * SCALAR_BYTES:
        raise Malformed("the commitment is to another number of messages")
    commitment = read_g1(octets[:G1_BYTES])
    numbers = [read_scalar(octets[at : at + SCALAR_BYTES]) for at in range(G1_BYTES, len(octets), SCALAR_BYTES)]
    *answers, challenge = numbers
    blinded = G1Point.multiexp_unchecked(points, answers) - commitment * challenge
    if _challenge(suite, points, commitment, blinded, identifier) != challenge:
        raise SignatureInvalid("the proof of the commitment does not hold")
    return commitment


def _challenge(
    suite: Suite, points: Sequence[G1Point], commitment: G1Point, blinded: G1Point, identifier: bytes
) -> Scalar:
    octets = (len(points) - 1).to_bytes(8, "big") + b"".join(map(write_g1, (*points, commitment, blinded)))
    return suite.hash_to_scalar(octets, identifier + b"H2S_")
