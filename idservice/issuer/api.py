"""The operations of this room as its OpenAPI documents describe them: names, words, examples and refusals.

Bodies and answers of the standard's endpoints are given as far as this issuer reads and writes them
(OpenID4VCI 1.0); members beyond these are ignored.
"""

from collections.abc import Mapping
from typing import Any, Final

from credentials.openid.token import GRANT_PRE_AUTHORIZED, GRANT_REFRESH
from idservice.apidoc import JWT, TEXT, Content, Errors, Operation, Table, answer
from idservice.http import FORM
from idservice.issuer.routes import MadeOffer, SeenOffer

Json = Mapping[str, Any]

_ID = "8mC3p5VQw1gB2nq0k2rHZA"
_LINK = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fid.example%2Fvci%2Foffers%2Fx"
_BASE = "https://id.example"
_PROOF = "eyJ0eXAiOiJvcGVuaWQ0dmNpLXByb29mK2p3dCIsImFsZyI6IkVTMjU2In0.e30.c2lnbmF0dXJl"


def _object(required: tuple[str, ...], words: str, **properties: Any) -> Json:
    return {"type": "object", "description": words, "required": list(required), "properties": properties}


def _array(items: Json, **limits: int) -> Json:
    return {"type": "array", "items": items, **limits}


_DETAIL: Final = _object(
    ("type", "credential_configuration_id"),
    "An authorization detail (section 5.1.1).",
    type={"const": "openid_credential"},
    credential_configuration_id=TEXT,
    credential_identifiers=_array(TEXT),
)
ISSUER_METADATA: Final = _object(
    ("credential_issuer", "credential_endpoint", "nonce_endpoint", "credential_configurations_supported"),
    "Credential issuer metadata (section 12.2.4).",
    credential_issuer=TEXT,
    credential_endpoint=TEXT,
    nonce_endpoint=TEXT,
    notification_endpoint=TEXT,
    batch_credential_issuance=_object(("batch_size",), "Copies at once.", batch_size={"type": "integer", "minimum": 2}),
    display=_array({"type": "object"}),
    credential_configurations_supported={"type": "object", "additionalProperties": {"type": "object"}},
)
SERVER_METADATA: Final = _object(
    ("issuer", "token_endpoint", "grant_types_supported"),
    "Authorization server metadata (RFC 8414).",
    issuer=TEXT,
    token_endpoint=TEXT,
    grant_types_supported=_array(TEXT),
    response_types_supported=_array(TEXT),
    token_endpoint_auth_methods_supported=_array(TEXT),
    authorization_details_types_supported=_array(TEXT),
    dpop_signing_alg_values_supported=_array(TEXT),
    scopes_supported=_array(TEXT),
    **{"pre-authorized_grant_anonymous_access_supported": {"type": "boolean"}},
)
OFFER: Final = _object(
    ("credential_issuer", "credential_configuration_ids", "grants"),
    "A credential offer (section 4.1.1).",
    credential_issuer=TEXT,
    credential_configuration_ids=_array(TEXT, minItems=1),
    grants={"type": "object", "required": [GRANT_PRE_AUTHORIZED]},
)
TOKEN_REQUEST: Final[Json] = {
    "type": "object",
    "description": "Token request (section 6.1): a pre-authorized code or a refresh token.",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"enum": [GRANT_PRE_AUTHORIZED, GRANT_REFRESH]},
        "pre-authorized_code": TEXT,
        "tx_code": {"type": "string", "description": "Where the offer asks for one: six digits."},
        "refresh_token": TEXT,
        "client_id": TEXT,
        "authorization_details": {"type": "string", "description": "A JSON array of authorization details."},
        "scope": TEXT,
    },
}
TOKEN_RESPONSE: Final = _object(
    ("access_token", "token_type", "expires_in"),
    "Token response (section 6.2); `refresh_token` for offers that come from a case.",
    access_token=TEXT,
    token_type={"enum": ["DPoP", "Bearer"]},
    expires_in={"type": "integer"},
    refresh_token=TEXT,
    scope=TEXT,
    authorization_details=_array(_DETAIL),
)
NONCE: Final = _object(("c_nonce",), "A fresh `c_nonce`, good for 5 minutes.", c_nonce=TEXT)
CREDENTIAL_REQUEST: Final[Json] = {
    "type": "object",
    "description": "Credential request (section 8.2): one of `credential_configuration_id` and "
    "`credential_identifier`, and a key proof for each copy.",
    "required": ["proofs"],
    "properties": {
        "credential_configuration_id": TEXT,
        "credential_identifier": {"type": "string", "description": "One of the token response, where it lists any."},
        "proofs": _object(("jwt",), "Key proofs (appendix F.1).", jwt=_array(TEXT, minItems=1, maxItems=10)),
    },
    "oneOf": [{"required": ["credential_configuration_id"]}, {"required": ["credential_identifier"]}],
}
CREDENTIAL_RESPONSE: Final = _object(
    ("credentials",),
    "Credential response (section 8.3): one copy for each proven key.",
    credentials=_array(_object(("credential",), "A copy.", credential=TEXT), minItems=1),
    notification_id=TEXT,
)
NOTIFICATION: Final = _object(
    ("notification_id", "event"),
    "Notification request (section 11.1).",
    notification_id={"type": "string", "minLength": 1},
    event={"enum": ["credential_accepted", "credential_failure", "credential_deleted"]},
    event_description=TEXT,
)

_SIGNED: Final = ("malformed", "too_large", "signature_invalid", "algorithm_not_allowed", "type_unexpected")
"""What any JWS can be refused with."""
_DPOP: Final = (*_SIGNED, "holder_binding_invalid", "audience_mismatch", "request_replayed")
_NO_ACCESS: Final[Errors] = {"invalid_token": ("unauthenticated",), "invalid_dpop_proof": _DPOP}

WALLET: Final[Table] = {
    "GET /.well-known/openid-credential-issuer": Operation(
        id="issuerMetadata",
        summary="Credential issuer metadata",
        description="As JSON, or signed for `Accept: application/jwt` (OpenID4VCI 1.0 section 12.2).",
        answers={
            200: (
                Content(
                    ISSUER_METADATA,
                    {
                        "answer": {
                            "credential_issuer": _BASE,
                            "credential_endpoint": f"{_BASE}/vci/credential",
                            "nonce_endpoint": f"{_BASE}/vci/nonce",
                            "notification_endpoint": f"{_BASE}/vci/notification",
                            "batch_credential_issuance": {"batch_size": 10},
                            "credential_configurations_supported": {"e-residency": {"format": "dc+sd-jwt"}},
                        }
                    },
                ),
                Content(TEXT, {"answer": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"}, JWT),
            )
        },
    ),
    "GET /.well-known/oauth-authorization-server": Operation(
        id="serverMetadata",
        summary="Authorization server metadata",
        description="RFC 8414, with what OpenID4VCI 1.0 section 12.3 adds.",
        answers={
            200: answer(
                SERVER_METADATA,
                {
                    "issuer": _BASE,
                    "token_endpoint": f"{_BASE}/vci/token",
                    "grant_types_supported": [GRANT_PRE_AUTHORIZED, GRANT_REFRESH],
                },
            )
        },
    ),
    "GET /vci/offers/{link}": Operation(
        id="offerByReference",
        summary="A credential offer",
        description="The bare offer object behind a `credential_offer_uri`, while it waits.",
        answers={
            200: answer(
                OFFER,
                {
                    "credential_issuer": _BASE,
                    "credential_configuration_ids": ["official-role"],
                    "grants": {GRANT_PRE_AUTHORIZED: {"pre-authorized_code": "q0k2rHZA8mC3p5VQw1gB2g"}},
                },
            )
        },
        refuses=("offer_expired",),
    ),
    "POST /vci/token": Operation(
        id="token",
        summary="Redeem a code or a refresh token",
        description="OpenID4VCI 1.0 section 6. An offer that comes from a case is redeemed only under DPoP by the "
        "key that applied; the header `DPoP` carries the proof (RFC 9449).",
        body=Content(
            TOKEN_REQUEST,
            {
                "code": {
                    "grant_type": GRANT_PRE_AUTHORIZED,
                    "pre-authorized_code": "q0k2rHZA8mC3p5VQw1gB2g",
                    "tx_code": "493536",
                },
                "refresh": {
                    "grant_type": GRANT_REFRESH,
                    "refresh_token": "mXw8mC3p5VQw1gB2nq0k2gmXw8mC3p5VQw1gB2nq0k2",
                },
            },
            FORM,
        ),
        answers={
            200: answer(
                TOKEN_RESPONSE,
                {"access_token": "Zl0oNn5lT6Yj0nq0mXwAk5", "token_type": "Bearer", "expires_in": 600},
            )
        },
        errors={
            400: {
                "invalid_request": ("malformed", "too_large"),
                "unsupported_grant_type": ("malformed",),
                "invalid_authorization_details": ("malformed",),
                "invalid_grant": (
                    "offer_expired",
                    "tx_code_wrong",
                    "holder_binding_invalid",
                    "request_replayed",
                    "rate_limited",
                    "credential_expired",
                ),
                "invalid_dpop_proof": _DPOP,
            }
        },
    ),
    "POST /vci/nonce": Operation(
        id="fetchNonce",
        summary="A fresh c_nonce",
        description="For anybody (OpenID4VCI 1.0 section 7). It serves all proofs of one request.",
        answers={200: answer(NONCE, {"c_nonce": "AAAAAGkhk8BvZ0m1n5TqkYxX2aVf0b3o3vN1u2c4d5e6f7g8h9i0jA"})},
    ),
    "POST /vci/credential": Operation(
        id="issue",
        summary="Issue one copy for each proven key",
        description="OpenID4VCI 1.0 section 8. The same keys again under the same access token get the same copies, "
        "signed anew.",
        access="wallet",
        body=Content(
            CREDENTIAL_REQUEST,
            {"configuration": {"credential_configuration_id": "official-role", "proofs": {"jwt": [_PROOF]}}},
        ),
        answers={
            200: answer(
                CREDENTIAL_RESPONSE,
                {"credentials": [{"credential": "eyJ0eXAiOiJkYytzZC1qd3QifQ.e30.c2ln~"}], "notification_id": _ID},
            )
        },
        refuses=("claim_missing",),
        errors={
            400: {
                "invalid_credential_request": ("malformed",),
                "unknown_credential_configuration": ("malformed",),
                "unknown_credential_identifier": ("malformed",),
                "invalid_proof": (*_SIGNED, "holder_binding_invalid", "audience_mismatch", "nonce_mismatch"),
                "invalid_nonce": ("nonce_mismatch", "request_replayed"),
                "invalid_encryption_parameters": ("malformed",),
                "credential_request_denied": (
                    "conflict",
                    "credential_revoked",
                    "credential_suspended",
                    "credential_expired",
                ),
            },
            401: _NO_ACCESS,
        },
    ),
    "POST /vci/notification": Operation(
        id="notify",
        summary="Say what became of issued credentials",
        description="OpenID4VCI 1.0 section 11. `event_description` is not kept.",
        access="wallet",
        body=Content(NOTIFICATION, {"accepted": {"notification_id": _ID, "event": "credential_accepted"}}),
        answers={204: ()},
        errors={
            400: {"invalid_notification_request": ("malformed",), "invalid_notification_id": ("not_found",)},
            401: _NO_ACCESS,
        },
    ),
}
"""What wallets call (OpenID4VCI 1.0)."""

_SEEN: Final = {
    "id": _ID,
    "state": "waiting",
    "types": ["official-role"],
    "expires_at": "2026-11-22T12:15:00Z",
    "tx_code_misses": 0,
}
STAFF: Final[Table] = {
    "POST /v1/offers": Operation(
        id="createOffer",
        summary="Offer a credential without a case",
        description="Only for types that say `direct_offer`. Link and code are shown this once.",
        access="staff",
        keyed=True,
        sends={
            "role": {
                "credential_configuration_id": "official-role",
                "claims": {
                    "role": "registrar",
                    "agency_did": "did:web:welfare.example",
                    "scopes": ["cases.read", "cases.propose"],
                },
                "tx_code": True,
            }
        },
        answers={
            201: answer(
                MadeOffer,
                {
                    "id": _ID,
                    "state": "waiting",
                    "offer": _LINK,
                    "offer_by_value": "openid-credential-offer://?credential_offer=%7B%7D",
                    "handle": "7G4K-9QWX",
                    "tx_code": "493536",
                    "expires_at": "2026-11-22T12:15:00Z",
                },
            )
        },
        refuses=("claim_missing", "four_eyes_required", "not_found", "conflict", "personal_code_invalid"),
    ),
    "GET /v1/offers/{offer_id}": Operation(
        id="readOffer",
        summary="State of an offer",
        description="Its types, its end, and how many wrong codes it had.",
        access="staff",
        answers={200: answer(SeenOffer, _SEEN)},
        refuses=("not_found",),
    ),
    "POST /v1/offers/{offer_id}/cancel": Operation(
        id="cancelOffer",
        summary="End an offer",
        description="One that nobody has redeemed; harmless when it has ended unused.",
        access="staff",
        keyed=True,
        answers={200: answer(SeenOffer, {**_SEEN, "state": "cancelled"})},
        refuses=("not_found", "conflict"),
    ),
}
"""Direct offers, on the staff listener."""
