"""Token request and response (OpenID4VCI 1.0 section 6, RFC 6749), and `authorization_details` (section 5.1.1)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from credentials.openid.offer import PRE_AUTHORIZED

GRANT_PRE_AUTHORIZED: Final = PRE_AUTHORIZED
GRANT_REFRESH: Final = "refresh_token"
GRANT_TYPES: Final = (GRANT_PRE_AUTHORIZED, GRANT_REFRESH)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationDetail:
    """One `authorization_details` entry of type `openid_credential`; `identifiers` only in responses."""

    configuration_id: str
    identifiers: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    claims: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token request. `code` = the pre-authorized code or the refresh token, by grant type; secrets are not shown."""

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


def build_token_request(request: TokenRequest) -> bytes:
    """Return the form body. Section 6.1."""
    raise NotImplementedError


def parse_token_request(body: bytes) -> TokenRequest:
    """Return the request in a form body. Unknown parameters are ignored. Raises ProtocolError `invalid_request`,
    `unsupported_grant_type` or `invalid_authorization_details`. Section 6.1."""
    raise NotImplementedError


def check_token_request(
    request: TokenRequest, *, tx_code_expected: bool, configuration_ids: Collection[str], anonymous: bool = True
) -> tuple[AuthorizationDetail, ...]:
    """See that the request fits the grant it redeems, and return the details it asks for (maybe none).

    `configuration_ids` = what the grant covers; `anonymous` = a request without `client_id` is accepted.
    Raises ProtocolError `invalid_request` (tx_code missing or superfluous), `invalid_client`, `invalid_scope`,
    `invalid_authorization_details`. The code and the tx_code themselves are the caller's to compare. Section 6.3.
    """
    raise NotImplementedError


def build_token_response(response: TokenResponse) -> bytes:
    """Return the JSON body; send it with `Cache-Control: no-store`. Section 6.2."""
    raise NotImplementedError


def parse_token_response(body: bytes) -> TokenResponse:
    """Return the response in a JSON body. Raises ProtocolError."""
    raise NotImplementedError


def check_token_response(response: TokenResponse, *, request: TokenRequest, dpop: bool) -> TokenResponse:
    """See that a DPoP request got a DPoP token (no fall-back to Bearer) and that details that were asked for came
    back with their `credential_identifiers`. Raises ProtocolError. Section 6.2, RFC 9449 5."""
    raise NotImplementedError
