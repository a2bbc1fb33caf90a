"""Authorization request of OpenID4VP 1.0 (sections 5, 8.4): its values, links and the parsers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from credentials.errors import IdError, ProtocolError
from credentials.jose import UnverifiedJws, parse_jws
from credentials.openid import haip
from credentials.openid.dcql_query import Query
from credentials.openid.links import check_url, link_parameters
from credentials.openid.wire import parse_form, required_text
from credentials.signed_list import TrustedVerifier
from did.encoding import b64url_decode, json_object, json_parse

TYP: Final = "oauth-authz-req+jwt"
MEDIA_TYPE: Final = "application/oauth-authz-req+jwt"
STATIC_AUDIENCE: Final = "https://self-issued.me/v2"
SCHEME: Final = "openid4vp"
MAX_BYTES: Final = 256 * 1024
MAX_TRANSACTIONS: Final = 16
URL_SAFE: Final = re.compile(r"[A-Za-z0-9._~-]{1,512}")
"""What `nonce`, `state` and `wallet_nonce` may consist of (section 5.2)."""

_WHAT: Final = "the request"
_HINT: Final = "Ask the verifier for a new request; tell it what is wrong with this one."


def refused(detail: str, *, error: str = "invalid_request", code: str = "malformed") -> ProtocolError:
    """Return the error for a request that a wallet does not answer."""
    return ProtocolError(error, detail, code=code, hint=_HINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLink:
    """What a link carries (`openid4vp://?client_id=…&request_uri=…`): a question to fetch, nothing more."""

    client_id: str
    request_uri: str
    method: str = "get"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedRequest:
    """A request whose parameters stood in the link itself (section 5.2): nobody vouches for them."""

    client_id: str
    prefix: str
    identifier: str
    parameters: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionData:
    """One `transaction_data` member; `encoded` is the string that is hashed, `data` what it says."""

    encoded: str
    type: str
    credential_ids: tuple[str, ...]
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedRequest:
    """A request object as it was read; nothing in it is verified."""

    jws: UnverifiedJws
    client_id: str
    prefix: str
    identifier: str
    unverified_claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A verified request. `verifier` says who asks; `encryption_jwk` is None only for plain `direct_post`."""

    client_id: str
    verifier: TrustedVerifier
    response_mode: str
    response_uri: str
    nonce: str
    state: str | None
    query: Query
    encryption_jwk: Mapping[str, Any] | None
    encryption_enc: str | None
    transaction_data: tuple[TransactionData, ...] = ()
    vp_formats: Mapping[str, Any] = field(default_factory=dict)


def parse_request_link(link: str, *, dev: bool = False) -> RequestLink:
    """Return what a link carries. Raises ProtocolError `invalid_request` or `invalid_request_uri_method` (T96)."""
    parameters = link_parameters(link, schemes=haip.REQUEST_SCHEMES)
    client_id, request_uri = parameters.get("client_id"), parameters.get("request_uri")
    if client_id is None or request_uri is None:
        raise refused("the link needs a client_id and a request_uri")
    split_client_id(client_id)
    method = parameters.get("request_uri_method", "get")
    if method not in ("get", "post"):
        raise refused("request_uri_method is neither get nor post", error="invalid_request_uri_method")
    uri = check_url(request_uri, what="request_uri", dev=dev)
    return RequestLink(client_id=client_id, request_uri=uri, method=method)


def parse_request_by_value(link: str) -> UnverifiedRequest | UnsignedRequest:
    """Return the request that a link carries itself: a request object in `request`, or plain parameters.

    A wallet that follows HAIP takes requests by reference only: `parse_request_link`. Raises ProtocolError
    `invalid_request`. Section 5.1 and 5.2, RFC 9101 5.
    """
    parameters = link_parameters(link, schemes=haip.REQUEST_SCHEMES)
    client_id = parameters.get("client_id")
    if client_id is None or "request_uri" in parameters:
        raise refused("a request by value needs a client_id, and no request_uri")
    prefix, identifier = split_client_id(client_id)
    if "request" in parameters:
        parsed = parse_request(parameters["request"])
        if parsed.client_id != client_id:
            raise refused("the request object is of another client than the link named", code="verifier_untrusted")
        return parsed
    values: dict[str, Any] = dict(parameters)
    for name in ("dcql_query", "client_metadata", "transaction_data"):
        if name in parameters:
            values[name] = _json(parameters[name], name)
    return UnsignedRequest(client_id=client_id, prefix=prefix, identifier=identifier, parameters=values)


def _json(text: str, name: str) -> Any:
    try:
        return json_parse(text)
    except IdError as exc:
        raise refused(f"{name} is not JSON: {exc.detail}") from exc


def parse_request_uri_post(body: bytes) -> str | None:
    """Return the `wallet_nonce` that a wallet posted to `request_uri`, None if there is none. Section 5.10.

    `wallet_metadata` and unknown parameters are ignored. Raises ProtocolError `invalid_request`.
    """
    nonce = parse_form(body).get("wallet_nonce")
    if nonce is not None and not URL_SAFE.fullmatch(nonce):
        raise refused("wallet_nonce has other characters than a URL may have, or is too long")
    return nonce


def split_client_id(client_id: str) -> tuple[str, str]:
    """Return prefix and identifier: what stands before and after the first colon. Section 5.9.

    Raises ProtocolError `invalid_request` without a colon: no verifier is registered beforehand here.
    """
    prefix, colon, identifier = client_id.partition(":")
    if not colon or not prefix or not identifier or len(client_id) > 2048:
        raise refused("client_id has no client identifier prefix")
    return prefix, identifier


def parse_request(jwt: str | bytes) -> UnverifiedRequest:
    """Read a request object: a compact JWS with claims and a `client_id` with prefix. Raises ProtocolError."""
    try:
        jws = parse_jws(jwt, max_bytes=MAX_BYTES)
        claims = jws.unverified_claims()
    except IdError as exc:
        raise refused(f"the request object cannot be read: {exc.detail}", code=exc.code) from exc
    client_id = required_text(claims, "client_id", what=_WHAT)
    prefix, identifier = split_client_id(client_id)
    return UnverifiedRequest(
        jws=jws, client_id=client_id, prefix=prefix, identifier=identifier, unverified_claims=claims
    )


def parse_transaction_data(value: object) -> tuple[TransactionData, ...]:
    """Return the members of `transaction_data`. Raises ProtocolError `invalid_transaction_data`. Section 8.4."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_TRANSACTIONS:
        raise _transaction(f"transaction_data is not an array of 1 to {MAX_TRANSACTIONS} strings")
    return tuple(_parse_transaction(entry) for entry in value)


def _parse_transaction(entry: object) -> TransactionData:
    if not isinstance(entry, str):
        raise _transaction("transaction_data holds something else than strings")
    try:
        data = json_object(b64url_decode(entry, max_bytes=MAX_BYTES))
    except IdError as exc:
        raise _transaction(f"transaction_data cannot be read: {exc.detail}") from exc
    kind, ids = data.get("type"), data.get("credential_ids")
    if not isinstance(kind, str) or not kind:
        raise _transaction("transaction_data has no type")
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise _transaction("transaction_data has no credential_ids")
    algs = data.get("transaction_data_hashes_alg", ["sha-256"])
    if not isinstance(algs, list) or "sha-256" not in algs:
        raise _transaction("transaction_data asks for another hash than sha-256")
    return TransactionData(encoded=entry, type=kind, credential_ids=tuple(ids), data=data)


def _transaction(detail: str) -> ProtocolError:
    return refused(detail, error="invalid_transaction_data")
