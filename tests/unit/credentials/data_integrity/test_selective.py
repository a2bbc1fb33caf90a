"""Selective disclosure by statement: what a holder may show, and what a verifier refuses (T32)."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials import cbor
from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.base import ProofOptions
from credentials.data_integrity.ecdsa_sd import EcdsaSd2023
from credentials.data_integrity.errors import ProofInvalid, ProofMalformed, ProofNotMade
from credentials.data_integrity.keys import did_keys
from credentials.data_integrity.proofs import add_proof, derive, verify
from credentials.data_integrity.selection import select
from credentials.jsonld import CREDENTIALS_V2
from did.encoding import multibase_decode, multibase_encode
from did.errors import IdError, SignatureInvalid
from did.keys import PrivateKey
from did.signing import LocalSigner

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIGNER = LocalSigner(PrivateKey.generate("ES256"))
MULTIKEY = SIGNER.public_key.to_multikey()
DID = f"did:key:{MULTIKEY}"
CITIZENSHIP = "https://w3id.org/citizenship/v4rc1"
CARD = {
    "@context": [CREDENTIALS_V2, CITIZENSHIP],
    "type": ["VerifiableCredential", "PermanentResidentCardCredential"],
    "issuer": DID,
    "name": "Card",
    "validFrom": "2024-01-01T00:00:00Z",
    "credentialSubject": {
        "type": ["PermanentResident", "Person"],
        "givenName": "J",
        "familyName": "S",
        "birthDate": "1978-07-17",
        "permanentResidentCard": {"type": "PermanentResidentCard", "lprNumber": "999"},
    },
}
MANDATORY = ("/issuer", "/validFrom")
OPTIONS = ProofOptions(verification_method=f"{DID}#{MULTIKEY}", created=NOW)


def issue(document: dict[str, Any] = CARD, mandatory: tuple[str, ...] = MANDATORY) -> dict[str, Any]:
    return add_proof(document, OPTIONS, suite=EcdsaSd2023(mandatory=mandatory), signer=SIGNER)


def show(secured: dict[str, Any], *pointers: str) -> dict[str, Any]:
    return derive(secured, pointers, suites=CRYPTOSUITES)


def check(secured: Any) -> dict[str, Any]:
    return verify(secured, keys=did_keys(fetch=None, now=NOW), now=NOW, suites=CRYPTOSUITES).document


BASE = issue()
SHOWN = show(BASE, "/credentialSubject/givenName")


def parts_of(secured: dict[str, Any]) -> list[Any]:
    value = cbor.decode(multibase_decode(secured["proof"]["proofValue"], max_chars=100_000)[3:])
    assert isinstance(value, list)
    return value


def with_parts(secured: dict[str, Any], parts: list[Any], header: bytes = b"\xd9\x5d\x01") -> dict[str, Any]:
    changed = copy.deepcopy(secured)
    changed["proof"]["proofValue"] = multibase_encode(header + cbor.encode(parts), base="u")
    return changed


def test_only_what_was_chosen_and_what_is_mandatory_is_shown() -> None:
    document = check(SHOWN)
    assert document == {
        "@context": CARD["@context"],
        "type": CARD["type"],
        "issuer": DID,
        "validFrom": "2024-01-01T00:00:00Z",
        "credentialSubject": {"type": ["PermanentResident", "Person"], "givenName": "J"},
    }


def test_T32_a_base_proof_shown_as_a_derived_one() -> None:
    with pytest.raises(ProofInvalid):
        check(BASE)
    with pytest.raises(IdError):
        check(with_parts(SHOWN, parts_of(BASE)))


def test_T32_a_mandatory_statement_is_dropped() -> None:
    changed = copy.deepcopy(SHOWN)
    del changed["validFrom"]
    with pytest.raises(IdError):
        check(changed)
    parts = parts_of(SHOWN)
    parts[4] = parts[4][:-1]
    with pytest.raises(IdError):
        check(with_parts(changed, parts))


@pytest.mark.parametrize(
    "indexes", [[], [0], [1, 0], [0, 0], [0, 1, 2, 3, 4], [99], [-1], ["0"], [True], [1.0], None, {0: 1}]
)
def test_T32_the_indexes_of_mandatory_statements_are_shifted(indexes: Any) -> None:
    parts = parts_of(SHOWN)
    assert parts[4] != indexes
    parts[4] = indexes
    with pytest.raises(IdError):
        check(with_parts(SHOWN, parts))


@pytest.mark.parametrize("labels", [{}, {0: b"x" * 32}, {0: b"x"}, {0: b"x" * 32, 1: b"x" * 32}, {"a": b"x" * 32}, []])
def test_T32_the_label_map_is_altered(labels: Any) -> None:
    parts = parts_of(SHOWN)
    parts[3] = labels
    with pytest.raises(IdError):
        check(with_parts(SHOWN, parts))


def test_T32_labels_are_swapped_or_one_is_added() -> None:
    parts = parts_of(SHOWN)
    assert len(parts[3]) == 2
    parts[3] = {0: parts[3][1], 1: parts[3][0]}
    with pytest.raises(IdError):
        check(with_parts(SHOWN, parts))
    parts = parts_of(SHOWN)
    parts[3][2] = b"z" * 32
    with pytest.raises(ProofInvalid):
        check(with_parts(SHOWN, parts))


def test_T32_signatures_missing_doubled_or_of_another_statement() -> None:
    for change in (lambda s: s[:-1], lambda s: [*s, s[0]], lambda s: s[::-1], lambda s: [b"\0" * 64 for _ in s]):
        parts = parts_of(SHOWN)
        parts[2] = change(parts[2])
        with pytest.raises(IdError):
            check(with_parts(SHOWN, parts))


def test_T32_another_key_of_the_proof() -> None:
    parts = parts_of(SHOWN)
    parts[1] = parts_of(show(issue(), "/credentialSubject/givenName"))[1]
    with pytest.raises(SignatureInvalid):
        check(with_parts(SHOWN, parts))
    parts[1] = b"\x80\x24\x02" + b"\xff" * 32
    with pytest.raises(IdError):
        check(with_parts(SHOWN, parts))


def test_T32_claims_of_two_credentials_do_not_mix() -> None:
    other = show(
        issue({**CARD, "credentialSubject": {**CARD["credentialSubject"], "givenName": "K"}}),
        "/credentialSubject/givenName",
    )
    changed = copy.deepcopy(SHOWN)
    changed["credentialSubject"]["givenName"] = "K"
    with pytest.raises(SignatureInvalid):
        check(changed)
    parts = parts_of(SHOWN)
    parts[2] = parts_of(other)[2]
    with pytest.raises(SignatureInvalid):
        check(with_parts(changed, parts))


@pytest.mark.parametrize(
    "pointer",
    [
        "",
        "/",
        "credentialSubject",
        "/nothing",
        "/type/9",
        "/type/x",
        "/type/-",
        "/type/01",
        "/name/x",
        "/a~2b",
        "/@context",
        "/@context/0",
        7,
    ],
)
def test_T32_pointers_that_point_at_nothing(pointer: Any) -> None:
    with pytest.raises(ProofNotMade):
        show(BASE, pointer)
    with pytest.raises(ProofNotMade):
        issue(mandatory=(pointer,))


def test_T32_an_empty_disclosure() -> None:
    with pytest.raises(ProofNotMade):
        show(issue(mandatory=()))
    assert set(check(show(BASE))) == {"@context", "type", "issuer", "validFrom"}


def test_T32_a_derived_proof_is_not_derived_from() -> None:
    with pytest.raises(IdError):
        show(SHOWN)
    with pytest.raises(ProofNotMade):
        derive({**BASE, "proof": [BASE["proof"], BASE["proof"]]}, [], suites=CRYPTOSUITES)


def test_T32_a_base_proof_of_another_document() -> None:
    with pytest.raises(ProofInvalid):
        show({**BASE, "description": "more"}, "/name")


def test_what_cannot_be_taken_apart_is_refused() -> None:
    for document in (
        {**CARD, "credentialSubject": {"id": "_:x", "type": ["Person"], "givenName": "J"}},
        {**CARD, "credentialSubject": {"id": "did:example:s", "name": {"@list": ["J"]}}},
    ):
        with pytest.raises(ProofNotMade):
            issue(document)


def test_selection_of_array_members_keeps_their_order_and_their_own_nodes() -> None:
    subjects = [{"id": f"did:example:{name}", "name": name} for name in "abc"]
    document = {**CARD, "credentialSubject": subjects}
    shown = check(show(issue(document), "/credentialSubject/2", "/credentialSubject/0/name"))
    assert shown["credentialSubject"] == [subjects[0], subjects[2]]
    part = select(document, ["/credentialSubject", "/credentialSubject/1/name"])
    assert part["credentialSubject"] == subjects
    part = select(document, ["/credentialSubject/1/name", "/credentialSubject/1", "/type/0"])
    assert part["credentialSubject"] == [subjects[1]]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.binary(max_size=70),
    st.text(max_size=4),
    st.lists(st.integers(), max_size=3),
)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 4), value=VALUES, raw=st.binary(max_size=40))
def test_T32_hostile_proof_values_raise_only_our_own_errors(at: int, value: Any, raw: bytes) -> None:
    parts = parts_of(SHOWN)
    before = parts[at]
    parts[at] = value
    if value != before:
        with pytest.raises(IdError):
            check(with_parts(SHOWN, parts))
    changed = copy.deepcopy(SHOWN)
    changed["proof"]["proofValue"] = multibase_encode(b"\xd9\x5d\x01" + raw, base="u")
    with pytest.raises((ProofMalformed, ProofInvalid)):
        check(changed)
    parts = parts_of(BASE)
    parts[at] = value
    try:
        show(with_parts(BASE, parts, b"\xd9\x5d\x00"), "/name")
    except IdError:
        pass
