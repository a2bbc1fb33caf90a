"""The worked vectors of the EdDSA and ECDSA cryptosuite specifications: every intermediate value."""

import copy
from hashlib import sha256, sha384
from typing import Any

import pytest

from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.base import config_of
from credentials.data_integrity.plain import PlainSuite
from credentials.jsonld import canonical
from did.encoding import jcs, multibase_decode
from did.errors import IdError
from tests.vectors.di import CONTEXTS, check, load, signer_of, text

EDDSA, ECDSA = "di-eddsa", "di-ecdsa"
CASES: list[tuple[str, str, str, str, str]] = [
    (EDDSA, "eddsa-rdfc-2022", "DataInt", "unsigned.json", "keyPair.json"),
    (EDDSA, "eddsa-jcs-2022", "JCS", "unsigned.json", "keyPair.json"),
    (ECDSA, "ecdsa-rdfc-2019-p256", "ECDSAP256", "unsigned.json", "p256KeyPair.json"),
    (ECDSA, "ecdsa-jcs-2019-p256", "JCSECDSAP256", "unsigned.json", "p256KeyPair.json"),
    (ECDSA, "ecdsa-rdfc-2019-p384/employ", "ECDSAP384", "employmentAuth.json", "p384KeyPair.json"),
]


@pytest.mark.parametrize(("folder", "path", "suffix", "document", "pair"), CASES, ids=[case[1] for case in CASES])
def test_every_step(folder: str, path: str, suffix: str, document: str, pair: str) -> None:
    parts = (folder, *path.split("/"))
    suite = CRYPTOSUITES[path.split("/")[0].removesuffix("-p256").removesuffix("-p384")]
    assert isinstance(suite, PlainSuite)
    hasher, name = (sha384, "SHA-384") if "384" in suffix else (sha256, "SHA-256")
    unsigned, config = load(folder, document), load(*parts, f"proofConfig{suffix}.json")
    signed = load(*parts, f"signed{suffix}.json")
    if suite.rdf:
        doc_form = canonical(unsigned, contexts=CONTEXTS, hash_name=name).text  # type: ignore[arg-type]  # one of two names
        proof_form = canonical(config, contexts=CONTEXTS, hash_name=name).text  # type: ignore[arg-type]
    else:
        doc_form, proof_form = jcs(unsigned).decode(), jcs(config).decode()
    assert doc_form == text(*parts, f"canonDoc{suffix}.txt")
    assert proof_form == text(*parts, f"proofCanon{suffix}.txt")
    assert hasher(doc_form.encode()).hexdigest() == text(*parts, f"docHash{suffix}.txt")
    assert hasher(proof_form.encode()).hexdigest() == text(*parts, f"proofHash{suffix}.txt")
    keys = load(folder, pair)
    signer = signer_of(keys.get("privateKeyMultibase") or keys["secretKeyMultibase"], keys["publicKeyMultibase"])
    data = suite.hash_data(unsigned, config_of(signed["proof"]), signer.alg, CONTEXTS)
    assert data.hex() == text(*parts, f"combinedHash{suffix}.txt")
    signature = multibase_decode(signed["proof"]["proofValue"])
    assert signature.hex() == text(*parts, f"sigHex{suffix}.txt")
    assert signed["proof"]["proofValue"] == text(*parts, f"sigBTC58{suffix}.txt")
    verified = check(signed)
    assert verified.document == unsigned
    made = suite.create_proof(
        unsigned,
        {key: value for key, value in config.items() if key != "@context"},
        signer=signer,
        contexts=CONTEXTS,
    )
    if folder == EDDSA:
        assert made == signed["proof"]
    assert check({**unsigned, "proof": made}).document == unsigned


@pytest.mark.parametrize("name", ["signedProofSet1", "signedProofSet2", "signedProofChain1"])
def test_sets_and_chains(name: str) -> None:
    assert check(load(EDDSA, "proof-set-chain", f"{name}.json")).document == load(
        EDDSA, "proof-set-chain", "unsigned.json"
    )


@pytest.mark.parametrize("index", [0, 1, 2])
def test_T28_a_chain_with_one_bad_member(index: int) -> None:
    chain: dict[str, Any] = copy.deepcopy(load(EDDSA, "proof-set-chain", "signedProofChain1.json"))
    value = chain["proof"][index]["proofValue"]
    chain["proof"][index]["proofValue"] = value[:-3] + ("aaa" if not value.endswith("aaa") else "bbb")
    with pytest.raises(IdError):
        check(chain)


@pytest.mark.parametrize("index", [0, 1])
def test_T28_a_chain_that_lost_a_member(index: int) -> None:
    chain: dict[str, Any] = copy.deepcopy(load(EDDSA, "proof-set-chain", "signedProofChain1.json"))
    del chain["proof"][index]
    with pytest.raises(IdError):
        check(chain)


def test_T28_the_older_proof_type_is_refused() -> None:
    with pytest.raises(IdError):
        check(load(EDDSA, "Ed25519Signature2020", "signedEdSig.json"))
