"""`bbs-2023`: an issuer signs all statements at once, the holder shows some without being recognised.

W3C BBS Cryptosuites 1.0 (CR of 2025-04-03) sections 3.3 and 3.4, over BLS12-381-SHA-256. The base proof
is for the holder alone; a verifier is shown derived proofs only (T32).
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final

from credentials import cbor
from credentials.bbs import core
from credentials.data_integrity.base import AnySigner, MessageSigner
from credentials.data_integrity.disclosure import (
    are_indexes,
    hash_lines,
    proof_hash,
    read_components,
    refuse_chain,
    signed_lines,
    split,
    verifier_labels,
)
from credentials.data_integrity.errors import ProofInvalid, ProofMalformed, ProofNotMade
from credentials.data_integrity.selection import Labels, Relabel, check_pointers, group, select
from credentials.jsonld import Contexts
from did.encoding import b64url_encode, multibase_encode
from did.errors import AlgorithmNotAllowed
from did.keytypes import RawKey

_BASE: Final = b"\xd9\x5d\x02"
_DERIVED: Final = b"\xd9\x5d\x03"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseProof:
    """What a baseline base proof value holds (3.3.2)."""

    signature: bytes
    header: bytes
    public_key: bytes
    hmac_key: bytes
    mandatory: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedProof:
    """What a baseline derived proof value holds (3.3.7). `labels` maps canonical labels to signed ones."""

    proof: bytes
    labels: dict[str, str]
    mandatory: list[int]
    selective: list[int]
    presentation_header: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bbs2023:
    """The suite. `mandatory` are the JSON pointers that a new proof makes the holder always show.

    `presentation_header` goes into derived proofs; where it is set, a proof with another one is refused.
    """

    mandatory: tuple[str, ...] = ()
    presentation_header: bytes | None = None
    random_bytes: Callable[[int], bytes] = token_bytes
    scalars: core.ScalarSource | None = None
    name: str = "bbs-2023"
    rdf: bool = True

    def create_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, signer: AnySigner, contexts: Contexts
    ) -> dict[str, Any]:
        """Return a base proof (3.4.1 to 3.4.5). Raises AlgorithmNotAllowed unless `signer` signs messages."""
        if not isinstance(signer, MessageSigner):
            raise AlgorithmNotAllowed("bbs-2023 signs with a BLS12-381 key")
        refuse_chain(document, proof)
        hmac_key, pointers = self.random_bytes(32), check_pointers(list(self.mandatory))
        grouped = group(document, {"mandatory": pointers}, relabel=shuffled_labels(hmac_key), contexts=contexts)
        mandatory, rest = split(grouped.lines, grouped.groups["mandatory"])
        header = proof_hash(document, proof, contexts) + hash_lines(mandatory)
        signature = signer.sign_messages([line.encode() for line in rest], header=header)
        parts = [signature, header, signer.public_octets, hmac_key, pointers]
        return {**proof, "proofValue": multibase_encode(_BASE + cbor.encode(parts), base="u")}

    def derive_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, pointers: Sequence[str], contexts: Contexts
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the part of `document` that is to be shown, and the proof of it (3.4.6).

        Raises ProofNotMade, ProofMalformed, or SignatureInvalid when the base proof is not of this document.
        """
        base = parse_base(proof)
        shown = disclose(document, base.mandatory, base.hmac_key, pointers, contexts)
        proven = core.prove(
            base.public_key,
            base.signature,
            shown.messages,
            disclosed=shown.selective,
            scalars=self.scalars or core.random_scalars(self.random_bytes),
            header=base.header,
            presentation_header=self.presentation_header or b"",
        )
        derived = DerivedProof(
            proof=proven,
            labels=shown.labels,
            mandatory=shown.mandatory,
            selective=shown.selective,
            presentation_header=self.presentation_header or b"",
        )
        return shown.document, {**proof, "proofValue": _derived_value(derived)}

    def verify_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, key: RawKey, contexts: Contexts
    ) -> dict[str, Any]:
        """Return the revealed document (3.4.7). Raises ProofInvalid, SignatureInvalid, ProofMalformed."""
        refuse_chain(document, proof)
        public_key = bbs_key(key)
        derived = parse_derived(proof)
        if self.presentation_header is not None and derived.presentation_header != self.presentation_header:
            raise ProofInvalid("the proof has another presentation header")
        header, disclosed = verify_data(document, proof, derived, contexts)
        core.verify_proof(
            public_key, derived.proof, disclosed, header=header, presentation_header=derived.presentation_header
        )
        return dict(document)


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


def parse_base(proof: Mapping[str, Any]) -> BaseProof:
    """Read a baseline base proof value (3.3.2). Raises ProofInvalid, ProofMalformed."""
    signature, header, public_key, hmac_key, pointers = read_components(proof, _BASE, 5)
    return BaseProof(
        signature=octets(signature, 80),
        header=octets(header, 64),
        public_key=octets(public_key, 96),
        hmac_key=octets(hmac_key, 32),
        mandatory=read_pointers(pointers),
    )


def parse_derived(proof: Mapping[str, Any]) -> DerivedProof:
    """Read a baseline derived proof value (3.3.7). Raises ProofInvalid, ProofMalformed."""
    return derived_parts(read_components(proof, _DERIVED, 5))


def derived_parts(parts: Sequence[Any]) -> DerivedProof:
    """Read the five parts that every derived proof value begins with."""
    proven, labels, mandatory, selective, header = parts
    if not isinstance(labels, dict) or not all(are_indexes([name, rank]) for name, rank in labels.items()):
        raise ProofMalformed("the labels of the proof are not numbers")
    if not are_indexes(mandatory) or not are_indexes(selective):
        raise ProofMalformed("the indexes of the proof are not numbers")
    return DerivedProof(
        proof=octets(proven),
        labels={f"c14n{name}": f"b{rank}" for name, rank in labels.items()},
        mandatory=mandatory,
        selective=selective,
        presentation_header=octets(header),
    )


def labels_to_numbers(labels: Mapping[str, str]) -> dict[int, int]:
    """Return a label map as it is written (3.3.5)."""
    return dict(sorted((int(name[4:]), int(rank[1:])) for name, rank in labels.items()))


def octets(value: Any, length: int | None = None) -> bytes:
    """Return bytes of this length as read from a proof. Raises ProofMalformed."""
    if not isinstance(value, bytes) or (length is not None and len(value) != length):
        raise ProofMalformed("a part of the proof has another form")
    return value


def read_pointers(value: Any) -> list[str]:
    """Return the pointers of a base proof. Raises ProofMalformed."""
    try:
        return check_pointers(value)
    except ProofNotMade as exc:
        raise ProofMalformed("the pointers of the base proof are not JSON pointers") from exc


def _derived_value(proof: DerivedProof) -> str:
    parts = [
        proof.proof,
        labels_to_numbers(proof.labels),
        proof.mandatory,
        proof.selective,
        proof.presentation_header,
    ]
    return multibase_encode(_DERIVED + cbor.encode(parts), base="u")
