"""`bbs-2023`: an issuer signs all statements at once, the holder shows some without being recognised.

W3C BBS Cryptosuites 1.0 (CR of 2025-04-03) sections 3.3 and 3.4, over BLS12-381-SHA-256, with its optional
features: anonymous holder binding and pseudonyms. The base proof is for the holder alone; a verifier is
shown derived proofs only (T32).
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final

from credentials.bbs import blind, core
from credentials.bbs.blind import Committed
from credentials.bbs.curve import read_scalar
from credentials.bbs.proof import ScalarSource
from credentials.data_integrity.base import AnySigner, MessageSigner
from credentials.data_integrity.bbs_values import (
    FEATURES,
    NYM_FEATURES,
    BaseProof,
    DerivedProof,
    Feature,
    parse_base,
    parse_derived,
    write_base,
    write_derived,
)
from credentials.data_integrity.disclosure import (
    hash_lines,
    proof_hash,
    refuse_chain,
    signed_lines,
    split,
    verifier_labels,
)
from credentials.data_integrity.errors import ProofInvalid, ProofNotMade
from credentials.data_integrity.selection import Labels, Relabel, check_pointers, group, select
from credentials.jsonld import Contexts
from did.encoding import b64url_encode
from did.errors import AlgorithmNotAllowed
from did.keytypes import RawKey

_COMMITTED: Final[Mapping[Feature, int]] = {
    "anonymous_holder_binding": 1,
    "pseudonym": 1,
    "holder_binding_pseudonym": 2,
}


@dataclass(frozen=True, slots=True)
class BbsSigner:
    """A BBS key in this process as a signer of messages."""

    key: core.SecretKey

    @property
    def public_octets(self) -> bytes:
        """The 96 bytes of the public key."""
        return self.key.public_key

    def sign_messages(self, messages: Sequence[bytes], *, header: bytes) -> bytes:
        """Return the BBS signature over header and messages."""
        return core.sign(self.key, messages, header=header)

    def sign_blind(
        self, messages: Sequence[bytes], commitment: bytes, *, header: bytes, committed: int, entropy: bytes | None
    ) -> bytes:
        """Return the BBS signature over header, messages and what a holder committed to."""
        scalar = None if entropy is None else read_scalar(entropy)
        return blind.blind_sign(self.key, messages, commitment, header=header, committed=committed, entropy=scalar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What an issuer binds a new credential to: a holder's commitment, and its own entropy for a pseudonym.

    The same `entropy` again gives the same holder the same pseudonyms; it is a scalar of 32 bytes.
    """

    feature: Feature
    commitment: bytes
    entropy: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bbs2023:
    """The suite. `mandatory` are the JSON pointers that a new proof makes the holder always show.

    Issuer: `binding`, for the optional features. Holder: `committed`, as returned by `blind.commit`.
    Holder and verifier: `presentation_header` and `nym_domain`; where a verifier sets them, a proof with
    another one, or without pseudonym, is refused. `features` are those that a verifier accepts.
    """

    mandatory: tuple[str, ...] = ()
    binding: Binding | None = None
    committed: Committed | None = None
    presentation_header: bytes | None = None
    nym_domain: str | None = None
    features: frozenset[Feature] = frozenset(FEATURES)
    random_bytes: Callable[[int], bytes] = token_bytes
    scalars: ScalarSource | None = None
    name: str = "bbs-2023"
    rdf: bool = True

    def create_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, signer: AnySigner, contexts: Contexts
    ) -> dict[str, Any]:
        """Return a base proof (3.4.1 to 3.4.5).

        Raises AlgorithmNotAllowed unless `signer` signs messages, Malformed or SignatureInvalid for a bad commitment.
        """
        if not isinstance(signer, MessageSigner):
            raise AlgorithmNotAllowed("bbs-2023 signs with a BLS12-381 key")
        refuse_chain(document, proof)
        hmac_key, pointers = self.random_bytes(32), check_pointers(list(self.mandatory))
        grouped = group(document, {"mandatory": pointers}, relabel=shuffled_labels(hmac_key), contexts=contexts)
        mandatory, rest = split(grouped.lines, grouped.groups["mandatory"])
        header = proof_hash(document, proof, contexts) + hash_lines(mandatory)
        base = BaseProof(
            feature="baseline" if self.binding is None else self.binding.feature,
            signature=self._signature(signer, [line.encode() for line in rest], header),
            header=header,
            public_key=signer.public_octets,
            hmac_key=hmac_key,
            mandatory=pointers,
            entropy=None if self.binding is None else self.binding.entropy,
        )
        return {**proof, "proofValue": write_base(base)}

    def _signature(self, signer: MessageSigner, messages: list[bytes], header: bytes) -> bytes:
        binding = self.binding
        if binding is None or binding.feature == "baseline":
            return signer.sign_messages(messages, header=header)
        if (binding.entropy is not None) != (binding.feature in NYM_FEATURES):
            raise ProofNotMade("entropy belongs to pseudonyms, and to nothing else")
        return signer.sign_blind(
            messages,
            binding.commitment,
            header=header,
            committed=_COMMITTED[binding.feature],
            entropy=binding.entropy,
        )

    def derive_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, pointers: Sequence[str], contexts: Contexts
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the part of `document` that is to be shown, and the proof of it (3.4.6).

        Raises ProofNotMade, ProofMalformed, or SignatureInvalid when the base proof is not of this document or
        not bound to this holder.
        """
        base = parse_base(proof)
        shown = disclose(document, base.mandatory, base.hmac_key, pointers, contexts)
        committed = self._secrets(base)
        scalars = self.scalars or core.random_scalars(self.random_bytes)
        header, presentation_header = base.header, self.presentation_header or b""
        pseudonym = None
        if committed is None:
            proven = core.prove(
                base.public_key,
                base.signature,
                shown.messages,
                disclosed=shown.selective,
                scalars=scalars,
                header=header,
                presentation_header=presentation_header,
            )
        else:
            context = None if committed.nym is None or self.nym_domain is None else self.nym_domain.encode()
            pseudonym = None if context is None else blind.pseudonym_of(committed, context)
            proven = blind.blind_prove(
                base.public_key,
                base.signature,
                shown.messages,
                committed,
                disclosed=shown.selective,
                scalars=scalars,
                header=header,
                presentation_header=presentation_header,
                context=context,
            )
        derived = DerivedProof(
            feature=base.feature,
            proof=proven,
            labels=shown.labels,
            mandatory=shown.mandatory,
            selective=shown.selective,
            presentation_header=presentation_header,
            nym_domain=None if pseudonym is None else self.nym_domain,
            pseudonym=pseudonym,
            count=None if committed is None else len(shown.messages),
        )
        return shown.document, {**proof, "proofValue": write_derived(derived)}

    def _secrets(self, base: BaseProof) -> Committed | None:
        """Return what the holder committed to, with the issuer's part in it."""
        if base.feature == "baseline":
            return None
        committed = self.committed
        if committed is None:
            raise ProofNotMade("this credential is bound to its holder's secret, which is missing")
        if len(committed.messages) + (committed.nym is not None) != _COMMITTED[base.feature]:
            raise ProofNotMade("the holder's secrets are not those of this feature")
        if base.entropy is None:
            return committed
        if self.nym_domain is None:
            raise ProofNotMade("a pseudonym is for a domain, which is missing")
        return committed.finish(read_scalar(base.entropy))

    def mandatory_pointers(self, proof: Mapping[str, Any]) -> list[str]:
        """Return what a base proof makes its holder always show. Raises ProofInvalid, ProofMalformed."""
        return parse_base(proof).mandatory

    def verify_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, key: RawKey, contexts: Contexts
    ) -> dict[str, Any]:
        """Return the revealed document (3.4.7). Raises ProofInvalid, SignatureInvalid, ProofMalformed."""
        refuse_chain(document, proof)
        public_key = bbs_key(key)
        derived = parse_derived(proof)
        self._check_expected(derived)
        header, disclosed = verify_data(document, proof, derived, contexts)
        if derived.count is None:
            core.verify_proof(
                public_key, derived.proof, disclosed, header=header, presentation_header=derived.presentation_header
            )
        else:
            blind.verify_blind_proof(
                public_key,
                derived.proof,
                disclosed,
                count=derived.count,
                committed=_COMMITTED[derived.feature],
                header=header,
                presentation_header=derived.presentation_header,
                context=None if derived.nym_domain is None else derived.nym_domain.encode(),
                pseudonym=derived.pseudonym,
            )
        return dict(document)

    def _check_expected(self, derived: DerivedProof) -> None:
        if derived.feature not in self.features:
            raise ProofInvalid("the proof does not have a feature that is accepted here")
        if self.presentation_header is not None and derived.presentation_header != self.presentation_header:
            raise ProofInvalid("the proof has another presentation header")
        if self.nym_domain is not None and derived.nym_domain != self.nym_domain:
            raise ProofInvalid("the proof has no pseudonym for this domain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a holder discloses: `messages` are all that were signed, `selective` indexes into them."""

    document: dict[str, Any]
    messages: list[bytes]
    selective: list[int]
    mandatory: list[int]
    labels: dict[str, str]


def disclose(
    document: Mapping[str, Any], mandatory: list[str], hmac_key: bytes, pointers: Sequence[str], contexts: Contexts
) -> Shown:
    """Work out what is disclosed of a document, by its mandatory pointers and those of the holder (3.3.4)."""
    selective = check_pointers(list(pointers))
    combined = [*mandatory, *selective]
    grouped = group(
        document,
        {"mandatory": mandatory, "selective": selective, "combined": combined},
        relabel=shuffled_labels(hmac_key),
        contexts=contexts,
    )
    chosen, wanted = set(grouped.groups["mandatory"]), set(grouped.groups["selective"])
    rest = [at for at in range(len(grouped.lines)) if at not in chosen]
    return Shown(
        document=select(document, combined),
        messages=[grouped.lines[at].encode() for at in rest],
        selective=[place for place, at in enumerate(rest) if at in wanted],
        mandatory=[place for place, at in enumerate(grouped.groups["combined"]) if at in chosen],
        labels=verifier_labels(grouped.selected["combined"], grouped.labels),
    )


def shuffled_labels(key: bytes) -> Relabel:
    """Return the relabelling by rank among the HMACs of the canonical labels (`createShuffledIdLabelMapFunction`)."""

    def relabel(canonical_labels: Labels) -> dict[str, str]:
        digests = {
            label: b64url_encode(hmac.digest(key, name.encode(), "sha256")) for label, name in canonical_labels.items()
        }
        rank = {digest: at for at, digest in enumerate(sorted(digests.values()))}
        return {label: f"b{rank[digest]}" for label, digest in digests.items()}

    return relabel


def verify_data(
    document: Mapping[str, Any], proof: Mapping[str, Any], derived: DerivedProof, contexts: Contexts
) -> tuple[bytes, dict[int, bytes]]:
    """Return BBS header and disclosed messages of a revealed document (3.3.8). Raises ProofInvalid (T32)."""
    mandatory, rest = split(signed_lines(document, derived.labels, contexts), derived.mandatory)
    if len(rest) != len(derived.selective) or sorted(set(derived.selective)) != derived.selective:
        raise ProofInvalid("the indexes of the proof do not fit the statements that are shown")
    header = proof_hash(document, proof, contexts) + hash_lines(mandatory)
    return header, {at: line.encode() for at, line in zip(derived.selective, rest, strict=True)}


def bbs_key(key: RawKey) -> bytes:
    """Return the bytes of a BLS12-381 key in G2. Raises AlgorithmNotAllowed."""
    if key.name != "Bls12381G2":
        raise AlgorithmNotAllowed("bbs-2023 signs with a BLS12-381 key")
    return key.raw
