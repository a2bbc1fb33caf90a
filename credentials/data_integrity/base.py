"""What every cryptosuite offers, and the options of a proof (VC Data Integrity 1.0 sections 2.1 and 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

from credentials.data_integrity.errors import ProofInvalid, ProofMalformed, ProofNotMade
from credentials.jsonld import Contexts
from did.document import RELATIONSHIPS, Relationship
from did.encoding import multibase_decode
from did.errors import AlgorithmNotAllowed, KeyInvalid, Malformed
from did.keys import PublicKey
from did.keytypes import RawKey
from did.signing import Signer
from did.times import format_time

MAX_PROOF_VALUE: int = 256 * 1024
"""Longest proofValue that is read, in characters; a selective one carries a signature for each statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOptions:
    """What a new proof says besides its value. `previous` are the ids of the proofs it chains to."""

    verification_method: str
    purpose: Relationship = "assertionMethod"
    created: datetime | None = None
    expires: datetime | None = None
    challenge: str | None = None
    domain: str | tuple[str, ...] | None = None
    nonce: str | None = None
    id: str | None = None
    previous: tuple[str, ...] = ()

    def to_json(self, cryptosuite: str) -> dict[str, Any]:
        """Return the proof without its value. Raises ProofNotMade for a purpose that is none."""
        if self.purpose not in RELATIONSHIPS:
            raise ProofNotMade("the purpose is not a verification relationship")
        proof: dict[str, Any] = {"type": "DataIntegrityProof", "cryptosuite": cryptosuite}
        if self.id is not None:
            proof["id"] = self.id
        for name, time in (("created", self.created), ("expires", self.expires)):
            if time is not None:
                proof[name] = format_time(time)
        proof["verificationMethod"] = self.verification_method
        proof["proofPurpose"] = self.purpose
        for name, text in (("challenge", self.challenge), ("nonce", self.nonce)):
            if text is not None:
                proof[name] = text
        if self.domain is not None:
            proof["domain"] = list(self.domain) if isinstance(self.domain, tuple) else self.domain
        if self.previous:
            proof["previousProof"] = self.previous[0] if len(self.previous) == 1 else list(self.previous)
        return proof


@runtime_checkable
class MessageSigner(Protocol):
    """Signs many messages at once with a BBS key, wherever it lives."""

    @property
    def public_octets(self) -> bytes:
        """The public key's bytes."""

    def sign_messages(self, messages: Sequence[bytes], *, header: bytes) -> bytes:
        """Return one signature over header and messages."""

    def sign_blind(
        self, messages: Sequence[bytes], commitment: bytes, *, header: bytes, committed: int, entropy: bytes | None
    ) -> bytes:
        """Return one signature over header, messages and what a holder committed to."""


AnySigner = Signer | MessageSigner


class Cryptosuite(Protocol):
    """One cryptosuite. `document` never holds a `proof`, but for the proofs that a chain is built on."""

    @property
    def name(self) -> str:
        """The `cryptosuite` of its proofs."""

    @property
    def rdf(self) -> bool:
        """Whether its proofs cover the RDF form, so that every term has been looked up."""

    def create_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, signer: AnySigner, contexts: Contexts
    ) -> dict[str, Any]:
        """Return `proof` (see ProofOptions.to_json) with its value."""

    def verify_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, key: RawKey, contexts: Contexts
    ) -> dict[str, Any]:
        """Return the document that the proof covers, or raise ProofInvalid, SignatureInvalid or a Malformed."""


@runtime_checkable
class SelectiveSuite(Cryptosuite, Protocol):
    """A suite whose proofs can be cut down to part of a document."""

    def derive_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, pointers: Sequence[str], contexts: Contexts
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the part of `document` that is shown, and its proof."""

    def mandatory_pointers(self, proof: Mapping[str, Any]) -> list[str]:
        """Return the JSON pointers to what a base proof makes its holder always show."""


@lru_cache(maxsize=1024)
def signing_key(key: RawKey) -> PublicKey:
    """Return the key as one that verifies ECDSA or EdDSA. Raises AlgorithmNotAllowed."""
    try:
        return PublicKey.from_raw_key(key)
    except KeyInvalid as exc:
        raise AlgorithmNotAllowed("the proof's key is of another kind than its cryptosuite") from exc


def config_of(proof: Mapping[str, Any]) -> dict[str, Any]:
    """Return the proof without its value: what is signed of it."""
    return {name: value for name, value in proof.items() if name != "proofValue"}


def rdf_config(document: Mapping[str, Any], proof: Mapping[str, Any]) -> dict[str, Any]:
    """Return the proof configuration as a JSON-LD document: with the contexts of what it secures.

    A context of its own would be neither signed nor used, so another one is refused (T29).
    """
    if proof.get("@context", document.get("@context")) != document.get("@context"):
        raise ProofInvalid("the proof has contexts of its own")
    return {**config_of(proof), "@context": document.get("@context")}


def proof_value(proof: Mapping[str, Any], *, base: str) -> bytes:
    """Return the bytes of `proofValue`, in multibase `base`. Raises ProofMalformed."""
    value = proof.get("proofValue")
    if not isinstance(value, str) or len(value) > (150 if base == "z" else MAX_PROOF_VALUE):
        raise ProofMalformed("proofValue is not text of a fitting length")
    try:
        return multibase_decode(value, bases=base, max_chars=MAX_PROOF_VALUE)
    except Malformed as exc:
        raise ProofMalformed("proofValue is not in the encoding of its cryptosuite") from exc
