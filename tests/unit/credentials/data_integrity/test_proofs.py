"""Proofs over whole documents, in sets and presentations: made, verified, and refused in every way that T28 names."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.base import ProofOptions
from credentials.data_integrity.errors import (
    ChallengeMismatch,
    DomainMismatch,
    ProofInvalid,
    ProofMalformed,
    ProofNotMade,
)
from credentials.data_integrity.keys import did_keys
from credentials.data_integrity.proofs import Expected, add_proof, verify
from credentials.data_integrity.secured import verify_credential, verify_presentation
from credentials.errors import CredentialExpired, CredentialNotYetValid, HolderBindingInvalid, IssuerUntrusted
from credentials.jsonld import CREDENTIALS_V2, DataLoss
from did.errors import AlgorithmNotAllowed, IdError, KeyNotAuthorized, SignatureInvalid
from did.keys import PrivateKey
from did.signing import LocalSigner

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYS = did_keys(fetch=None, now=NOW)
PLAIN = {
    "eddsa-rdfc-2022": "Ed25519",
    "eddsa-jcs-2022": "Ed25519",
    "ecdsa-rdfc-2019": "ES256",
    "ecdsa-jcs-2019": "ES384",
}


class Party:
    """Somebody with a did:key."""

    def __init__(self, alg: Any = "Ed25519") -> None:
        self.signer = LocalSigner(PrivateKey.generate(alg))
        multikey = self.signer.public_key.to_multikey()
        self.did = f"did:key:{multikey}"
        self.method = f"{self.did}#{multikey}"

    def credential(self, subject: str = "did:example:s", **members: Any) -> dict[str, Any]:
        return {
            "@context": [CREDENTIALS_V2],
            "type": ["VerifiableCredential"],
            "issuer": self.did,
            "credentialSubject": {"id": subject, "name": "A"},
            **members,
        }

    def sign(self, document: dict[str, Any], suite: str, **options: Any) -> dict[str, Any]:
        made = ProofOptions(verification_method=self.method, created=NOW, **options)
        return add_proof(document, made, suite=CRYPTOSUITES[suite], signer=self.signer)


ISSUER, HOLDER = Party(), Party("ES256")
SUITE = "eddsa-rdfc-2022"


def check(secured: Any, **expected: Any) -> Any:
    return verify(secured, keys=KEYS, now=NOW, suites=CRYPTOSUITES, expected=Expected(**expected))


def judge(secured: Any) -> Any:
    return verify_credential(secured, keys=KEYS, now=NOW)


@pytest.mark.parametrize(("suite", "alg"), PLAIN.items())
def test_made_and_verified(suite: str, alg: str) -> None:
    party = Party(alg)
    secured = party.sign(party.credential(), suite, expires=NOW + timedelta(days=1))
    found = judge(json.dumps(secured))
    assert found.credential.document == party.credential()
    assert found.proofs[0].controller == party.did
    secured["credentialSubject"]["name"] = "B"
    with pytest.raises(SignatureInvalid):
        judge(secured)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"proof": None}, IdError),
        ({"proof": []}, IdError),
        ({"proof": "x"}, IdError),
        ({"type": "Ed25519Signature2020"}, ProofInvalid),
        ({"cryptosuite": "eddsa-2022"}, AlgorithmNotAllowed),
        ({"cryptosuite": None}, AlgorithmNotAllowed),
        ({"cryptosuite": "eddsa-jcs-2022"}, IdError),
        ({"cryptosuite": "ecdsa-rdfc-2019"}, AlgorithmNotAllowed),
        ({"proofPurpose": "authentication"}, ProofInvalid),
        ({"verificationMethod": None}, ProofInvalid),
        ({"verificationMethod": HOLDER.method}, IdError),
        ({"verificationMethod": "did:key:z6Mk"}, IdError),
        ({"verificationMethod": "https://evil.example/keys#1"}, IdError),
        ({"expires": "2001-01-01T00:00:00Z"}, ProofInvalid),
        ({"expires": "tomorrow"}, ProofMalformed),
        ({"created": "2030-01-01T00:00:00Z"}, ProofInvalid),
        ({"created": "2026-11-22T12:00:00"}, ProofMalformed),
        ({"challenge": 5}, ProofMalformed),
        ({"domain": {"a": 1}}, ProofMalformed),
        ({"previousProof": "urn:none"}, ProofInvalid),
        ({"previousProof": []}, ProofMalformed),
        ({"@context": ["https://evil.example/"]}, ProofInvalid),
        ({"proofValue": "z" + "1" * 64}, IdError),
        ({"proofValue": "u" + "A" * 86}, ProofMalformed),
        ({"proofValue": 7}, ProofMalformed),
        ({"proofValue": "z" * 10_000}, ProofMalformed),
        ({"undefined": 7}, DataLoss),
    ],
)
def test_T28_every_way_a_proof_is_refused(change: dict[str, Any], error: type[Exception]) -> None:
    secured = ISSUER.sign(ISSUER.credential(), SUITE)
    if "proof" in change:
        secured.update(change)
    else:
        secured["proof"] = {**secured["proof"], **change}
    with pytest.raises(error):
        check(secured)


def test_T28_no_proof_at_all() -> None:
    with pytest.raises(ProofInvalid):
        check(ISSUER.credential())


def test_T28_one_bad_member_spoils_a_set() -> None:
    secured = HOLDER.sign(ISSUER.sign(ISSUER.credential(), SUITE), "ecdsa-jcs-2019")
    assert len(judge(secured).proofs) == 2
    bad = copy.deepcopy(secured)
    bad["proof"][1]["created"] = "2026-11-21T00:00:00Z"
    with pytest.raises(SignatureInvalid):
        judge(bad)


def test_T28_two_proofs_with_one_id() -> None:
    secured = ISSUER.sign(ISSUER.sign(ISSUER.credential(), SUITE, id="urn:p"), SUITE, id="urn:p")
    with pytest.raises(ProofMalformed):
        check(secured)


def test_a_chain_covers_the_proofs_before_it() -> None:
    first = ISSUER.sign(ISSUER.credential(), "eddsa-jcs-2022", id="urn:p")
    chain = HOLDER.sign(first, "ecdsa-rdfc-2019", previous=("urn:p",))
    assert len(judge(chain).proofs) == 2
    chain["proof"] = chain["proof"][1:]
    with pytest.raises(ProofInvalid):
        check(chain)
    with pytest.raises(ProofNotMade):
        HOLDER.sign(first, "ecdsa-rdfc-2019", previous=("urn:other",))


def test_T28_a_key_not_listed_for_the_purpose() -> None:
    with pytest.raises(IdError):
        check(ISSUER.sign(ISSUER.credential(), SUITE, purpose="keyAgreement"), purpose="keyAgreement")


def test_T28_only_the_allowed_suites() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        check(ISSUER.sign(ISSUER.credential(), SUITE), suites=frozenset({"ecdsa-rdfc-2019"}))


def test_a_suite_signs_with_its_own_keys_only() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        HOLDER.sign(ISSUER.credential(), SUITE)


def test_T30_nothing_undefined_is_signed_or_accepted() -> None:
    with pytest.raises(DataLoss):
        ISSUER.sign(ISSUER.credential(unknown="x"), SUITE)
    # Canonical JSON signs anything; the credential is still refused, since nobody says what the term means.
    with pytest.raises(DataLoss):
        judge(ISSUER.sign(ISSUER.credential(unknown="x"), "eddsa-jcs-2022"))


@pytest.mark.parametrize("suite", [SUITE, "eddsa-jcs-2022"])
@pytest.mark.parametrize(
    "context",
    [
        [CREDENTIALS_V2, "https://evil.example/"],
        [CREDENTIALS_V2, {"name": "https://evil.example/name"}],
        [CREDENTIALS_V2, {"@import": CREDENTIALS_V2}],
        ["https://w3id.org/security/data-integrity/v2", CREDENTIALS_V2],
    ],
)
def test_T29_contexts_added_or_reordered(suite: str, context: list[Any]) -> None:
    secured = ISSUER.sign(ISSUER.credential(), suite)
    with pytest.raises(IdError):
        judge({**secured, "@context": context})


def test_T29_jcs_returns_the_contexts_that_were_signed() -> None:
    secured = ISSUER.sign(ISSUER.credential(), "eddsa-jcs-2022")
    more = {**secured, "@context": [CREDENTIALS_V2, "https://w3id.org/citizenship/v4rc1"]}
    assert check(more).document["@context"] == [CREDENTIALS_V2]
    with pytest.raises(ProofInvalid):
        judge(more)


def test_the_issuer_made_one_of_the_proofs() -> None:
    with pytest.raises(IssuerUntrusted):
        judge(HOLDER.sign(ISSUER.credential(), "ecdsa-jcs-2019"))


def test_validity() -> None:
    with pytest.raises(CredentialExpired):
        judge(ISSUER.sign(ISSUER.credential(validUntil="2026-01-01T00:00:00Z"), SUITE))
    with pytest.raises(CredentialNotYetValid):
        judge(ISSUER.sign(ISSUER.credential(validFrom="2027-01-01T00:00:00+01:00"), SUITE))


def presentation(
    *credentials: dict[str, Any], holder: str = HOLDER.did, suite: str = "ecdsa-rdfc-2019"
) -> dict[str, Any]:
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": list(credentials),
    }
    return HOLDER.sign(document, suite, purpose="authentication", challenge="n-1", domain="v.example")


def show(secured: Any, *, challenge: str = "n-1", domain: str = "v.example", **options: Any) -> Any:
    return verify_presentation(secured, challenge=challenge, domain=domain, keys=KEYS, now=NOW, **options)


@pytest.mark.parametrize("suite", ["ecdsa-rdfc-2019", "ecdsa-jcs-2019"])
def test_a_presentation(suite: str) -> None:
    found = show(json.dumps(presentation(ISSUER.sign(ISSUER.credential(HOLDER.did), SUITE), suite=suite)))
    assert found.holder == HOLDER.did
    assert found.credentials[0].credential.issuer == ISSUER.did


def test_T28_challenge_and_domain() -> None:
    secured = presentation(ISSUER.sign(ISSUER.credential(HOLDER.did), SUITE))
    with pytest.raises(ChallengeMismatch):
        show(secured, challenge="n-2")
    with pytest.raises(DomainMismatch):
        show(secured, domain="w.example")


def test_T33_the_holder_is_the_subject() -> None:
    secured = presentation(ISSUER.sign(ISSUER.credential("did:example:other"), SUITE))
    with pytest.raises(HolderBindingInvalid):
        show(secured)
    assert show(secured, bound=False).holder == HOLDER.did
    with pytest.raises(HolderBindingInvalid):
        show(presentation(ISSUER.sign(ISSUER.credential(HOLDER.did), SUITE), holder=ISSUER.did))


def test_T33_unsigned_altered_added_and_swapped_credentials() -> None:
    good = ISSUER.sign(ISSUER.credential(HOLDER.did), SUITE)
    with pytest.raises(ProofInvalid):
        show(presentation(ISSUER.credential(HOLDER.did)))
    altered = copy.deepcopy(good)
    altered["credentialSubject"]["name"] = "B"
    with pytest.raises(SignatureInvalid):
        show(presentation(altered))
    other = ISSUER.sign(ISSUER.credential(HOLDER.did, name="other"), SUITE)
    secured = presentation(good)
    for changed in ([other], [good, other]):
        with pytest.raises(SignatureInvalid):
            show({**secured, "verifiableCredential": changed})


def test_T34_an_envelope_beside_embedded_proofs_is_refused() -> None:
    wrapped = {
        "@context": CREDENTIALS_V2,
        "type": "EnvelopedVerifiableCredential",
        "id": "data:application/vc+jwt,a.b.c",
    }
    with pytest.raises(IdError):
        show(presentation(wrapped))


def test_T29_T07_text_is_read_strictly() -> None:
    secured = json.dumps(ISSUER.sign(ISSUER.credential(), SUITE))
    for text in (secured + "x", secured.replace('{"@context"', '{"type": "x", "@context"', 1), b"\xff"):
        with pytest.raises(IdError):
            judge(text)


def test_a_did_key_that_is_no_key() -> None:
    with pytest.raises(IdError):
        KEYS("did:key:z6MkNope#z6MkNope", "assertionMethod")
    with pytest.raises((IdError, KeyNotAuthorized)):
        KEYS(HOLDER.method, "keyAgreement")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
SIGNED = {suite: Party(alg).sign(Party(alg).credential(), suite) for suite, alg in PLAIN.items()}


@settings(max_examples=200, deadline=None)
@given(
    suite=st.sampled_from(sorted(SIGNED)),
    where=st.sampled_from(["document", "proof"]),
    name=st.sampled_from(
        [
            "@context",
            "type",
            "id",
            "issuer",
            "credentialSubject",
            "proof",
            "created",
            "expires",
            "domain",
            "challenge",
            "previousProof",
            "proofValue",
            "verificationMethod",
            "cryptosuite",
            "proofPurpose",
        ]
    ),
    value=JSON,
)
def test_T28_no_change_is_accepted_and_only_our_own_errors_come_out(
    suite: str, where: str, name: str, value: Any
) -> None:
    secured = copy.deepcopy(SIGNED[suite])
    place = secured if where == "document" else secured["proof"]
    before = json.dumps(place.get(name))
    place[name] = value
    try:
        judge(secured)
    except IdError:
        return
    assert json.dumps(value) == before
