"""Anonymous holder binding and pseudonyms: the worked vectors of W3C BBS Cryptosuites, and round trips.

The published Pseudonym proof values are of an older layout than the text that they illustrate (header
d95d08, entropy as a CBOR bignum, no domain inside), so their parts are checked one by one.
"""

import copy
import secrets
from typing import Any

import cbor2
import pytest

from credentials.bbs import blind
from credentials.bbs.blind import Committed
from credentials.bbs.core import SecretKey, random_scalars
from credentials.bbs.curve import read_scalar, write_scalar
from credentials.data_integrity.base import ProofOptions
from credentials.data_integrity.bbs import Bbs2023, BbsSigner, Binding, disclose, shuffled_labels, verify_data
from credentials.data_integrity.bbs_values import DerivedProof, Feature, parse_base, parse_derived, write_derived
from credentials.data_integrity.keys import did_keys
from credentials.data_integrity.proofs import add_proof, derive, verify
from credentials.data_integrity.selection import group
from credentials.jsonld import canonical
from did.encoding import multibase_decode
from did.errors import IdError
from did.keytypes import RawKey
from tests.vectors.di import CONTEXTS, NOW, check, load, text

SCALARS = random_scalars(secrets.token_bytes)
LICENSE = ("di-bbs", "FeatureInputs", "license.json")


def step(folder: str, name: str) -> Any:
    return load("di-bbs", folder, name)


def given(name: str, member: str) -> bytes:
    return bytes.fromhex(load("di-bbs", "FeatureInputs", name)[member])


def signer() -> BbsSigner:
    return BbsSigner(SecretKey.from_bytes(bytes.fromhex(load("di-bbs", "BBSKeyMaterial.json")["privateKeyHex"])))


def unsecured(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "proof"}


@pytest.mark.parametrize("folder", ["HolderBinding", "Pseudonym"])
def test_statements(folder: str) -> None:
    document = load(*LICENSE)
    assert list(canonical(document, contexts=CONTEXTS).lines) == step(folder, "addBaseDocCanon.json")
    config = step(folder, "addProofConfig.json")
    assert canonical(config, contexts=CONTEXTS).text == text("di-bbs", folder, "addProofConfigCanon.txt")
    key = bytes.fromhex(load("di-bbs", "BBSKeyMaterial.json")["hmacKeyString"])
    mandatory = load("di-bbs", "FeatureInputs", "licenseMandatory.json")
    selective = load("di-bbs", "FeatureInputs", "licenseSelective.json")
    pointers = {"mandatory": mandatory, "selective": selective, "combined": mandatory + selective}
    found = group(document, pointers, relabel=shuffled_labels(key), contexts=CONTEXTS)
    assert found.lines == step(folder, "addBaseDocHMACCanon.json")
    for name, indexes in found.groups.items():
        assert indexes == step(folder, "derivedGroupIndexes.json")[f"{name}Indexes"]
    shown = disclose(document, mandatory, key, selective, CONTEXTS)
    assert shown.selective == step(folder, "derivedAdjIndexes.json")["adjSelectiveIndexes"]
    assert shown.mandatory == step(folder, "derivedAdjIndexes.json")["adjMandatoryIndexes"]
    assert shown.document == step(folder, "derivedUnsignedReveal.json")


def test_holder_binding_base_proof_is_exact() -> None:
    info = step("HolderBinding", "addRawBaseSignatureInfo.json")
    commitment, key = step("HolderBinding", "commitmentInfo.json"), bytes.fromhex(info["hmacKey"])
    binding = Binding(feature="anonymous_holder_binding", commitment=bytes.fromhex(commitment["commitmentWithProof"]))
    suite = Bbs2023(
        mandatory=tuple(load("di-bbs", "FeatureInputs", "licenseMandatory.json")),
        binding=binding,
        random_bytes=lambda _: key,
    )
    config = {name: value for name, value in step("HolderBinding", "addProofConfig.json").items() if name != "@context"}
    proof = suite.create_proof(load(*LICENSE), config, signer=signer(), contexts=CONTEXTS)
    assert {**load(*LICENSE), "proof": proof} == step("HolderBinding", "addSignedSDBase.json")
    assert parse_base(proof).signature.hex() == info["bbsSignature"]


def test_holder_binding_derived_proof_verifies() -> None:
    revealed = step("HolderBinding", "derivedRevealDocument.json")
    assert check(revealed).document == unsecured(revealed)
    changed = copy.deepcopy(revealed)
    changed["name"] = "Another licence"
    with pytest.raises(IdError):
        check(changed)


def test_holder_binding_derivation_with_the_holders_secret() -> None:
    base = step("HolderBinding", "addSignedSDBase.json")
    kept = Committed(
        (given("holderSecret.json", "holderSecretHex"),),
        read_scalar(bytes.fromhex(step("HolderBinding", "commitmentInfo.json")["secretProverBlind"])),
    )
    selective = load("di-bbs", "FeatureInputs", "licenseSelective.json")
    shown = derive(base, selective, suites={"bbs-2023": Bbs2023(committed=kept)}, contexts=CONTEXTS)
    assert check(shown).document == step("HolderBinding", "derivedUnsignedReveal.json")
    for wrong in (None, Committed((b"x" * 32,), kept.blind), Committed(kept.messages, kept.blind, kept.blind)):
        with pytest.raises(IdError):
            derive(base, selective, suites={"bbs-2023": Bbs2023(committed=wrong)}, contexts=CONTEXTS)


def nym_parts() -> list[Any]:
    value = multibase_decode(step("Pseudonym", "derivedRevealDocument.json")["proof"]["proofValue"], max_chars=100_000)
    parts = cbor2.loads(value[3:])
    assert isinstance(parts, list)
    return parts


def test_pseudonym_signature_and_value() -> None:
    info = step("Pseudonym", "addRawBaseSignatureInfo.json")
    nym = read_scalar(given("proverNym.json", "proverNymHex"))
    kept = Committed((), read_scalar(bytes.fromhex(step("Pseudonym", "commitmentInfo.json")["secretProverBlind"])), nym)
    entropy = given("signerNymEntropy.json", "signerNymEntropyHex")
    final = kept.finish(read_scalar(entropy))
    assert final.nym is not None
    assert write_scalar(final.nym).hex() == step("Pseudonym", "nymSecret.json")["nymSecretHex"].rjust(64, "0")
    messages = [line.encode() for _, line in step("Pseudonym", "addBaseTransform.json")["nonMandatory"]["value"]]
    header, signature = bytes.fromhex(info["bbsHeader"]), bytes.fromhex(info["bbsSignature"])
    blind.verify_blind(signer().public_octets, signature, messages, final, header=header)
    commitment = bytes.fromhex(step("Pseudonym", "commitmentInfo.json")["commitmentWithProof"])
    made = signer().sign_blind(messages, commitment, header=header, committed=1, entropy=entropy)
    assert made == signature
    domain = load("di-bbs", "FeatureInputs", "verifierInfo.json")["verifierId"]
    assert (
        blind.pseudonym_of(final, domain.encode()).hex() == step("Pseudonym", "derivedDisclosureData.json")["pseudonym"]
    )


def test_pseudonym_derived_proof_verifies() -> None:
    proven, labels, mandatory, selective, presentation_header, pseudonym, count = nym_parts()
    revealed = step("Pseudonym", "derivedRevealDocument.json")
    domain = load("di-bbs", "FeatureInputs", "verifierInfo.json")["verifierId"]
    derived = DerivedProof(
        feature="pseudonym",
        proof=proven,
        labels={f"c14n{name}": f"b{rank}" for name, rank in labels.items()},
        mandatory=mandatory,
        selective=selective,
        presentation_header=presentation_header,
        nym_domain=domain,
        pseudonym=pseudonym,
        count=count,
    )
    rewritten = {**revealed, "proof": {**revealed["proof"], "proofValue": write_derived(derived)}}
    assert parse_derived(rewritten["proof"]) == derived
    assert check(rewritten).document == unsecured(revealed)
    header, disclosed = verify_data(unsecured(revealed), revealed["proof"], derived, CONTEXTS)
    for context in (domain.encode() + b"x", b""):
        with pytest.raises(IdError):
            blind.verify_blind_proof(
                signer().public_octets,
                proven,
                disclosed,
                count=count,
                header=header,
                presentation_header=presentation_header,
                context=context,
                pseudonym=pseudonym,
            )


FEATURE_SECRETS: list[tuple[Feature, int, bool]] = [
    ("anonymous_holder_binding", 1, False),
    ("pseudonym", 0, True),
    ("holder_binding_pseudonym", 1, True),
]


@pytest.mark.parametrize(("feature", "secrets_count", "with_nym"), FEATURE_SECRETS)
def test_round_trip(feature: Feature, secrets_count: int, with_nym: bool) -> None:
    nym = SCALARS(1)[0] if with_nym else None
    commitment, kept = blind.commit([b"s" * 32] * secrets_count, scalars=SCALARS, nym=nym)
    entropy = write_scalar(SCALARS(1)[0]) if with_nym else None
    multikey = RawKey("Bls12381G2", signer().public_octets).to_multikey()
    secured = add_proof(
        {**load(*LICENSE), "issuer": f"did:key:{multikey}"},
        ProofOptions(verification_method=f"did:key:{multikey}#{multikey}"),
        suite=Bbs2023(mandatory=("/issuer",), binding=Binding(feature=feature, commitment=commitment, entropy=entropy)),
        signer=signer(),
        contexts=CONTEXTS,
    )
    domain = "https://shop.example" if with_nym else None
    holder = Bbs2023(committed=kept, nym_domain=domain, presentation_header=b"n-1")
    shown = [derive(secured, ["/issuanceDate"], suites={"bbs-2023": holder}, contexts=CONTEXTS) for _ in range(2)]
    proofs = [parse_derived(one["proof"]) for one in shown]
    assert proofs[0].proof != proofs[1].proof
    assert proofs[0].pseudonym == proofs[1].pseudonym

    def judge(document: Any, **expected: Any) -> Any:
        suites = {"bbs-2023": Bbs2023(**expected)}
        return verify(document, keys=did_keys(fetch=None, now=NOW), now=NOW, suites=suites, contexts=CONTEXTS)

    judge(shown[0], nym_domain=domain, presentation_header=b"n-1", features=frozenset({feature}))
    with pytest.raises(IdError):
        judge(shown[0], features=frozenset({"baseline"}))
    with pytest.raises(IdError):
        judge(shown[0], presentation_header=b"n-2")
    with pytest.raises(IdError):
        judge(shown[0], nym_domain="https://other.example")
    with pytest.raises(IdError):
        add_proof(
            unsecured(secured),
            ProofOptions(verification_method=f"did:key:{multikey}#{multikey}"),
            suite=Bbs2023(binding=Binding(feature=feature, commitment=commitment[:-1] + b"\0", entropy=entropy)),
            signer=signer(),
            contexts=CONTEXTS,
        )
