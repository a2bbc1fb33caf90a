"""The worked vector of ecdsa-sd-2023, step by step, the npm base proofs, and the inputs of the conformance suite."""

import json
from pathlib import Path
from typing import Any

import pytest

from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.base import ProofOptions
from credentials.data_integrity.disclosure import hash_lines, proof_hash, signed_lines, split, verifier_labels
from credentials.data_integrity.ecdsa_sd import EcdsaSd2023, hmac_labels, parse_base, parse_derived
from credentials.data_integrity.proofs import add_proof, derive
from credentials.data_integrity.secured import verify_credential
from credentials.data_integrity.selection import group, select
from credentials.jsonld import DATA_INTEGRITY_V2, canonical
from did.errors import IdError
from did.keys import PublicKey
from tests.paths import need
from tests.vectors.di import CONTEXTS, KEYS, NOW, check, files, load, signer_of, text

WHERE = ("di-ecdsa", "ecdsa-sd-2023", "employ")


def step(name: str) -> Any:
    return load(*WHERE, name)


def signer(name: str) -> Any:
    pair = load("di-ecdsa", "ecdsa-sd-2023", "SDKeyMaterial.json")[name]
    return signer_of(pair["secretKeyMultibase"], pair["publicKeyMultibase"])


def groups() -> Any:
    mandatory, selective = load("di-ecdsa", "employMandatory.json"), load("di-ecdsa", "employSelective.json")
    key = bytes.fromhex(load("di-ecdsa", "ecdsa-sd-2023", "SDKeyMaterial.json")["hmacKeyString"])
    pointers = {"mandatory": mandatory, "selective": selective, "combined": mandatory + selective}
    return group(load("di-ecdsa", "employmentAuth.json"), pointers, relabel=hmac_labels(key), contexts=CONTEXTS)


def test_statements_and_groups() -> None:
    found, indexes = groups(), step("derivedGroupIndexes.json")
    unsigned = load("di-ecdsa", "employmentAuth.json")
    assert list(canonical(unsigned, contexts=CONTEXTS).lines) == step("addBaseDocCanon.json")
    assert found.lines == step("addBaseDocHMACCanon.json")
    for name in ("mandatory", "selective", "combined"):
        assert found.groups[name] == indexes[f"{name}Indexes"]
    transform = step("addBaseTransform.json")
    assert dict(transform["mandatory"]["value"]) == {at: found.lines[at] for at in found.groups["mandatory"]}
    for entry in step("addPointerValues.json"):
        assert select(unsigned, [entry["pointer"]])[entry["pointer"][1:]] == entry["value"]


def test_hashes_and_base_proof() -> None:
    config, unsigned = step("addProofConfig.json"), load("di-ecdsa", "employmentAuth.json")
    assert canonical(config, contexts=CONTEXTS).text == text(*WHERE, "addProofConfigCanon.txt")
    found = groups()
    mandatory = [found.lines[at] for at in found.groups["mandatory"]]
    hashes = step("addHashData.json")
    assert proof_hash(unsigned, config, CONTEXTS).hex() == hashes["proofHash"]
    assert hash_lines(mandatory).hex() == hashes["mandatoryHash"]
    info, base = step("addRawBaseSignatureInfo.json"), parse_base(step("addSignedSDBase.json")["proof"])
    assert base.signature.hex() == info["baseSignature"]
    assert [signature.hex() for signature in base.signatures] == info["signatures"]
    proof_key = PublicKey.from_multikey(info["publicKey"])
    assert base.public_key[2:] == proof_key.raw
    rest = [line for at, line in enumerate(found.lines) if at not in found.groups["mandatory"]]
    for line, signature in zip(rest, base.signatures, strict=True):
        proof_key.verify(signature, line.encode())
    signer("baseKeyPair").public_key.verify(
        base.signature, bytes.fromhex(hashes["proofHash"]) + base.public_key + bytes.fromhex(hashes["mandatoryHash"])
    )


def test_derivation_is_exact() -> None:
    unsigned = load("di-ecdsa", "employmentAuth.json")
    selective = load("di-ecdsa", "employSelective.json")
    combined = load("di-ecdsa", "employMandatory.json") + selective
    assert select(unsigned, combined) == step("derivedUnsignedReveal.json")
    shown = derive(step("addSignedSDBase.json"), selective, suites=CRYPTOSUITES, contexts=CONTEXTS)
    assert shown == step("derivedRevealDocument.json")
    data, parsed = step("derivedDisclosureData.json"), parse_derived(shown["proof"])
    assert parsed.labels == dict(data["labelMap"]["value"])
    assert parsed.mandatory == data["mandatoryIndexes"]
    assert [signature.hex() for signature in parsed.signatures] == data["signatures"]
    found = groups()
    assert verifier_labels(found.selected["combined"], found.labels) == parsed.labels


def test_verification() -> None:
    revealed = step("derivedRevealDocument.json")
    parsed = parse_derived(revealed["proof"])
    unsecured = {name: value for name, value in revealed.items() if name != "proof"}
    lines = signed_lines(unsecured, parsed.labels, CONTEXTS)
    assert lines == step("verifyNQuads.json")
    data = step("verifyCreateVerifyData.json")
    mandatory, rest = split(lines, parsed.mandatory)
    assert rest == data["nonMandatory"]
    assert hash_lines(mandatory).hex() == data["mandatoryHash"]
    assert proof_hash(unsecured, revealed["proof"], CONTEXTS).hex() == data["proofHash"]
    assert check(revealed).document == unsecured


def test_T32_a_base_proof_is_not_shown() -> None:
    with pytest.raises(IdError):
        check(step("addSignedSDBase.json"))


def test_the_whole_with_the_keys_of_the_vector() -> None:
    key = bytes.fromhex(load("di-ecdsa", "ecdsa-sd-2023", "SDKeyMaterial.json")["hmacKeyString"])
    suite = EcdsaSd2023(
        mandatory=tuple(load("di-ecdsa", "employMandatory.json")),
        random_bytes=lambda _: key,
        new_key=lambda: signer("proofKeyPair"),
    )
    config = {name: value for name, value in step("addProofConfig.json").items() if name != "@context"}
    unsigned = load("di-ecdsa", "employmentAuth.json")
    proof = suite.create_proof(unsigned, config, signer=signer("baseKeyPair"), contexts=CONTEXTS)
    ours, theirs = parse_base(proof), parse_base(step("addSignedSDBase.json")["proof"])
    assert (ours.public_key, ours.hmac_key, ours.mandatory) == (theirs.public_key, theirs.hmac_key, theirs.mandatory)
    shown = derive({**unsigned, "proof": proof}, ["/validFrom"], suites=CRYPTOSUITES, contexts=CONTEXTS)
    assert check(shown).document["validFrom"] == unsigned["validFrom"]


BASES = files("di-npm-signed/ecdsa-sd-2023-p256/*.base.json")


@pytest.mark.parametrize("path", BASES, ids=lambda path: str(path.name))
def test_deriving_from_npm_base_proofs(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    selective = ["/credentialSubject", *(["/issuanceDate"] if "vcdm11" in path.name else [])]
    shown = derive(case["verifiableCredential"], selective, suites=CRYPTOSUITES, contexts=CONTEXTS)
    verified = verify_credential(shown, keys=KEYS, now=NOW, contexts=CONTEXTS)
    assert verified.credential.document["credentialSubject"] == case["verifiableCredential"]["credentialSubject"]
    assert len(BASES) == 6


@pytest.mark.parametrize("version", ["vc1.1", "vc2.0"])
@pytest.mark.parametrize("kind", ["achievement", "valid"])
def test_inputs_of_the_conformance_suite(kind: str, version: str) -> None:
    where = ("di-ecdsa", "suite-inputs", "mocks", kind, version)
    need(*where)
    document = load(*where, "document.json")
    mandatory, selective = load(*where, "mandatoryPointers.json"), load(*where, "selectivePointers.json")
    base_signer = signer("baseKeyPair")
    multikey = base_signer.public_key.to_multikey()
    document["issuer"] = f"did:key:{multikey}"
    if version == "vc1.1":
        document.setdefault("issuanceDate", "2024-01-01T00:00:00Z")
        document["@context"].append(DATA_INTEGRITY_V2)  # 1.1 itself does not know these proofs
    secured = add_proof(
        document,
        ProofOptions(verification_method=f"did:key:{multikey}#{multikey}"),
        suite=EcdsaSd2023(mandatory=tuple(mandatory)),
        signer=base_signer,
        contexts=CONTEXTS,
    )
    shown = derive(secured, selective, suites=CRYPTOSUITES, contexts=CONTEXTS)
    assert check(shown).proofs[0].cryptosuite == "ecdsa-sd-2023"
