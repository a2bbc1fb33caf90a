import json
from functools import partial
from typing import Any

import pytest

from credentials.openid import metadata, offer
from tests.unit.credentials.openid.support import ISSUER, VCT, refused

PRE = offer.PRE_AUTHORIZED
VALUE: dict[str, Any] = {
    "credential_issuer": ISSUER,
    "credential_configuration_ids": ["e-residency"],
    "grants": {PRE: {"pre-authorized_code": "code", "tx_code": {"length": 6, "description": "By post"}}},
}


def issuer_metadata(**changes: Any) -> metadata.IssuerMetadata:
    configuration = metadata.build_configuration(
        format="dc+sd-jwt", type=VCT, scope="e-residency", display=[{"name": "E", "locale": "en"}], claims=[]
    )
    values: dict[str, Any] = {
        "credential_issuer": ISSUER,
        "credential_endpoint": f"{ISSUER}/vci/credential",
        "nonce_endpoint": f"{ISSUER}/vci/nonce",
        "configurations": {"e-residency": configuration, "pid": {**configuration, "scope": "pid"}},
    }
    return metadata.parse_issuer_metadata(metadata.build_issuer_metadata(**{**values, **changes}))


def server_metadata(issuer: str = ISSUER, grants: tuple[str, ...] = (PRE,)) -> metadata.AuthorizationServerMetadata:
    body = metadata.build_authorization_server_metadata(
        issuer=issuer, token_endpoint=f"{issuer}/vci/token", grant_types=grants
    )
    return metadata.parse_authorization_server_metadata(body)


@pytest.mark.parametrize(
    "made",
    [
        offer.CredentialOffer(credential_issuer=ISSUER, configuration_ids=("a", "b")),
        offer.CredentialOffer(
            credential_issuer=ISSUER + "/tenant",
            configuration_ids=("a",),
            pre_authorized=offer.PreAuthorizedGrant(
                code="c",
                tx_code=offer.TxCode(input_mode="text", length=8, description="ä"),
                authorization_server="https://as",
            ),
            authorization_code=offer.AuthorizationCodeGrant(issuer_state="s"),
        ),
        offer.CredentialOffer(
            credential_issuer=ISSUER,
            configuration_ids=("a",),
            pre_authorized=offer.PreAuthorizedGrant(code="c", tx_code=offer.TxCode()),
            authorization_code=offer.AuthorizationCodeGrant(),
        ),
    ],
)
def test_build_parse(made: offer.CredentialOffer) -> None:
    assert offer.parse_offer(offer.build_offer(made)) == made
    for scheme in ("openid-credential-offer", "haip-vci"):
        assert offer.parse_offer_link(offer.build_offer_link(made, scheme=scheme)) == made


def test_reference() -> None:
    made = offer.OfferReference(uri=f"{ISSUER}/vci/offers/x?y=1&z=2")
    link = offer.build_offer_link(made)
    assert link.startswith("openid-credential-offer://?credential_offer_uri=https%3A%2F%2F")
    assert offer.parse_offer_link(link) == made


def test_an_empty_tx_code_object_asks_for_a_code() -> None:
    found = offer.parse_offer(json.dumps({**VALUE, "grants": {PRE: {"pre-authorized_code": "c", "tx_code": {}}}}))
    assert found.pre_authorized is not None
    assert found.pre_authorized.tx_code == offer.TxCode()


def test_unknown_members_and_grants_are_ignored() -> None:
    found = offer.parse_offer(json.dumps({**VALUE, "x": 1, "grants": {"urn:other": 1}}))
    assert found.pre_authorized is None


def test_T65_codes_are_not_shown() -> None:
    assert "code'" not in repr(offer.parse_offer(json.dumps(VALUE)))


@pytest.mark.parametrize(
    "changes",
    [
        {"credential_issuer": None},
        {"credential_issuer": ""},
        {"credential_issuer": "http://id.example"},
        {"credential_issuer": "https://id.example?x"},
        {"credential_issuer": "https://id.example#x"},
        {"credential_configuration_ids": None},
        {"credential_configuration_ids": []},
        {"credential_configuration_ids": ["a", "a"]},
        {"credential_configuration_ids": [1]},
        {"credential_configuration_ids": "a"},
        {"grants": []},
        {"grants": {PRE: "code"}},
        {"grants": {PRE: {}}},
        {"grants": {PRE: {"pre-authorized_code": 1}}},
        {"grants": {PRE: {"pre_authorized_code": "c"}}},
        {"grants": {PRE: {"pre-authorized_code": "c", "tx_code": True}}},
        {"grants": {PRE: {"pre-authorized_code": "c", "tx_code": {"input_mode": "voice"}}}},
        {"grants": {PRE: {"pre-authorized_code": "c", "tx_code": {"length": "6"}}}},
        {"grants": {PRE: {"pre-authorized_code": "c", "tx_code": {"length": 0}}}},
        {"grants": {PRE: {"pre-authorized_code": "c", "tx_code": {"description": "x" * 301}}}},
        {"grants": {"authorization_code": []}},
        {"grants": {"authorization_code": {"issuer_state": 1}}},
    ],
)
def test_bad_offers(changes: dict[str, Any]) -> None:
    value = {name: member for name, member in {**VALUE, **changes}.items() if member is not None}
    refused(lambda: offer.parse_offer(json.dumps(value)), error="invalid_request")


@pytest.mark.parametrize(
    "link",
    [
        "openid-credential-offer://",
        "openid-credential-offer://?credential_offer=x",
        "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fid.example%2Fo",
        "openid-credential-offer://?credential_offer_uri=file%3A%2F%2F%2Fetc%2Fpasswd",
        "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https%3A%2F%2Fid.example%2Fo",
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa&credential_offer_uri=https%3A%2F%2Fb",
        "openid4vp://?credential_offer_uri=https%3A%2F%2Fid.example%2Fo",
    ],
)
def test_T43_T96_bad_links(link: str) -> None:
    refused(lambda: offer.parse_offer_link(link), error="invalid_request")


def test_dev_allows_loopback_only() -> None:
    value = json.dumps({**VALUE, "credential_issuer": "http://localhost:8000"})
    assert offer.parse_offer(value, dev=True).credential_issuer == "http://localhost:8000"
    refused(lambda: offer.parse_offer(value))


def test_check() -> None:
    found = offer.check_offer(
        offer.parse_offer(json.dumps(VALUE)), metadata=issuer_metadata(), server=server_metadata()
    )
    assert [one.id for one in found.configurations] == ["e-residency"]
    assert found.authorization_server == ISSUER


def test_T43_an_offer_has_to_fit_its_issuer() -> None:
    made = offer.parse_offer(json.dumps(VALUE))
    other = issuer_metadata(credential_issuer=ISSUER + "/")
    refused(lambda: offer.check_offer(made, metadata=other), error="invalid_request")
    unknown = offer.parse_offer(json.dumps({**VALUE, "credential_configuration_ids": ["x"]}))
    refused(lambda: offer.check_offer(unknown, metadata=issuer_metadata()), error="unknown_credential_configuration")
    for server in (server_metadata("https://as.example"), server_metadata(grants=("authorization_code",))):
        refused(partial(offer.check_offer, made, metadata=issuer_metadata(), server=server))


def test_the_offer_may_name_one_of_several_servers() -> None:
    several = issuer_metadata(authorization_servers=["https://as1.example", "https://as2.example"])
    grant = {"pre-authorized_code": "c", "authorization_server": "https://as2.example"}
    made = offer.parse_offer(json.dumps({**VALUE, "grants": {PRE: grant}}))
    assert offer.check_offer(made, metadata=several).authorization_server == "https://as2.example"
    assert (
        offer.check_offer(offer.parse_offer(json.dumps(VALUE)), metadata=several).authorization_server
        == "https://as1.example"
    )
    refused(lambda: offer.check_offer(made, metadata=issuer_metadata()), error="invalid_request")
