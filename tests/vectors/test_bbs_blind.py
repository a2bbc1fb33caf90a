"""Blind BBS against the fixtures of its draft, both ciphersuites.

The fixtures are of the revision of July 2024, in which the signer added a blinding of its own and hashed
other octets for `e`. Both leave verification and proofs as they are, so every fixture is reproduced: the
commitments and proofs by our code, the signatures with that revision's octets beside our base point.
"""

import json
from typing import Any

import pytest

from credentials.bbs import blind
from credentials.bbs.blind import Committed
from credentials.bbs.core import SecretKey, finish_signature
from credentials.bbs.curve import Scalar, read_scalar, write_g1, write_scalar
from credentials.bbs.proof import base_point, calculate_domain, core_prove, core_verify, core_verify_proof
from credentials.bbs.suites import SHA_256, SHAKE_256, Suite, generators
from tests.paths import VECTORS, need
from tests.vectors.test_bbs import mocked

SUITES = {"bls12-381-sha-256": SHA_256, "bls12-381-shake-256": SHAKE_256}


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(folder, path.name, id=f"{folder}/{path.stem}")
        for folder in SUITES
        for path in sorted((VECTORS / "bbs" / "blind" / folder / kind).glob("*.json"))
    ]


def load(folder: str, kind: str, name: str) -> Any:
    return json.loads(need("bbs", "blind", folder, kind, name).read_text())


def octets(values: list[str] | None) -> list[bytes]:
    return [bytes.fromhex(value) for value in values or []]


def scalars_of(suite: Suite, case: Any, which: str) -> Any:
    parameters = case["mockRngParameters"]
    seed, dst = parameters["SEED"].encode(), parameters[which]["DST"].encode()
    return lambda count: mocked(suite, seed, dst, count)


def secret_of(case: Any) -> Scalar:
    known = [bytes.fromhex(case[name]) for name in ("proverBlind", "signerBlind") if case.get(name)]
    total = Scalar(0)
    for value in known:
        total = total + read_scalar(value)
    return total


def parameters(suite: Suite, messages: list[bytes], committed: list[bytes], secret: Scalar) -> Any:
    identifier = suite.blind_api_id
    points = [
        *generators(suite, len(messages) + 1, identifier),
        *generators(suite, len(committed) + 1, b"BLIND_" + identifier),
    ]
    ours = [suite.message_scalar(message, identifier) for message in messages]
    return points, [*ours, secret, *(suite.message_scalar(message, identifier) for message in committed)]


def test_the_fixtures_are_there() -> None:
    need("bbs", "blind")
    assert (len(cases("commit")), len(cases("signature")), len(cases("proof"))) == (4, 8, 10)


@pytest.mark.parametrize(("folder", "name"), cases("commit"))
def test_commitment(folder: str, name: str) -> None:
    suite, case = SUITES[folder], load(folder, "commit", name)
    made, kept = blind.commit(octets(case["committedMessages"]), scalars=scalars_of(suite, case, "commit"), suite=suite)
    assert made.hex() == case["commitmentWithProof"]
    assert kept.blind is not None
    assert write_scalar(kept.blind).hex() == case["proverBlind"]


@pytest.mark.parametrize(("folder", "name"), cases("signature"))
def test_signature(folder: str, name: str) -> None:
    suite, case = SUITES[folder], load(folder, "signature", name)
    messages, committed = octets(case["messages"]), octets(case["committedMessages"])
    public_key, header = bytes.fromhex(case["signerKeyPair"]["publicKey"]), bytes.fromhex(case["header"])
    signature, secret = bytes.fromhex(case["signature"]), secret_of(case)
    blind.verify_blind(public_key, signature, messages, Committed(tuple(committed), secret), header=header, suite=suite)
    points, values = parameters(suite, messages, committed, secret)
    domain = calculate_domain(suite, public_key, points, header, suite.blind_api_id)
    base = base_point(suite, points, domain, values)
    assert write_scalar(domain).hex() == case["trace"]["domain"]
    assert write_g1(base).hex() == case["trace"]["B"]
    key = SecretKey.from_bytes(bytes.fromhex(case["signerKeyPair"]["secretKey"]))
    assert finish_signature(key, base, read_scalar(signature[48:])) == signature
    if case["commitmentWithProof"]:
        signer_blind = bytes.fromhex(case["signerBlind"] or "00" * 32)
        hashed = [key.export(), bytes.fromhex(case["commitmentWithProof"]), signer_blind]
        hashed += [write_scalar(value) for value in [*values[: len(messages)], domain]]
        assert write_scalar(suite.hash_to_scalar(b"".join(hashed), suite.blind_api_id + b"H2S_")) == signature[48:]


@pytest.mark.parametrize(("folder", "name"), cases("signature"))
def test_our_own_signature_over_the_same(folder: str, name: str) -> None:
    suite, case = SUITES[folder], load(folder, "signature", name)
    if not case["commitmentWithProof"]:
        return
    messages, committed = octets(case["messages"]), octets(case["committedMessages"])
    key = SecretKey.from_bytes(bytes.fromhex(case["signerKeyPair"]["secretKey"]))
    commitment = bytes.fromhex(case["commitmentWithProof"])
    signature = blind.blind_sign(key, messages, commitment, header=b"h", committed=len(committed), suite=suite)
    kept = Committed(tuple(committed), read_scalar(bytes.fromhex(case["proverBlind"])))
    blind.verify_blind(key.public_key, signature, messages, kept, header=b"h", suite=suite)


@pytest.mark.parametrize(("folder", "name"), cases("proof"))
def test_proof(folder: str, name: str) -> None:
    suite, case = SUITES[folder], load(folder, "proof", name)
    published = json.loads(need("bbs", "blind", "messages.json").read_text())
    messages, committed = octets(published["messages"]), octets(published["committedMessages"])
    if not case["commitmentWithProof"]:
        committed = []
    shown = sorted(int(at) for at in case["revealedMessages"])
    shown += [len(messages) + 1 + at for at in sorted(int(at) for at in case["revealedCommittedMessages"])]
    points, values = parameters(suite, messages, committed, secret_of(case))
    header, presentation_header = bytes.fromhex(case["header"]), bytes.fromhex(case["presentationHeader"])
    public_key = bytes.fromhex(case["signerPublicKey"])
    api_id = suite.blind_api_id
    signed = core_verify(suite, public_key, bytes.fromhex(case["signature"]), points, header, values, api_id)
    source = scalars_of(suite, case, "proof")
    proof = core_prove(suite, signed, points, values, shown, source, presentation_header, api_id)
    assert proof.hex() == case["proof"]
    core_verify_proof(
        suite, public_key, proof, points, {at: values[at] for at in shown}, header, presentation_header, api_id
    )
    if not case["revealedCommittedMessages"]:
        blind.verify_blind_proof(
            public_key,
            proof,
            {at: messages[at] for at in shown},
            count=len(messages),
            committed=len(committed),
            header=header,
            presentation_header=presentation_header,
            suite=suite,
        )
