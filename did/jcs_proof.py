"""`eddsa-jcs-2022`: Data Integrity proofs over canonical JSON, signed with Ed25519.

VC Data Integrity EdDSA Cryptosuites 1.0, 3.3. did:webvh needs it here below; credentials reuse it.
Which key a proof's `verificationMethod` means, and whether its times fit, is left to the caller.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from did.encoding import jcs, multibase_decode, multibase_encode
from did.errors import AlgorithmNotAllowed, Malformed, SignatureInvalid
from did.keys import PublicKey
from did.signing import Signer
from did.times import parse_time

_ENDLESS = datetime.min.replace(tzinfo=UTC)
CRYPTOSUITE = "eddsa-jcs-2022"


def create_proof(document: Mapping[str, Any], options: Mapping[str, Any], *, signer: Signer) -> dict[str, Any]:
    """Return the proof of `document` (its own `proof` left out) with `options` and a `proofValue`.

    `options` hold `verificationMethod`, `proofPurpose`, `created`, …; `type`, `cryptosuite` and the
    document's `@context` are added. Raises AlgorithmNotAllowed unless `signer` is Ed25519 (3.3.1).
    """
    if signer.alg != "Ed25519":
        raise AlgorithmNotAllowed(f"{CRYPTOSUITE} needs an Ed25519 key")
    proof: dict[str, Any] = {"type": "DataIntegrityProof", "cryptosuite": CRYPTOSUITE, **options}
    if "@context" in document:
        proof["@context"] = document["@context"]
    proof["proofValue"] = multibase_encode(signer.sign(_hash_data(document_hash(document), proof)))
    return proof


def verify_proof(
    document: Mapping[str, Any],
    proof: Mapping[str, Any],
    *,
    key: PublicKey,
    purpose: str,
    now: datetime | None = None,
    digest: bytes | None = None,
) -> dict[str, Any]:
    """Return the unsecured document if `proof` is by `key` over it and for `purpose` (3.3.2).

    With `now`, a proof whose `expires` has passed is refused. `digest`, if given, is
    `document_hash(document)` already made, for many proofs over one document.
    Raises Malformed, AlgorithmNotAllowed for another suite or key type, or SignatureInvalid.
    """
    if proof.get("type") != "DataIntegrityProof" or proof.get("cryptosuite") != CRYPTOSUITE:
        raise AlgorithmNotAllowed(f"proof is not a DataIntegrityProof of {CRYPTOSUITE}")
    if key.alg != "Ed25519":
        raise AlgorithmNotAllowed(f"{CRYPTOSUITE} needs an Ed25519 key")
    if proof.get("proofPurpose") != purpose:
        raise SignatureInvalid(f"proof was not made for {purpose}")
    if "created" in proof:
        _time(proof, "created")
    if "expires" in proof and _time(proof, "expires") <= (now or _ENDLESS):
        raise SignatureInvalid("proof has expired")
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    if "@context" in proof:
        _check_context(document.get("@context"), proof["@context"])
        if unsecured["@context"] != proof["@context"]:
            unsecured["@context"], digest = proof["@context"], None
    value = proof.get("proofValue")
    if not isinstance(value, str) or len(value) > 100:
        raise Malformed("proofValue is not the text of a 64-byte signature")
    signature = multibase_decode(value, bases="z")
    key.verify(signature, _hash_data(digest or document_hash(unsecured), proof))
    return unsecured


def document_hash(document: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of the canonical `document` without its `proof` (3.3.3 and 3.3.4)."""
    if "proof" in document:
        document = {name: value for name, value in document.items() if name != "proof"}
    return sha256(jcs(document)).digest()


def _hash_data(digest: bytes, proof: Mapping[str, Any]) -> bytes:
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    return sha256(jcs(config)).digest() + digest


def _time(proof: Mapping[str, Any], name: str) -> datetime:
    try:
        return parse_time(proof[name])
    except ValueError as exc:
        raise Malformed(f"`{name}` of the proof is not a date and time with zone") from exc


def _check_context(secured: Any, of_proof: Any) -> None:
    """Refuse a document whose contexts do not begin with those the proof was made over."""
    have = secured if isinstance(secured, list) else [secured]
    want = of_proof if isinstance(of_proof, list) else [of_proof]
    if have[: len(want)] != want:
        raise SignatureInvalid("the document's @context does not begin with that of the proof")
