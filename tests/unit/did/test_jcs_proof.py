"""eddsa-jcs-2022 beyond the published example: other suites, keys, purposes, contexts and times."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did.errors import AlgorithmNotAllowed, IdError, Malformed, SignatureInvalid
from did.jcs_proof import create_proof, document_hash, verify_proof
from did.keys import PrivateKey
from did.signing import LocalSigner
from tests.unit.did.samples import NOW

SIGNER = LocalSigner(PrivateKey.generate("Ed25519"))
KEY = SIGNER.public_key
DOCUMENT = {"@context": ["https://a.example", "https://b.example"], "claim": {"x": [1, "é", None]}}
OPTIONS = {"proofPurpose": "assertionMethod", "created": "2026-11-22T12:00:00Z"}


def signed(document: dict[str, Any], **options: Any) -> dict[str, Any]:
    return create_proof(document, {**OPTIONS, **options}, signer=SIGNER)


def test_round_trip_returns_what_was_signed() -> None:
    proof = signed(DOCUMENT)
    secured = {**DOCUMENT, "proof": proof}
    assert verify_proof(secured, proof, key=KEY, purpose="assertionMethod", now=NOW) == DOCUMENT
    assert verify_proof(secured, proof, key=KEY, purpose="assertionMethod", digest=document_hash(secured)) == DOCUMENT
    bare = {"a": 1}
    assert verify_proof(bare, signed(bare), key=KEY, purpose="assertionMethod") == bare


def test_only_ed25519_keys() -> None:
    other = PrivateKey.generate("ES256")
    with pytest.raises(AlgorithmNotAllowed):
        create_proof(DOCUMENT, OPTIONS, signer=LocalSigner(other))
    with pytest.raises(AlgorithmNotAllowed):
        verify_proof(DOCUMENT, signed(DOCUMENT), key=other.public_key, purpose="assertionMethod")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"type": "Ed25519Signature2020"}, AlgorithmNotAllowed),
        ({"cryptosuite": "eddsa-rdfc-2022"}, AlgorithmNotAllowed),
        ({"cryptosuite": None}, AlgorithmNotAllowed),
        ({"proofPurpose": "authentication"}, SignatureInvalid),
        ({"proofPurpose": None}, SignatureInvalid),
        ({"created": "2026-11-22T12:00:01Z"}, SignatureInvalid),
        ({"created": "now"}, Malformed),
        ({"expires": "never"}, Malformed),
        ({"domain": "https://evil.example"}, SignatureInvalid),
        ({"proofValue": None}, Malformed),
        ({"proofValue": ""}, Malformed),
        ({"proofValue": "uAAAA"}, Malformed),
        ({"proofValue": "z" + "1" * 200}, Malformed),
        ({"proofValue": "z" + "1" * 64}, SignatureInvalid),
        ({"@context": ["https://b.example"]}, SignatureInvalid),
        ({"@context": ["https://a.example"]}, SignatureInvalid),
        ({"@context": "https://a.example"}, SignatureInvalid),
    ],
)
def test_a_changed_proof_is_refused(change: dict[str, Any], kind: type[IdError]) -> None:
    with pytest.raises(kind):
        verify_proof(DOCUMENT, {**signed(DOCUMENT), **change}, key=KEY, purpose="assertionMethod", now=NOW)


def test_proofs_end() -> None:
    for expires, good in (("2026-11-22T12:00:01Z", True), ("2026-11-22T12:00:00Z", False)):
        proof = signed(DOCUMENT, expires=expires)
        assert verify_proof(DOCUMENT, proof, key=KEY, purpose="assertionMethod")
        if good:
            assert verify_proof(DOCUMENT, proof, key=KEY, purpose="assertionMethod", now=NOW)
        else:
            with pytest.raises(SignatureInvalid, match="expired"):
                verify_proof(DOCUMENT, proof, key=KEY, purpose="assertionMethod", now=NOW)


def test_contexts_added_after_signing_are_not_part_of_what_was_signed() -> None:
    """The standard lets a later writer append contexts; the verified document has the signed ones only."""
    proof = signed(DOCUMENT)
    longer = {**DOCUMENT, "@context": [*DOCUMENT["@context"], "https://c.example"]}
    for digest in (None, document_hash(longer)):
        assert verify_proof(longer, proof, key=KEY, purpose="assertionMethod", digest=digest) == DOCUMENT
    for contexts in (["https://b.example", "https://a.example"], ["https://a.example"], [], "https://a.example"):
        with pytest.raises(SignatureInvalid):
            verify_proof({**DOCUMENT, "@context": contexts}, proof, key=KEY, purpose="assertionMethod")


@given(st.dictionaries(st.text(), st.integers(-100, 100) | st.text() | st.floats(-10, 10), max_size=5))
def test_any_document(document: dict[str, Any]) -> None:
    document.pop("proof", None)
    document.pop("@context", None)
    proof = signed(document)
    assert verify_proof(document, proof, key=KEY, purpose="assertionMethod") == document
    with pytest.raises(SignatureInvalid):
        verify_proof({**document, "extra": 0, "new": ""}, proof, key=KEY, purpose="assertionMethod")
