"""Token request and response (OpenID4VCI 1.0 section 6, RFC 6749), and `authorization_details` (section 5.1.1)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from credentials.errors import IdError, ProtocolError
from credentials.openid.offer import PRE_AUTHORIZED
from credentials.openid.wire import (
    build_form,
    build_json,
    parse_form,
    parse_json,
    required_text,
    text_array,
    text_member,
)
from did.encoding import json_parse

GRANT_PRE_AUTHORIZED: Final = PRE_AUTHORIZED
GRANT_REFRESH: Final = "refresh_token"
GRANT_TYPES: Final = (GRANT_PRE_AUTHORIZED, GRANT_REFRESH)
DETAIL_TYPE: Final = "openid_credential"
MAX_DETAILS: Final = 64
_DETAILS_ERROR: Final = "invalid_authorization_details"
_RESPONSE: Final = "the token response"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationDetail:
    """One `authorization_details` entry of type `openid_credential`; `identifiers` only in responses."""

    configuration_id: str
    identifiers: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    claims: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token request; by `grant_type` it carries a pre-authorized code or a refresh token. Secrets are not shown."""

    grant_type: str
    pre_authorized_code: str | None = field(default=None, repr=False)
    tx_code: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    authorization_details: tuple[AuthorizationDetail, ...] = ()
    scope: tuple[str, ...] = ()
    resource: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResponse:
    """A token response; `token_type` is `DPoP` or `Bearer`."""

    access_token: str = field(repr=False)
    token_type: str
    expires_in: timedelta | None = None
    refresh_token: str | None = field(default=None, repr=False)
    authorization_details: tuple[AuthorizationDetail, ...] = ()
    scope: tuple[str, ...] = ()


# --- authorization_details -----------------------------------------------------------------------


def _details_json(details: Collection[AuthorizationDetail]) -> list[dict[str, Any]]:
    return [
        {
            "type": DETAIL_TYPE,
            "credential_configuration_id": one.configuration_id,
            **({"credential_identifiers": list(one.identifiers)} if one.identifiers else {}),
            **({"locations": list(one.locations)} if one.locations else {}),
            **({"claims": [dict(claim) for claim in one.claims]} if one.claims else {}),
        }
        for one in details
    ]


def _parse_details(value: object) -> tuple[AuthorizationDetail, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_DETAILS:
        raise _details_refused(f"authorization_details is not an array of 1 to {MAX_DETAILS} objects")
    return tuple(_parse_detail(entry) for entry in value)


def _parse_detail(entry: object) -> AuthorizationDetail:
    if not isinstance(entry, dict) or entry.get("type") != DETAIL_TYPE:
        raise _details_refused(f"an authorization detail is not of type {DETAIL_TYPE}")
    what = "the authorization detail"
    claims = entry.get("claims", [])
    if not isinstance(claims, list) or not all(isinstance(claim, dict) for claim in claims):
        raise _details_refused("claims of the authorization detail is not an array of objects")
    return AuthorizationDetail(
        configuration_id=required_text(entry, "credential_configuration_id", what=what, error=_DETAILS_ERROR),
        identifiers=text_array(entry, "credential_identifiers", what=what, error=_DETAILS_ERROR) or (),
        locations=text_array(entry, "locations", what=what, error=_DETAILS_ERROR) or (),
        claims=tuple(claims),
    )


def _details_refused(detail: str) -> ProtocolError:
    return ProtocolError(
        _DETAILS_ERROR, detail, hint="Send authorization_details as OpenID4VCI 1.0 section 5.1.1 has it."
    )


# --- request -------------------------------------------------------------------------------------


def build_token_request(request: TokenRequest) -> bytes:
    """Return the form body. Section 6.1."""
    details = build_json(_details_json(request.authorization_details)).decode()
    parameters = {
        "grant_type": request.grant_type,
        "pre-authorized_code": request.pre_authorized_code,
        "tx_code": request.tx_code,
        "refresh_token": request.refresh_token,
        "client_id": request.client_id,
        "authorization_details": details if request.authorization_details else None,
        "scope": " ".join(request.scope) or None,
        "resource": request.resource,
    }
    return build_form({name: value for name, value in parameters.items() if value is not None})


def parse_token_request(body: bytes) -> TokenRequest:
    """Return the request in a form body. Unknown parameters are ignored. Section 6.1.

    Raises ProtocolError `invalid_request`, `unsupported_grant_type` or `invalid_authorization_details`.
    """
    form = parse_form(body)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise ProtocolError("invalid_request", "the token request has no grant_type")
    if grant_type not in GRANT_TYPES:
        raise ProtocolError("unsupported_grant_type", "this grant_type is not supported")
    needed = "refresh_token" if grant_type == GRANT_REFRESH else "pre-authorized_code"
    if needed not in form:
        raise ProtocolError("invalid_request", f"the token request has no {needed}")
    details: tuple[AuthorizationDetail, ...] = ()
    if "authorization_details" in form:
        try:
            details = _parse_details(json_parse(form["authorization_details"]))
        except ProtocolError:
            raise
        except IdError as exc:
            raise _details_refused(f"authorization_details cannot be read: {exc.detail}") from exc
    return TokenRequest(
        grant_type=grant_type,
        pre_authorized_code=form.get("pre-authorized_code") if needed != "refresh_token" else None,
        tx_code=form.get("tx_code"),
        refresh_token=form.get("refresh_token") if needed == "refresh_token" else None,
        client_id=form.get("client_id"),
        authorization_details=details,
        scope=tuple(form.get("scope", "").split()),
        resource=form.get("resource"),
    )


def check_token_request(
    request: TokenRequest, *, tx_code_expected: bool, configuration_ids: Collection[str], anonymous: bool = True
) -> tuple[AuthorizationDetail, ...]:
    """See that the request fits the grant it redeems, and return the details it asks for (maybe none).

    `configuration_ids` = what the grant covers; `anonymous` = a request without `client_id` is accepted.
    Raises ProtocolError `invalid_request` (tx_code missing or superfluous), `invalid_client`,
    `invalid_authorization_details`. Unknown scopes are ignored. The code and the tx_code themselves are the caller's
    to compare. Section 6.3.
    """
    if not anonymous and request.client_id is None:
        raise ProtocolError("invalid_client", "the token request has no client_id", code="unauthenticated")
    if tx_code_expected and request.tx_code is None:
        raise ProtocolError(
            "invalid_request", "the offer needs its transaction code", hint="Enter the code you were given."
        )
    if request.tx_code is not None and not tx_code_expected:
        raise ProtocolError("invalid_request", "the offer has no transaction code, yet one was sent")
    names = [detail.configuration_id for detail in request.authorization_details]
    if not set(names) <= set(configuration_ids) or len(set(names)) != len(names):
        raise _details_refused("a configuration is asked for twice, or is not covered by the grant")
    return request.authorization_details


# --- response ------------------------------------------------------------------------------------


def build_token_response(response: TokenResponse) -> bytes:
    """Return the JSON body; send it with `Cache-Control: no-store`. Section 6.2."""
    value: dict[str, Any] = {"access_token": response.access_token, "token_type": response.token_type}
    if response.expires_in is not None:
        value["expires_in"] = int(response.expires_in.total_seconds())
    if response.refresh_token is not None:
        value["refresh_token"] = response.refresh_token
    if response.scope:
        value["scope"] = " ".join(response.scope)
    if response.authorization_details:
        value["authorization_details"] = _details_json(response.authorization_details)
    return build_json(value)


def parse_token_response(body: bytes) -> TokenResponse:
    """Return the response in a JSON body. Raises ProtocolError."""
    value = parse_json(body, what=_RESPONSE)
    expires_in = value.get("expires_in")
    if expires_in is not None and (type(expires_in) is not int or not 0 < expires_in < 1 << 31):
        raise ProtocolError("invalid_request", "expires_in of the token response is not a number of seconds")
    details = value.get("authorization_details")
    return TokenResponse(
        access_token=required_text(value, "access_token", what=_RESPONSE),
        token_type=required_text(value, "token_type", what=_RESPONSE),
        expires_in=None if expires_in is None else timedelta(seconds=expires_in),
        refresh_token=text_member(value, "refresh_token", what=_RESPONSE),
        authorization_details=() if details is None else _parse_details(details),
        scope=tuple((text_member(value, "scope", what=_RESPONSE) or "").split()),
    )


def check_token_response(response: TokenResponse, *, request: TokenRequest, dpop: bool) -> TokenResponse:
    """See that a DPoP request got a DPoP token (no fall-back to Bearer) and that details that were asked for came
    back with their `credential_identifiers`. Raises ProtocolError. Section 6.2, RFC 9449 5."""
    wanted = "dpop" if dpop else "bearer"
    if response.token_type.lower() != wanted:
        raise ProtocolError("invalid_request", f"the token is not of type {wanted}, as asked for")
    granted = {one.configuration_id for one in response.authorization_details if one.identifiers}
    if any(one.configuration_id not in granted for one in request.authorization_details):
        raise ProtocolError("invalid_request", "the token response has no credential_identifiers for what was asked")
    return response
