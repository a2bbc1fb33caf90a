"""`bbs-2023`: what a verifier refuses (T32), and what two presentations have in common (nothing)."""

import copy
import secrets
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials import cbor
from credentials.bbs import blind
from credentials.bbs.core import key_gen, random_scalars
from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.base import ProofOptions
from credentials.data_integrity.bbs import Bbs2023, BbsSigner, Binding
from credentials.data_integrity.errors import ProofInvalid, ProofMalformed, ProofNotMade
from credentials.data_integrity.keys import did_keys
from credentials.data_integrity.proofs import add_proof, derive, verify
from did.encoding import multibase_decode, multibase_encode
from did.errors import AlgorithmNotAllowed, IdError, SignatureInvalid
from did.keytypes import RawKey
from tests.unit.credentials.data_integrity.test_proofs import ISSUER
from tests.unit.credentials.data_integrity.test_selective import CARD, NOW, VALUES

SIGNER = BbsSigner(key_gen(b"k" * 32))
MULTIKEY = RawKey("Bls12381G2", SIGNER.public_octets).to_multikey()
DOCUMENT: dict[str, Any] = {**CARD, "issuer": f"did:key:{MULTIKEY}"}
OPTIONS = ProofOptions(verification_method=f"did:key:{MULTIKEY}#{MULTIKEY}", created=NOW)
SCALARS = random_scalars(secrets.token_bytes)


def issue(document: dict[str, Any] = DOCUMENT, **suite: Any) -> dict[str, Any]:
    suite.setdefault("mandatory", ("/issuer", "/validFrom"))
    return add_proof(document, OPTIONS, suite=Bbs2023(**suite), signer=SIGNER)


def show(secured: dict[str, Any], *pointers: str, **suite: Any) -> dict[str, Any]:
    return derive(secured, pointers, suites={"bbs-2023": Bbs2023(**suite)})


def check(secured: Any, **suite: Any) -> dict[str, Any]:
    suites = {**CRYPTOSUITES, "bbs-2023": Bbs2023(**suite)}
    return verify(secured, keys=did_keys(fetch=None, now=NOW), now=NOW, suites=suites).document


BASE = issue()
SHOWN = show(BASE, "/credentialSubject/givenName")


def parts_of(secured: dict[str, Any]) -> list[Any]:
    value = cbor.decode(multibase_decode(secured["proof"]["proofValue"], max_chars=100_000)[3:])
    assert isinstance(value, list)
    return value


def with_parts(secured: dict[str, Any], parts: list[Any], header: bytes = b"\xd9\x5d\x03") -> dict[str, Any]:
    changed = copy.deepcopy(secured)
    changed["proof"]["proofValue"] = multibase_encode(header + cbor.encode(parts), base="u")
    return changed


def test_only_what_was_chosen_and_what_is_mandatory_is_shown() -> None:
    assert check(SHOWN) == {
        "@context": CARD["@context"],
        "type": CARD["type"],
        "issuer": DOCUMENT["issuer"],
        "validFrom": "2024-01-01T00:00:00Z",
        "credentialSubject": {"type": ["PermanentResident", "Person"], "givenName": "J"},
    }


def test_two_presentations_share_nothing_secret() -> None:
    one, other = (parts_of(show(BASE, "/credentialSubject/givenName")) for _ in range(2))
    assert one[0] != other[0]
    assert one[1:] == other[1:]
    base = parts_of(BASE)
    assert not any(
        part in multibase_decode(SHOWN["proof"]["proofValue"], max_chars=9999) for part in (base[0], base[3])
    )


def test_T32_a_base_proof_shown_as_a_derived_one() -> None:
    with pytest.raises(ProofInvalid):
        check(BASE)
    with pytest.raises(ProofMalformed):
        check(with_parts(SHOWN, parts_of(BASE)))


def test_T32_a_mandatory_statement_is_dropped() -> None:
    changed = copy.deepcopy(SHOWN)
    del changed["validFrom"]
    with pytest.raises(IdError):
        check(changed)
    parts = parts_of(SHOWN)
    parts[2] = parts[2][:-1]
    with pytest.raises(IdError):
        check(with_parts(changed, parts))


@pytest.mark.parametrize("at", [2, 3])
@pytest.mark.parametrize("indexes", [[], [0], [1, 0], [0, 0], [99], [-1], ["0"], [True], None, {0: 1}])
def test_T32_indexes_are_shifted(at: int, indexes: Any) -> None:
    parts = parts_of(SHOWN)
    assert parts[at] != indexes
    parts[at] = indexes
    with pytest.raises(IdError):
        check(with_parts(SHOWN, parts))


@pytest.mark.parametrize("labels", [{}, {0: 1, 1: 0}, {0: 0, 1: 0}, {0: 0, 1: 1, 2: 2}, {0: -1}, {"a": 0}, []])
def test_T32_the_label_map_is_altered(labels: Any) -> None:
    parts = parts_of(SHOWN)
    if labels == parts[1]:
        labels = {0: 7, 1: 8}
    parts[1] = labels
    with pytest.raises(IdError):
        check(with_parts(SHOWN, parts))


def test_T32_claims_are_changed_or_added() -> None:
    changed = copy.deepcopy(SHOWN)
    changed["credentialSubject"]["givenName"] = "K"
    with pytest.raises(SignatureInvalid):
        check(changed)
    changed["credentialSubject"]["familyName"] = "S"
    with pytest.raises(IdError):
        check(changed)


def test_the_presentation_header_binds_a_proof_to_its_occasion() -> None:
    shown = show(BASE, "/name", presentation_header=b"n-1")
    check(shown, presentation_header=b"n-1")
    with pytest.raises(ProofInvalid):
        check(shown, presentation_header=b"n-2")
    parts = parts_of(shown)
    parts[4] = b"n-2"
    with pytest.raises(SignatureInvalid):
        check(with_parts(shown, parts), presentation_header=b"n-2")


def test_keys_and_suites_do_not_mix() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        ISSUER.sign(DOCUMENT, "bbs-2023")
    for name in ("eddsa-rdfc-2022", "ecdsa-sd-2023"):
        with pytest.raises(AlgorithmNotAllowed):
            add_proof(DOCUMENT, OPTIONS, suite=CRYPTOSUITES[name], signer=SIGNER)
    changed = copy.deepcopy(SHOWN)
    changed["proof"]["verificationMethod"] = ISSUER.method
    with pytest.raises(AlgorithmNotAllowed):
        check(changed)
    changed["proof"] = {**SHOWN["proof"], "cryptosuite": "eddsa-jcs-2022"}
    with pytest.raises(AlgorithmNotAllowed):
        check(changed)


def test_T32_what_a_holder_committed_to_is_never_shown_as_the_issuers_word() -> None:
    line = b'<did:example:s> <https://schema.org/name> "Admin" .\n'
    commitment, kept = blind.commit([line], scalars=SCALARS)
    signature = SIGNER.sign_blind([b"m"], commitment, header=b"", committed=1, entropy=None)
    with pytest.raises(IdError):
        blind.blind_prove(SIGNER.public_octets, signature, [b"m"], kept, disclosed=[2], scalars=SCALARS)
    proof = blind.blind_prove(SIGNER.public_octets, signature, [b"m"], kept, disclosed=[0], scalars=SCALARS)
    blind.verify_blind_proof(SIGNER.public_octets, proof, {0: b"m"}, count=1)
    for disclosed, count, committed in (({0: b"m", 2: line}, 1, 1), ({0: b"m"}, 2, 1), ({0: b"m"}, 0, 2), ({}, 1, 1)):
        with pytest.raises(IdError):
            blind.verify_blind_proof(SIGNER.public_octets, proof, disclosed, count=count, committed=committed)


def test_a_commitment_must_prove_itself() -> None:
    commitment, _ = blind.commit([b"s"], scalars=SCALARS)
    for bad in (
        b"",
        commitment[:-1],
        commitment + bytes(32),
        commitment[:-1] + bytes((commitment[-1] ^ 1,)),
        bytes(144),
    ):
        with pytest.raises(IdError):
            SIGNER.sign_blind([b"m"], bad, header=b"", committed=1, entropy=None)
    with pytest.raises(IdError):
        SIGNER.sign_blind([b"m"], commitment, header=b"", committed=2, entropy=None)


def test_features_need_their_parts() -> None:
    commitment, kept = blind.commit([b"s"], scalars=SCALARS)
    with pytest.raises(ProofNotMade):
        issue(binding=Binding(feature="pseudonym", commitment=commitment))
    with pytest.raises(ProofNotMade):
        issue(binding=Binding(feature="anonymous_holder_binding", commitment=commitment, entropy=bytes(31) + b"\1"))
    bound = issue(binding=Binding(feature="anonymous_holder_binding", commitment=commitment))
    with pytest.raises(ProofNotMade):
        show(bound, "/name")
    assert check(show(bound, "/name", committed=kept))["name"] == "Card"
    assert "secret" not in repr(kept)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 4), value=VALUES, raw=st.binary(max_size=40), kind=st.integers(2, 9))
def test_T32_hostile_proof_values_raise_only_our_own_errors(at: int, value: Any, raw: bytes, kind: int) -> None:
    parts = parts_of(SHOWN)
    before = parts[at]
    parts[at] = value
    if value != before:
        with pytest.raises(IdError):
            check(with_parts(SHOWN, parts))
    changed = copy.deepcopy(SHOWN)
    changed["proof"]["proofValue"] = multibase_encode(b"\xd9\x5d" + bytes((kind,)) + raw, base="u")
    with pytest.raises((ProofMalformed, ProofInvalid)):
        check(changed)
    parts = parts_of(BASE)
    parts[at] = value
    try:
        show(with_parts(BASE, parts, b"\xd9\x5d\x02"), "/name")
    except IdError:
        pass
