"""The other client identifier prefixes, and requests that stand in the link itself."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from credentials.errors import SignatureInvalid, VerifierUntrusted
from credentials.jose import parse_jws, sign_jws
from credentials.openid import request
from credentials.signed_list import VerifierTrust
from tests.unit.credentials.openid.support import NOW, VERIFIER, agency, pki, refused, resign, signer, tampered, trust
from tests.unit.credentials.openid.test_request import CLIENT, QUERY, build

# --- x509_san_dns --------------------------------------------------------------------------------

SAN = "x509_san_dns:bank.example"


def check_san(jwt: str, **changes: Any) -> request.AuthorizationRequest:
    values: dict[str, Any] = {"link_client_id": SAN, "trust": trust(), "now": NOW, "prefixes": {"x509_san_dns"}}
    return request.check_request(jwt, **{**values, **changes})


def test_san_dns() -> None:
    assert check_san(build(client_id=SAN)).verifier.agency == agency()
    assert check_san(build(client_id=SAN), trust=VerifierTrust(added_anchors=(pki().root,))).verifier.agency is None


def test_T55_T56_san_dns_refusals() -> None:
    for name in ("x509_san_dns:evil.example", "x509_san_dns:Bank.example", "x509_san_dns:sub.bank.example"):
        jwt = build(client_id=name)
        refused(partial(check_san, jwt, link_client_id=name), error="invalid_request", code="verifier_untrusted")
    both = trust(agency(origins=(VERIFIER, "https://other.example")))
    other_host = build(client_id=SAN, response_uri="https://other.example/vp")
    refused(partial(check_san, other_host, trust=both), error="invalid_request", code="verifier_untrusted")
    with pytest.raises(VerifierUntrusted):
        check_san(build(client_id=SAN), trust=VerifierTrust())
    with pytest.raises(SignatureInvalid):
        check_san(tampered(build(client_id=SAN)))


@pytest.mark.parametrize("client_id", [SAN, "verifier_attestation:bank"])
def test_prefixes_are_off_until_a_wallet_turns_them_on(client_id: str) -> None:
    jwt = build(client_id=client_id)
    act = partial(request.check_request, jwt, link_client_id=client_id, trust=trust(), now=NOW)
    refused(act, error="invalid_request", code="verifier_untrusted")


# --- verifier_attestation ------------------------------------------------------------------------

ATTESTED = "verifier_attestation:bank"
ATTESTER = "https://attester.example"
RESPONSE_URI = f"{VERIFIER}/vp/responses/1"


def attestation(**changes: Any) -> str:
    claims = {
        "iss": ATTESTER,
        "sub": "bank",
        "exp": int((NOW + timedelta(days=1)).timestamp()),
        "cnf": {"jwk": pki().signer.public_key.to_jwk()},
        "redirect_uris": [RESPONSE_URI],
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not None}
    return sign_jws(present, typ="verifier-attestation+jwt", signer=signer("attester"))


def check_attested(text: str | None, **changes: Any) -> request.AuthorizationRequest:
    values: dict[str, Any] = {
        "link_client_id": ATTESTED,
        "trust": VerifierTrust(attesters={ATTESTER: signer("attester").public_key}),
        "now": NOW,
        "prefixes": {"verifier_attestation"},
    }
    jwt = build(client_id=ATTESTED, x5c=(), attestation=text)
    return request.check_request(jwt, **{**values, **changes})


def test_attestation() -> None:
    found = check_attested(attestation())
    assert (found.verifier.name, found.verifier.origins, found.verifier.agency) == ("bank", (VERIFIER,), None)


def test_T55_T56_attestations_that_are_refused() -> None:
    stranger = {"jwk": signer("stranger").public_key.to_jwk()}
    bad: dict[str, str | None] = {
        "none": None,
        "no token": "x",
        "typ": resign(attestation(), signer("attester"), header={"typ": "JWT"}),
        "signature": tampered(attestation()),
        "signed by another": resign(attestation(), signer("stranger")),
        "iss unknown": attestation(iss="https://evil.example"),
        "iss missing": attestation(iss=None),
        "iss is a number": attestation(iss=1),
        "sub of another": attestation(sub="shop"),
        "sub missing": attestation(sub=None),
        "expired": attestation(exp=int((NOW - timedelta(minutes=2)).timestamp())),
        "no exp": attestation(exp=None),
        "exp is text": attestation(exp="x"),
        "not yet": attestation(nbf=int((NOW + timedelta(minutes=2)).timestamp())),
        "no cnf": attestation(cnf=None),
        "cnf without key": attestation(cnf={"kid": "x"}),
        "cnf private": attestation(cnf={"jwk": {**pki().signer.public_key.to_jwk(), "d": "A" * 43}}),
        "cnf of another": attestation(cnf=stranger),
        "no places": attestation(redirect_uris=None),
        "other place": attestation(redirect_uris=["https://evil.example/x"]),
        "same origin, other path": attestation(redirect_uris=[f"{VERIFIER}/other"]),
        "place is no URL": attestation(redirect_uris=["x"]),
    }
    for name, text in bad.items():
        error = refused(partial(check_attested, text))
        assert error.code in ("verifier_untrusted", "malformed", "signature_invalid"), name
    refused(partial(check_attested, attestation(), trust=VerifierTrust()), code="verifier_untrusted")


# --- requests by value ---------------------------------------------------------------------------


def test_a_signed_request_in_the_link() -> None:
    link = request.build_request_by_value({"client_id": CLIENT, "request": build()})
    found = request.parse_request_by_value(link)
    assert isinstance(found, request.UnverifiedRequest)
    assert request.check_request(found, link_client_id=CLIENT, trust=trust(), now=NOW).nonce
    refused(partial(request.parse_request_link, link), error="invalid_request")


PLACE = f"{VERIFIER}/vp"
UNSIGNED: dict[str, Any] = {
    "client_id": f"redirect_uri:{PLACE}",
    "response_type": "vp_token",
    "response_mode": "direct_post",
    "response_uri": PLACE,
    "nonce": "n" * 22,
    "dcql_query": QUERY,
}


def unsigned(**changes: Any) -> str:
    present = {name: value for name, value in {**UNSIGNED, **changes}.items() if value is not None}
    return request.build_request_by_value(present)


def check_unsigned(link: str, **changes: Any) -> request.AuthorizationRequest:
    found = request.parse_request_by_value(link)
    assert isinstance(found, request.UnsignedRequest)
    return request.check_unsigned_request(found, **changes)


def test_an_unsigned_request_is_known_by_its_answer_address_only() -> None:
    found = check_unsigned(unsigned())
    assert (found.verifier.name, found.verifier.agency) == (VERIFIER, None)
    assert found.encryption_jwk is None
    metadata = parse_jws(build()).unverified_claims()["client_metadata"]
    encrypted = check_unsigned(unsigned(response_mode="direct_post.jwt", client_metadata=metadata), strict=True)
    assert encrypted.encryption_enc == "A256GCM"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "bank"},
        {"client_id": CLIENT},
        {"client_id": SAN},
        {"client_id": "redirect_uri:https://evil.example/vp"},
        {"client_id": "redirect_uri:http://bank.example/vp", "response_uri": "http://bank.example/vp"},
        {"response_uri": None},
        {"response_uri": f"{PLACE}/"},
        {"redirect_uri": PLACE},
        {"request_uri": "https://bank.example/r"},
        {"request": "x.y.z"},
        {"nonce": None},
        {"response_type": "code"},
        {"response_mode": None},
        {"response_mode": "direct_post.jwt"},
        {"dcql_query": None},
        {"dcql_query": "{"},
        {"dcql_query": "[]"},
        {"scope": "x"},
        {"client_metadata": "x"},
        {"transaction_data": ["x"]},
        {"transaction_data": [request.build_transaction_data("payment", ["a"])]},
    ],
)
def test_T55_unsigned_requests_that_are_refused(changes: dict[str, Any]) -> None:
    refused(partial(lambda values: check_unsigned(unsigned(**values)), changes))


def test_an_unsigned_request_is_not_strict_enough_for_haip() -> None:
    refused(partial(check_unsigned, unsigned(), strict=True), error="invalid_request")
