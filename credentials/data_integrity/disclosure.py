"""What both selective suites do alike with statements, labels and proof values (ECDSA Cryptosuites 1.0 section 3.4)."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from credentials import cbor
from credentials.data_integrity.base import proof_value, rdf_config
from credentials.data_integrity.errors import ProofInvalid, ProofMalformed, ProofNotMade
from credentials.data_integrity.selection import Labels, relabelled
from credentials.jsonld import Contexts, canonical, to_quads
from credentials.rdf.nquads import Quad
from credentials.rdf.rdfc import canonicalize
from did.errors import Malformed


def verifier_labels(shown: Sequence[Quad], labels: Labels) -> dict[str, str]:
    """Return the map from the labels that a verifier will compute for what is shown to the signed ones."""
    return {name: labels[label] for label, name in canonicalize(shown).labels.items()}


def signed_lines(document: Mapping[str, Any], labels: Labels, contexts: Contexts) -> list[str]:
    """Return the statements of a revealed document with their signed labels. Raises ProofInvalid (T32)."""
    quads = to_quads(document, contexts=contexts)
    found = canonicalize(quads).labels
    if set(found.values()) != set(labels) or len(set(labels.values())) != len(labels):
        raise ProofInvalid("the labels of the proof are not those of the document")
    return relabelled(quads, {label: labels[name] for label, name in found.items()})


def split(lines: Sequence[str], mandatory: Sequence[int]) -> tuple[list[str], list[str]]:
    """Return the mandatory statements, and the others. Raises ProofInvalid for impossible indexes (T32)."""
    if any(not 0 <= at < len(lines) for at in mandatory) or sorted(set(mandatory)) != list(mandatory):
        raise ProofInvalid("the indexes of the mandatory statements do not ascend within the document")
    chosen = set(mandatory)
    return [lines[at] for at in mandatory], [line for at, line in enumerate(lines) if at not in chosen]


def proof_hash(document: Mapping[str, Any], proof: Mapping[str, Any], contexts: Contexts) -> bytes:
    """Return the SHA-256 of the canonical proof configuration."""
    return sha256(canonical(rdf_config(document, proof), contexts=contexts).text.encode()).digest()


def hash_lines(lines: Sequence[str]) -> bytes:
    """Return the SHA-256 of mandatory statements (`hashMandatoryNQuads`)."""
    return sha256("".join(lines).encode()).digest()


def value_header(proof: Mapping[str, Any]) -> bytes:
    """Return the three bytes that say what kind of selective proof this is."""
    return proof_value(proof, base="u")[:3]


def read_components(proof: Mapping[str, Any], header: bytes, count: int) -> list[Any]:
    """Return the parts of a selective proof value with this header. Raises ProofInvalid, ProofMalformed."""
    value = proof_value(proof, base="u")
    if not value.startswith(header):
        raise ProofInvalid("the proof is not of the kind that is due here")
    try:
        parts = cbor.decode(value[len(header) :])
    except Malformed as exc:
        raise ProofMalformed("proofValue does not hold the parts of a selective proof") from exc
    if not isinstance(parts, list) or len(parts) != count:
        raise ProofMalformed("proofValue has another number of parts")
    return parts


def are_indexes(value: Any) -> bool:
    """Tell whether `value` is a list of integers from 0."""
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def refuse_chain(document: Mapping[str, Any], proof: Mapping[str, Any]) -> None:
    """Refuse a selective proof over other proofs: neither would survive the other."""
    if "proof" in document or "previousProof" in proof:
        raise ProofNotMade("a selective proof does not build on other proofs")
