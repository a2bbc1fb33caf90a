"""The worked vector of bbs-2023, step by step, the npm base proofs, and the inputs of the conformance suite."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from credentials.bbs.core import SecretKey
from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.base import ProofOptions
from credentials.data_integrity.bbs import Bbs2023, BbsSigner, shuffled_labels, verify_data
from credentials.data_integrity.bbs_values import parse_base, parse_derived
from credentials.data_integrity.disclosure import hash_lines, proof_hash
from credentials.data_integrity.proofs import add_proof, derive
from credentials.data_integrity.secured import verify_credential
from credentials.data_integrity.selection import group, select
from credentials.jsonld import DATA_INTEGRITY_V2, canonical
from did.errors import IdError
from did.keytypes import RawKey
from tests.paths import need
from tests.vectors.di import CONTEXTS, KEYS, NOW, check, files, load, text

MATERIAL = ("di-bbs", "BBSKeyMaterial.json")


def step(name: str) -> Any:
    return load("di-bbs", name)


def signer() -> BbsSigner:
    return BbsSigner(SecretKey.from_bytes(bytes.fromhex(load(*MATERIAL)["privateKeyHex"])))


def did_and_method() -> tuple[str, str]:
    multikey = RawKey("Bls12381G2", signer().public_octets).to_multikey()
    return f"did:key:{multikey}", f"did:key:{multikey}#{multikey}"


def hmac_key(_: int = 32) -> bytes:
    return bytes.fromhex(load(*MATERIAL)["hmacKeyString"])


def test_statements_and_hashes() -> None:
    unsigned, config, pointers = step("windDoc.json"), step("addProofConfig.json"), step("windMandatory.json")
    assert signer().public_octets.hex() == load(*MATERIAL)["publicKeyHex"]
    assert list(canonical(unsigned, contexts=CONTEXTS).lines) == step("addBaseDocCanon.json")
    combined = pointers + step("windSelective.json")
    groups = {"mandatory": pointers, "selective": step("windSelective.json"), "combined": combined}
    found = group(unsigned, groups, relabel=shuffled_labels(hmac_key()), contexts=CONTEXTS)
    assert found.lines == step("addBaseDocHMACCanon.json")
    for name, indexes in found.groups.items():
        assert indexes == step("derivedGroupIndexes.json")[f"{name}Indexes"]
    mandatory = [found.lines[at] for at in found.groups["mandatory"]]
    assert mandatory == [line for _, line in step("addBaseTransform.json")["mandatory"]["value"]]
    assert canonical(config, contexts=CONTEXTS).text == text("di-bbs", "addProofConfigCanon.txt")
    assert proof_hash(unsigned, config, CONTEXTS).hex() == step("addHashData.json")["proofHash"]
    assert hash_lines(mandatory).hex() == step("addHashData.json")["mandatoryHash"]
    assert select(unsigned, combined) == step("derivedUnsignedReveal.json")


def test_the_base_proof_is_exact() -> None:
    config = {name: value for name, value in step("addProofConfig.json").items() if name != "@context"}
    suite = Bbs2023(mandatory=tuple(step("windMandatory.json")), random_bytes=hmac_key)
    proof = suite.create_proof(step("windDoc.json"), config, signer=signer(), contexts=CONTEXTS)
    assert {**step("windDoc.json"), "proof": proof} == step("addSignedSDBase.json")
    assert parse_base(proof).signature.hex() == step("addRawBaseSignatureInfo.json")["bbsSignature"]


def test_derivation_is_exact_but_for_the_randomised_proof() -> None:
    header = bytes.fromhex(step("BBSDeriveMaterial.json")["presentationHeaderHex"])
    suites = {"bbs-2023": Bbs2023(presentation_header=header)}
    base = step("addSignedSDBase.json")
    shown = derive(base, step("windSelective.json"), suites=suites, contexts=CONTEXTS)
    data, parsed = step("derivedDisclosureData.json"), parse_derived(shown["proof"])
    theirs = parse_derived(step("derivedRevealDocument.json")["proof"])
    assert replace(parsed, proof=b"") == replace(theirs, proof=b"")
    assert parsed.labels == dict(data["labelMap"]["value"])
    assert parsed.mandatory == data["mandatoryIndexes"]
    assert parsed.selective == data["adjSelectiveIndexes"]
    assert (parsed.presentation_header, len(parsed.proof)) == (header, len(theirs.proof))
    assert shown.pop("proof").keys() == base["proof"].keys()
    assert shown == step("derivedUnsignedReveal.json")


def test_verification() -> None:
    revealed = step("derivedRevealDocument.json")
    unsecured = {name: value for name, value in revealed.items() if name != "proof"}
    assert check(revealed).document == unsecured
    header, _ = verify_data(unsecured, revealed["proof"], parse_derived(revealed["proof"]), CONTEXTS)
    assert header.hex() == step("addHashData.json")["proofHash"] + step("addHashData.json")["mandatoryHash"]
    with pytest.raises(IdError):
        check(step("addSignedSDBase.json"))


BASES = files("di-npm-signed/bbs-2023/*.base.json")


@pytest.mark.parametrize("path", BASES, ids=lambda path: str(path.name))
def test_deriving_from_npm_base_proofs(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    shown = derive(case["verifiableCredential"], ["/credentialSubject"], suites=CRYPTOSUITES, contexts=CONTEXTS)
    verified = verify_credential(shown, keys=KEYS, now=NOW, contexts=CONTEXTS)
    assert verified.credential.document["credentialSubject"] == case["verifiableCredential"]["credentialSubject"]
    assert len(BASES) == 6


def _round_trip(document: dict[str, Any], mandatory: list[str], selective: list[str]) -> None:
    did, method = did_and_method()
    document["issuer"] = {**document["issuer"], "id": did} if isinstance(document["issuer"], dict) else did
    secured = add_proof(
        document,
        ProofOptions(verification_method=method),
        suite=Bbs2023(mandatory=tuple(mandatory)),
        signer=signer(),
        contexts=CONTEXTS,
    )
    shown = derive(secured, selective, suites=CRYPTOSUITES, contexts=CONTEXTS)
    assert check(shown).proofs[0].cryptosuite == "bbs-2023"


def test_the_permanent_resident_card() -> None:
    _round_trip(step("prCredUnsigned.json"), step("prCredMandatory.json"), step("prCredSelective.json"))


@pytest.mark.parametrize("version", ["1.1", "2.0"])
def test_inputs_of_the_conformance_suite(version: str) -> None:
    where = ("di-bbs", "suite-inputs", "fixtures", "license", version)
    need(*where)
    document = load(*where, "credential.json")
    document.setdefault("issuer", "")
    if version == "1.1":
        document.setdefault("issuanceDate", "2024-01-01T00:00:00Z")
    if version == "1.1" and DATA_INTEGRITY_V2 not in document["@context"]:
        document["@context"].append(DATA_INTEGRITY_V2)  # 1.1 itself does not know these proofs
    _round_trip(document, load(*where, "mandatoryPointers.json"), load(*where, "selectivePointers.json"))
