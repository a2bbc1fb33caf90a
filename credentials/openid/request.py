"""The authorization request of OpenID4VP 1.0 as verifier and wallet use it: build, parse, check.

Values and parsers are in request_model.py, building in request_build.py, the wallet's check in request_check.py, the
client identifier prefixes in client_id.py.
"""

from credentials.openid.client_id import PREFIXES
from credentials.openid.request_build import (
    build_request,
    build_request_by_value,
    build_request_link,
    build_request_uri_post,
    build_transaction_data,
    client_id_for_certificate,
    client_id_for_did,
)
from credentials.openid.request_check import ACCEPTED_PREFIXES, check_request, check_unsigned_request
from credentials.openid.request_model import (
    MEDIA_TYPE,
    SCHEME,
    STATIC_AUDIENCE,
    TYP,
    AuthorizationRequest,
    RequestLink,
    TransactionData,
    UnsignedRequest,
    UnverifiedRequest,
    parse_request,
    parse_request_by_value,
    parse_request_link,
    parse_request_uri_post,
    parse_transaction_data,
)

__all__ = [
    "ACCEPTED_PREFIXES",
    "MEDIA_TYPE",
    "PREFIXES",
    "SCHEME",
    "STATIC_AUDIENCE",
    "TYP",
    "AuthorizationRequest",
    "RequestLink",
    "TransactionData",
    "UnsignedRequest",
    "UnverifiedRequest",
    "build_request",
    "build_request_by_value",
    "build_request_link",
    "build_request_uri_post",
    "build_transaction_data",
    "check_request",
    "check_unsigned_request",
    "client_id_for_certificate",
    "client_id_for_did",
    "parse_request",
    "parse_request_by_value",
    "parse_request_link",
    "parse_request_uri_post",
    "parse_transaction_data",
]
