"""`ldp_vc` as a credential format: issue, keep, present, examine; and what its stages refuse."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credentials.errors import (
    AudienceMismatch,
    CredentialExpired,
    HolderBindingInvalid,
    IssuerUntrusted,
    MalformedCredential,
    NonceMismatch,
    TransactionMismatch,
    TypeUnexpected,
)
from credentials.formats.base import CheckContext, CredentialFormat, IssueRequest, StatusReference
from credentials.formats.ldp_vc import LdpVcFormat
from credentials.formats.ldp_vc_check import LdpOptions
from credentials.jsonld import CREDENTIALS_V2
from credentials.trust import TrustedIssuer, TrustPolicy
from did.errors import AlgorithmNotAllowed, IdError, SignatureInvalid
from tests.unit.credentials.data_integrity.test_proofs import Party

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TYPE = "PermanentResidentCardCredential"
CITIZENSHIP = "https://w3id.org/citizenship/v4rc1"
FORMAT: CredentialFormat = LdpVcFormat(LdpOptions(contexts_of={TYPE: (CREDENTIALS_V2, CITIZENSHIP)}))
ISSUER, HOLDER, OTHER = Party("ES256"), Party("ES256"), Party("Ed25519")
CLAIMS = {
    "type": ["PermanentResident", "Person"],
    "givenName": "J",
    "familyName": "S",
    "permanentResidentCard": {"type": "PermanentResidentCard", "lprNumber": "999", "lprCategory": "C09"},
}
POLICY = TrustPolicy(
    issuers=(TrustedIssuer(id="https://issuer.example", types=frozenset({TYPE}), dids=frozenset({ISSUER.did})),)
)
NAME, NUMBER = ("credentialSubject", "givenName"), ("credentialSubject", "permanentResidentCard", "lprNumber")


def no_network(url: str, *, accept: str, max_bytes: int) -> Any:
    raise AssertionError("nothing is fetched")


def request(**changes: Any) -> IssueRequest:
    values: dict[str, Any] = {
        "type": TYPE,
        "issuer": ISSUER.did,
        "claims": CLAIMS,
        "disclosable": [("givenName",), ("permanentResidentCard", "lprNumber")],
        "holder_key": HOLDER.signer.public_key,
        "issued_at": NOW,
        "valid_from": NOW,
        "valid_until": NOW + timedelta(days=1),
        "key_id": ISSUER.method,
    }
    return IssueRequest(**{**values, **changes})


def context(**changes: Any) -> CheckContext:
    values: dict[str, Any] = {
        "policy": POLICY,
        "fetch": no_network,
        "now": NOW,
        "nonce": "n-1",
        "audience": "v.example",
    }
    return CheckContext(**{**values, **changes})


def present(credential: str, *paths: Any, signer: Any = HOLDER.signer) -> str:
    return FORMAT.present(credential, disclose=paths, signer=signer, audience="v.example", nonce="n-1", now=NOW)


SELECTIVE = FORMAT.issue(request(), signer=ISSUER.signer)
PLAIN = FORMAT.issue(request(disclosable=[]), signer=ISSUER.signer)


def test_issue_present_verify_selectively() -> None:
    found = FORMAT.verify(present(SELECTIVE, NUMBER), context())
    assert found.claims["credentialSubject"] == {
        "id": HOLDER.did,
        "type": CLAIMS["type"],
        "familyName": "S",
        "permanentResidentCard": CLAIMS["permanentResidentCard"],
    }
    assert (found.type, found.holder_bound, found.holder_key) == (TYPE, True, HOLDER.signer.public_key)
    assert "https://w3id.org/citizenship#PermanentResidentCardCredential" in found.types
    assert found.valid_until == NOW + timedelta(days=1)
    least = FORMAT.verify(present(SELECTIVE), context()).claims["credentialSubject"]
    assert "givenName" not in least
    assert "lprNumber" not in least["permanentResidentCard"]


def test_a_plain_credential_is_shown_whole() -> None:
    assert FORMAT.verify(present(PLAIN, NAME), context()).claims["credentialSubject"] == {"id": HOLDER.did, **CLAIMS}


def test_what_the_wallet_reads() -> None:
    found = FORMAT.parse(SELECTIVE)
    assert found.disclosable == (NAME, ("credentialSubject", "permanentResidentCard"))
    assert (found.type, found.issuer, found.holder_key) == (TYPE, ISSUER.did, HOLDER.signer.public_key)
    assert FORMAT.parse(PLAIN).disclosable == ()
    own = context(presenting=False, holder_key=HOLDER.signer.public_key)
    assert FORMAT.verify(PLAIN, own).holder_key == HOLDER.signer.public_key
    with pytest.raises(HolderBindingInvalid):
        FORMAT.verify(PLAIN, context(presenting=False, holder_key=OTHER.signer.public_key))
    with pytest.raises(MalformedCredential):
        FORMAT.verify(present(PLAIN), context(presenting=False))


def test_the_status_travels_as_a_bitstring_entry() -> None:
    made = FORMAT.issue(request(status=StatusReference(uri="https://status.example/1", index=7)), signer=ISSUER.signer)
    entry = FORMAT.verify(present(made), context()).status_claim
    assert isinstance(entry, dict)
    assert (entry["type"], entry["statusListIndex"]) == ("BitstringStatusListEntry", "7")


def test_T28_T33_nonce_audience_holder() -> None:
    shown = present(SELECTIVE, NAME)
    with pytest.raises(NonceMismatch):
        FORMAT.verify(shown, context(nonce="n-2"))
    with pytest.raises(AudienceMismatch):
        FORMAT.verify(shown, context(audience="w.example"))
    with pytest.raises(HolderBindingInvalid):
        FORMAT.verify(shown, context(nonce=None))
    with pytest.raises(HolderBindingInvalid):
        present(SELECTIVE, NAME, signer=OTHER.signer)
    bare = present(SELECTIVE, NAME, signer=None)
    with pytest.raises(HolderBindingInvalid):
        FORMAT.verify(bare, context())
    assert not FORMAT.verify(bare, context(holder_binding=False)).holder_bound


def test_T33_a_credential_of_somebody_else() -> None:
    stolen = json.loads(present(SELECTIVE, NAME, signer=None))
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "holder": OTHER.did,
        "verifiableCredential": [stolen],
    }
    shown = OTHER.sign(document, "eddsa-rdfc-2022", purpose="authentication", challenge="n-1", domain="v.example")
    with pytest.raises(HolderBindingInvalid):
        FORMAT.verify(shown, context())


def test_T33_altered_after_the_holder_signed() -> None:
    shown = json.loads(present(SELECTIVE, NAME))
    for change in (
        lambda vp: vp["verifiableCredential"][0]["credentialSubject"].update(familyName="T"),
        lambda vp: vp.update(verifiableCredential=[json.loads(present(SELECTIVE, signer=None))]),
    ):
        altered = copy.deepcopy(shown)
        change(altered)
        with pytest.raises(SignatureInvalid):
            FORMAT.verify(altered, context())
    with pytest.raises(MalformedCredential):
        FORMAT.verify({**shown, "verifiableCredential": shown["verifiableCredential"] * 2}, context())


def test_T29_only_the_contexts_of_the_type_in_their_order() -> None:
    document = json.loads(PLAIN)
    for contexts in ([CREDENTIALS_V2], [CREDENTIALS_V2, CITIZENSHIP, "https://w3id.org/vdl/v1"], CREDENTIALS_V2):
        with pytest.raises(TypeUnexpected):
            FORMAT.verify({**document, "@context": contexts}, context(holder_binding=False))


def test_T04_types() -> None:
    document = json.loads(PLAIN)
    with pytest.raises(TypeUnexpected):
        FORMAT.verify({**document, "type": ["VerifiableCredential"]}, context(holder_binding=False))
    with pytest.raises(TypeUnexpected):
        FORMAT.verify(present(PLAIN), context(types=frozenset({"https://other.example#Type"})))
    iri = "https://w3id.org/citizenship#PermanentResidentCardCredential"
    assert FORMAT.verify(present(PLAIN), context(types=frozenset({iri}))).type == TYPE


def test_T02_T09_issuers_and_their_keys() -> None:
    with pytest.raises(IssuerUntrusted):
        FORMAT.verify(present(PLAIN), context(policy=TrustPolicy()))
    made = FORMAT.issue(request(issuer=OTHER.did, key_id=OTHER.method, disclosable=[]), signer=OTHER.signer)
    with pytest.raises(IssuerUntrusted):
        FORMAT.verify(present(made), context())
    made = FORMAT.issue(request(key_id=OTHER.method, disclosable=[]), signer=OTHER.signer)
    with pytest.raises(IssuerUntrusted):
        FORMAT.verify(present(made), context())


def test_T28_suites_and_proofs() -> None:
    document = json.loads(PLAIN)
    for proof in (None, [document["proof"]], {**document["proof"], "type": "Ed25519Signature2020"}):
        with pytest.raises(IdError):
            FORMAT.verify({**document, "proof": proof}, context(holder_binding=False))
    with pytest.raises(AlgorithmNotAllowed):
        changed = {**document["proof"], "cryptosuite": "rsa-2000"}
        FORMAT.verify({**document, "proof": changed}, context(holder_binding=False))


def test_T32_a_base_proof_is_not_shown() -> None:
    with pytest.raises(SignatureInvalid):
        FORMAT.verify(SELECTIVE, context(holder_binding=False))


def test_T08_the_end() -> None:
    shown = present(PLAIN)
    with pytest.raises(CredentialExpired):
        FORMAT.verify(shown, context(now=NOW + timedelta(days=2)))


def test_transactions_are_not_confirmed_with_it() -> None:
    with pytest.raises(TransactionMismatch):
        FORMAT.verify(present(PLAIN), context(transaction_data=("x",)))
    with pytest.raises(TransactionMismatch):
        FORMAT.present(PLAIN, disclose=[], signer=None, audience="a", nonce="n", now=NOW, transaction_data=("x",))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Unknown"},
        {"issuer": None},
        {"key_id": None},
        {"claims": {**CLAIMS, "id": "did:example:x"}},
        {"claims": {"undefined": 1}},
    ],
)
def test_what_is_not_issued(change: dict[str, Any]) -> None:
    with pytest.raises(IdError):
        FORMAT.issue(request(**change), signer=ISSUER.signer)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"type": "VerifiablePresentation"}', "null", '{"proof": {}}', 5, None]
)
def test_hostile_presentations(text: Any) -> None:
    with pytest.raises(IdError):
        FORMAT.verify(text, context())
