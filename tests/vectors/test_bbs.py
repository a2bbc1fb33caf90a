"""BBS against the fixtures of the draft, both ciphersuites."""

import json
from pathlib import Path
from typing import Any

import pytest

from credentials.bbs import core
from credentials.bbs.curve import Scalar, write_g1, write_scalar
from credentials.bbs.suites import SHA_256, SHAKE_256, Suite, generators
from did.errors import IdError
from tests.paths import VECTORS, need

SUITES = {"bls12-381-sha-256": SHA_256, "bls12-381-shake-256": SHAKE_256}
suites = pytest.mark.parametrize("folder", SUITES)


def load(folder: str, name: str) -> Any:
    return json.loads(need("bbs", folder, name).read_text())


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(folder, path, id=f"{folder}/{path.stem}")
        for folder in SUITES
        for path in sorted((VECTORS / "bbs" / folder / kind).glob("*.json"))
    ]


def mocked(suite: Suite, seed: bytes, dst: bytes, count: int) -> list[Scalar]:
    stream = suite.expand(seed, dst, 48 * count)
    return [Scalar.from_be_bytes_mod_order(stream[at : at + 48]) for at in range(0, 48 * count, 48)]


@suites
def test_generators_and_hashes(folder: str) -> None:
    suite = SUITES[folder]
    published = load(folder, "generators.json")
    expected = [published["Q1"], *published["MsgGenerators"]]
    assert suite.p1_octets.hex() == published["P1"]
    assert [write_g1(point).hex() for point in generators(suite, len(expected), suite.api_id)] == expected
    h2s = load(folder, "h2s.json")
    scalar = suite.hash_to_scalar(bytes.fromhex(h2s["message"]), bytes.fromhex(h2s["dst"]))
    assert write_scalar(scalar).hex() == h2s["scalar"]
    for case in load(folder, "MapMessageToScalarAsHash.json")["cases"]:
        got = suite.message_scalar(bytes.fromhex(case["message"]), suite.api_id)
        assert write_scalar(got).hex() == case["scalar"]


@suites
def test_key_pair(folder: str) -> None:
    case = load(folder, "keypair.json")
    key = core.key_gen(
        bytes.fromhex(case["keyMaterial"]),
        info=bytes.fromhex(case["keyInfo"]),
        dst=bytes.fromhex(case["keyDst"]),
        suite=SUITES[folder],
    )
    assert key.export().hex() == case["keyPair"]["secretKey"]
    assert key.public_key.hex() == case["keyPair"]["publicKey"]
    assert case["keyPair"]["secretKey"] not in repr(key)


@pytest.mark.parametrize(("folder", "path"), cases("signature"))
def test_signatures(folder: str, path: Path) -> None:
    case = json.loads(path.read_text())
    suite, pair = SUITES[folder], case["signerKeyPair"]
    messages = [bytes.fromhex(message) for message in case["messages"]]
    header, signature = bytes.fromhex(case["header"]), bytes.fromhex(case["signature"])
    public_key = bytes.fromhex(pair["publicKey"])
    if case["result"]["valid"]:
        core.verify(public_key, signature, messages, header=header, suite=suite)
        key = core.SecretKey.from_bytes(bytes.fromhex(pair["secretKey"]))
        assert core.sign(key, messages, header=header, suite=suite) == signature
    else:
        with pytest.raises(IdError):
            core.verify(public_key, signature, messages, header=header, suite=suite)


@pytest.mark.parametrize(("folder", "path"), cases("proof"))
def test_proofs(folder: str, path: Path) -> None:
    case = json.loads(path.read_text())
    suite = SUITES[folder]
    messages = [bytes.fromhex(message) for message in case["messages"]]
    header, ph = bytes.fromhex(case["header"]), bytes.fromhex(case["presentationHeader"])
    public_key, proof = bytes.fromhex(case["signerPublicKey"]), bytes.fromhex(case["proof"])
    indexes = case["disclosedIndexes"]
    common = {"header": header, "presentation_header": ph, "suite": suite}
    if not case["result"]["valid"]:
        # Tampered cases may name messages that are not there at all, or name one twice.
        with pytest.raises((IdError, IndexError)):
            core.verify_proof(public_key, proof, {index: messages[index] for index in indexes}, **common)
        return
    core.verify_proof(public_key, proof, {index: messages[index] for index in indexes}, **common)
    rng = load(folder, "mockedRng.json")
    again = core.prove(
        public_key,
        bytes.fromhex(case["signature"]),
        messages,
        disclosed=indexes,
        scalars=lambda count: mocked(suite, bytes.fromhex(rng["seed"]), bytes.fromhex(rng["dst"]), count),
        **common,
    )
    assert again == proof
