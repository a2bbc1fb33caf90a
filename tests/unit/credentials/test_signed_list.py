from datetime import timedelta
from typing import Any

import pytest

from credentials import signed_list
from credentials.errors import IssuerUntrusted, Malformed, SignatureInvalid, TooLarge
from did.signing import LocalSigner
from tests.unit.credentials.openid.support import (
    ISSUER,
    NOW,
    VCT,
    VERIFIER,
    agency,
    issuer,
    pki,
    refused,
    resign,
    signer,
    tampered,
)

KEY, NEXT = signer("list key"), signer("next list key")
PINNED = signed_list.fingerprint(KEY.public_key)


def build(**changes: Any) -> str:
    values: dict[str, Any] = {
        "signer": KEY,
        "publisher": ISSUER,
        "sequence": 7,
        "next_key": NEXT.public_key,
        "issuers": [issuer()],
        "agencies": [agency()],
        "request_anchors": [pki().root],
        "now": NOW,
    }
    return signed_list.build_trusted_list(**{**values, **changes})


def check(token: str, **changes: Any) -> signed_list.TrustedList:
    values: dict[str, Any] = {"publisher": ISSUER, "pinned": PINNED, "now": NOW}
    return signed_list.check_trusted_list(token, **{**values, **changes})


def changed(by: LocalSigner = KEY, header: dict[str, Any] | None = None, **claims: Any) -> str:
    return resign(build(), by, header=header, **claims)


def test_build_parse_check() -> None:
    rich = issuer(
        dids=("did:web:id.example",),
        status_anchors=(pki("status_signing", "status").root,),
        status_leaf_names=(ISSUER,),
    )
    token = build(
        issuers=[rich], agencies=[agency(policy_url="https://bank.example/privacy"), agency(id="b", did=None)]
    )
    assert signed_list.parse_trusted_list(token).key == KEY.public_key
    found = check(token)
    assert found.issuers == (rich,)
    assert [one.id for one in found.agencies] == ["bank", "b"]
    assert found.agencies[0] == agency(policy_url="https://bank.example/privacy")
    assert found.request_anchors == (pki().root,)
    assert (found.sequence, found.publisher) == (7, ISSUER)
    assert found.expires_at - found.issued_at == timedelta(hours=24)
    assert found.next_key == signed_list.fingerprint(NEXT.public_key)


def test_policy() -> None:
    policy = check(build()).to_policy(metadata={VCT: b"{}"})
    (one,) = policy.issuers
    assert (one.id, one.types, one.leaf_names) == (ISSUER, frozenset({VCT}), frozenset({ISSUER}))
    assert one.anchors == issuer().anchors
    assert policy.metadata == {VCT: b"{}"}
    assert "7" in policy.label


def test_find_agency() -> None:
    found = check(
        build(agencies=[agency(certificates=("A" * 43, "B" * 43)), agency(id="x", did=None, certificates=())])
    )
    for certificate in ("A" * 43, "B" * 43):
        assert found.find_agency(certificate=certificate) == found.agencies[0]
    assert found.find_agency(did="did:web:bank.example") == found.agencies[0]
    assert found.find_agency(certificate="C" * 43) is None
    assert found.find_agency(did="did:web:evil.example") is None
    assert found.find_agency() is None
    assert found.agencies[0].name(["et"]) == "Pank"
    assert found.agencies[0].name(["pt"]) == "Bank"


def test_another_key_is_refused() -> None:
    with pytest.raises(IssuerUntrusted) as caught:
        check(build(signer=signer("thief")))
    assert caught.value.code == "issuer_untrusted"
    assert "fingerprint" in caught.value.hint
    stolen_header = changed(by=signer("thief"))
    with pytest.raises(SignatureInvalid):
        check(stolen_header)
    with pytest.raises(SignatureInvalid):
        check(tampered(build()))


def test_the_announced_key_takes_over() -> None:
    announced = check(build()).next_key
    after = build(signer=NEXT, sequence=8, next_key=signer("third list key").public_key)
    with pytest.raises(IssuerUntrusted):
        check(after)
    assert check(after, announced=announced, sequence=7).sequence == 8
    with pytest.raises(IssuerUntrusted):
        check(build(signer=signer("thief")), announced=announced)


def test_rollback_is_refused() -> None:
    assert check(build(), sequence=7).sequence == 7
    with pytest.raises(signed_list.ListRolledBack) as caught:
        check(build(), sequence=8)
    assert caught.value.code == "issuer_untrusted"


def test_time() -> None:
    check(build(), now=NOW + timedelta(hours=23, minutes=59))
    check(build(), now=NOW - timedelta(seconds=60))
    with pytest.raises(signed_list.ListExpired) as caught:
        check(build(), now=NOW + timedelta(hours=24))
    assert caught.value.code == "unavailable"
    with pytest.raises(IssuerUntrusted):
        check(build(), now=NOW - timedelta(seconds=61))


def test_the_list_of_another_service() -> None:
    with pytest.raises(IssuerUntrusted):
        check(build(publisher="https://evil.example"))
    with pytest.raises(IssuerUntrusted):
        check(build(), publisher=ISSUER + "/")


def test_other_types_of_token_are_no_list() -> None:
    refused(lambda: check(changed(header={"typ": "JWT"})), code="type_unexpected")


ISSUER_JSON = {"id": ISSUER, "names": {"en": "R"}, "types": [VCT], "anchors": []}
AGENCY_JSON = {"id": "a", "names": {}, "certificates": [], "origins": [VERIFIER], "purposes": []}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": None},
        {"iat": None},
        {"exp": None},
        {"exp": "x"},
        {"sequence": None},
        {"sequence": -1},
        {"sequence": True},
        {"sequence": "7"},
        {"next_key": None},
        {"next_key": "short"},
        {"issuers": None},
        {"issuers": {}},
        {"issuers": ["x"]},
        {"issuers": [{**ISSUER_JSON, "id": ""}]},
        {"issuers": [{**ISSUER_JSON, "types": "x"}]},
        {"issuers": [{**ISSUER_JSON, "names": []}]},
        {"issuers": [{**ISSUER_JSON, "names": {"en": 1}}]},
        {"issuers": [{**ISSUER_JSON, "anchors": ["not base64!"]}]},
        {"agencies": None},
        {"agencies": [{**AGENCY_JSON, "certificates": ["short"]}]},
        {"agencies": [{**AGENCY_JSON, "origins": ["https://bank.example/"]}]},
        {"agencies": [{**AGENCY_JSON, "origins": ["https://BANK.example"]}]},
        {"agencies": [{**AGENCY_JSON, "origins": ["https://bank.example:443"]}]},
        {"agencies": [{**AGENCY_JSON, "origins": ["http://bank.example"]}]},
        {"agencies": [{**AGENCY_JSON, "origins": ["*"]}]},
        {"agencies": [{**AGENCY_JSON, "purposes": {}}]},
        {"agencies": [{**AGENCY_JSON, "purposes": [{"id": ""}]}]},
        {"agencies": [{**AGENCY_JSON, "did": 5}]},
        {"agencies": [{**AGENCY_JSON, "policy_url": 5}]},
        {"request_anchors": [1]},
    ],
)
def test_bad_lists(claims: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        check(changed(**claims))


def test_unknown_members_are_ignored() -> None:
    assert check(changed(issuers=[{**ISSUER_JSON, "x": 1}], agencies=[{**AGENCY_JSON, "y": 2}], z=3))


@pytest.mark.parametrize("header", [{"jwk": None}, {"jwk": "x"}, {"jwk": {"kty": "oct", "k": "AA"}}])
def test_bad_headers(header: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        check(changed(header=header))


def test_size() -> None:
    with pytest.raises(TooLarge):
        signed_list.parse_trusted_list("a" * (signed_list.MAX_BYTES + 1))
    with pytest.raises(Malformed):
        signed_list.parse_trusted_list("a.b")


def test_a_list_of_a_thousand_agencies() -> None:
    many = [agency(id=f"a{n}", certificates=(f"{n:043d}",)) for n in range(1000)]
    assert check(build(agencies=many)).find_agency(certificate=f"{999:043d}") is not None
