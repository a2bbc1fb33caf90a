import json
from datetime import timedelta
from typing import Any

import pytest

from credentials.openid import token
from credentials.openid.wire import build_form, parse_form
from tests.unit.credentials.openid.support import refused

DETAIL = token.AuthorizationDetail(configuration_id="e-residency", claims=({"path": ["a"]},), locations=("https://i",))


@pytest.mark.parametrize(
    "request_",
    [
        token.TokenRequest(grant_type=token.GRANT_PRE_AUTHORIZED, pre_authorized_code="c"),
        token.TokenRequest(
            grant_type=token.GRANT_PRE_AUTHORIZED,
            pre_authorized_code="c+/ =",
            tx_code="123456",
            client_id="w",
            authorization_details=(DETAIL,),
            resource="https://i",
        ),
        token.TokenRequest(grant_type=token.GRANT_REFRESH, refresh_token="r", scope=("a", "b")),
    ],
)
def test_request_round_trip(request_: token.TokenRequest) -> None:
    assert token.parse_token_request(token.build_token_request(request_)) == request_


def test_names_on_the_wire() -> None:
    made = token.TokenRequest(grant_type=token.GRANT_PRE_AUTHORIZED, pre_authorized_code="c", tx_code="1")
    assert parse_form(token.build_token_request(made)) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:pre-authorized_code",
        "pre-authorized_code": "c",
        "tx_code": "1",
    }


def form(**changes: str | None) -> bytes:
    values: dict[str, str | None] = {"grant_type": token.GRANT_PRE_AUTHORIZED, "pre-authorized_code": "c", **changes}
    return build_form({name: value for name, value in values.items() if value is not None})


def test_unknown_parameters_are_ignored() -> None:
    assert token.parse_token_request(form(client_assertion="x", foo="y")).pre_authorized_code == "c"


def test_T65_secrets_are_not_shown() -> None:
    made = token.TokenRequest(grant_type="g", pre_authorized_code="S1", tx_code="S2", refresh_token="S3")
    shown = repr(made) + repr(token.TokenResponse(access_token="S4", token_type="DPoP", refresh_token="S5"))
    assert not any(f"S{n}" in shown for n in range(1, 6))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (form(grant_type=None), "invalid_request"),
        (form(grant_type="password"), "unsupported_grant_type"),
        (form(grant_type="authorization_code"), "unsupported_grant_type"),
        (form(grant_type=token.GRANT_REFRESH), "invalid_request"),
        (build_form({"grant_type": token.GRANT_PRE_AUTHORIZED}), "invalid_request"),
        (build_form({"grant_type": token.GRANT_PRE_AUTHORIZED, "pre_authorized_code": "c"}), "invalid_request"),
        (form() + b"&tx_code=1&tx_code=2", "invalid_request"),
        (form(authorization_details="x"), "invalid_authorization_details"),
        (form(authorization_details="{}"), "invalid_authorization_details"),
        (form(authorization_details="[]"), "invalid_authorization_details"),
        (form(authorization_details="[1]"), "invalid_authorization_details"),
        (form(authorization_details='[{"type":"x"}]'), "invalid_authorization_details"),
        (form(authorization_details='[{"type":"openid_credential"}]'), "invalid_authorization_details"),
        (
            form(authorization_details='[{"type":"openid_credential","format":"vc+sd-jwt"}]'),
            "invalid_authorization_details",
        ),
        (
            form(authorization_details='[{"type":"openid_credential","credential_configuration_id":"a","claims":{}}]'),
            "invalid_authorization_details",
        ),
    ],
)
def test_bad_requests(body: bytes, error: str) -> None:
    refused(lambda: token.parse_token_request(body), error=error)


def check(request: token.TokenRequest, **changes: Any) -> tuple[token.AuthorizationDetail, ...]:
    values: dict[str, Any] = {"tx_code_expected": False, "configuration_ids": {"e-residency", "pid"}}
    return token.check_token_request(request, **{**values, **changes})


def test_check_request() -> None:
    made = token.TokenRequest(
        grant_type=token.GRANT_PRE_AUTHORIZED, pre_authorized_code="c", authorization_details=(DETAIL,)
    )
    assert check(made) == (DETAIL,)
    with_code = token.TokenRequest(grant_type=token.GRANT_PRE_AUTHORIZED, pre_authorized_code="c", tx_code="1")
    assert check(with_code, tx_code_expected=True) == ()
    refused(lambda: check(with_code), error="invalid_request")
    refused(lambda: check(made, tx_code_expected=True), error="invalid_request")
    refused(lambda: check(made, anonymous=False), error="invalid_client")
    refused(lambda: check(made, configuration_ids={"pid"}), error="invalid_authorization_details")
    twice = token.TokenRequest(grant_type="g", authorization_details=(DETAIL, DETAIL))
    refused(lambda: check(twice), error="invalid_authorization_details")


RESPONSE = token.TokenResponse(
    access_token="a",
    token_type="DPoP",
    expires_in=timedelta(minutes=10),
    refresh_token="r",
    authorization_details=(token.AuthorizationDetail(configuration_id="e-residency", identifiers=("e-residency/0",)),),
)


@pytest.mark.parametrize(
    "made", [RESPONSE, token.TokenResponse(access_token="a", token_type="Bearer", scope=("x", "y"))]
)
def test_response_round_trip(made: token.TokenResponse) -> None:
    assert token.parse_token_response(token.build_token_response(made)) == made
    assert "c_nonce" not in json.loads(token.build_token_response(made))


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"access_token": "a"},
        {"access_token": 1, "token_type": "DPoP"},
        {"access_token": "a", "token_type": "DPoP", "expires_in": "600"},
        {"access_token": "a", "token_type": "DPoP", "expires_in": True},
        {"access_token": "a", "token_type": "DPoP", "expires_in": -1},
        {"access_token": "a", "token_type": "DPoP", "refresh_token": ""},
        {"access_token": "a", "token_type": "DPoP", "authorization_details": {}},
        {"access_token": "a", "token_type": "DPoP", "scope": ["x"]},
    ],
)
def test_bad_responses(value: Any) -> None:
    refused(lambda: token.parse_token_response(json.dumps(value).encode()))


def test_check_response() -> None:
    asked = token.TokenRequest(grant_type="g", authorization_details=(DETAIL,))
    assert token.check_token_response(RESPONSE, request=asked, dpop=True) is RESPONSE
    refused(lambda: token.check_token_response(RESPONSE, request=asked, dpop=False))
    bearer = token.TokenResponse(access_token="a", token_type="Bearer")
    refused(lambda: token.check_token_response(bearer, request=token.TokenRequest(grant_type="g"), dpop=True))
    none = token.TokenResponse(access_token="a", token_type="DPoP")
    refused(lambda: token.check_token_response(none, request=asked, dpop=True))
    lower = token.TokenResponse(access_token="a", token_type="dpop")
    assert token.check_token_response(lower, request=token.TokenRequest(grant_type="g"), dpop=True)
