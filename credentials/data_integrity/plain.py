"""The suites that sign a whole document: eddsa-rdfc-2022, eddsa-jcs-2022, ecdsa-rdfc-2019, ecdsa-jcs-2019.

VC Data Integrity EdDSA Cryptosuites 1.0 sections 3.2 and 3.3; ECDSA Cryptosuites 1.0 sections 3.2 and 3.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256, sha384
from typing import Any, Final

from credentials.data_integrity.base import AnySigner, MessageSigner, config_of, proof_value, rdf_config, signing_key
from credentials.data_integrity.errors import ProofInvalid
from credentials.jsonld import Contexts, canonical
from did.algorithms import Alg
from did.encoding import jcs, multibase_encode
from did.errors import AlgorithmNotAllowed
from did.keytypes import RawKey


@dataclass(frozen=True, slots=True)
class PlainSuite:
    """One signature over the hashes of proof configuration and document, in this order. `rdf` chooses the form."""

    name: str
    rdf: bool
    algs: frozenset[Alg]

    def create_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, signer: AnySigner, contexts: Contexts
    ) -> dict[str, Any]:
        """Return `proof` with its value. Raises AlgorithmNotAllowed for a key of another kind."""
        if isinstance(signer, MessageSigner):
            raise AlgorithmNotAllowed(f"{self.name} signs bytes, not messages")
        made = dict(proof)
        if not self.rdf and "@context" in document:
            made["@context"] = document["@context"]
        signature = signer.sign(self.hash_data(document, made, self.checked(signer.alg), contexts))
        return {**made, "proofValue": multibase_encode(signature)}

    def verify_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, key: RawKey, contexts: Contexts
    ) -> dict[str, Any]:
        """Return the document that was signed, with its contexts as they were then."""
        public = signing_key(key)
        signed = dict(document)
        if not self.rdf and "@context" in proof:
            check_context(document.get("@context"), proof["@context"])
            signed["@context"] = proof["@context"]
        data = self.hash_data(signed, proof, self.checked(public.alg), contexts)
        public.verify(proof_value(proof, base="z"), data)
        return signed

    def checked(self, alg: Alg) -> Alg:
        """Return `alg` if this suite signs with it."""
        if alg not in self.algs:
            raise AlgorithmNotAllowed(f"{self.name} does not sign with a key of {alg}")
        return alg

    def hash_data(self, document: Mapping[str, Any], proof: Mapping[str, Any], alg: Alg, contexts: Contexts) -> bytes:
        """Return hash(proof configuration) || hash(document); P-384 comes with SHA-384 throughout."""
        hasher = sha384 if alg == "ES384" else sha256
        if not self.rdf:
            return hasher(jcs(config_of(proof))).digest() + hasher(jcs(document)).digest()
        name: Final = "SHA-384" if alg == "ES384" else "SHA-256"
        config = canonical(rdf_config(document, proof), contexts=contexts, hash_name=name).text
        text = canonical(document, contexts=contexts, hash_name=name).text
        return hasher(config.encode()).digest() + hasher(text.encode()).digest()


def check_context(secured: Any, of_proof: Any) -> None:
    """Refuse a document whose contexts do not begin with those that the proof was made over (T29)."""
    have = secured if isinstance(secured, list) else [secured]
    want = of_proof if isinstance(of_proof, list) else [of_proof]
    if have[: len(want)] != want:
        raise ProofInvalid("the contexts of the document do not begin with those of the proof")


_EDDSA: Final[frozenset[Alg]] = frozenset({"Ed25519"})
_ECDSA: Final[frozenset[Alg]] = frozenset({"ES256", "ES384"})

EDDSA_RDFC_2022: Final = PlainSuite("eddsa-rdfc-2022", True, _EDDSA)
EDDSA_JCS_2022: Final = PlainSuite("eddsa-jcs-2022", False, _EDDSA)
ECDSA_RDFC_2019: Final = PlainSuite("ecdsa-rdfc-2019", True, _ECDSA)
ECDSA_JCS_2019: Final = PlainSuite("ecdsa-jcs-2019", False, _ECDSA)
