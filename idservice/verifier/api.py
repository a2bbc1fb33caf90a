"""The operations of this room as its OpenAPI documents describe them: names, words, examples and refusals."""

from collections.abc import Mapping
from typing import Any, Final

from credentials.openid.request import MEDIA_TYPE
from idservice.apidoc import TEXT, Content, Operation, Table, answer
from idservice.http import FORM

from .answer import KNOWN_ERRORS
from .wire import MadeBody, ReadBody, VerdictBody, VerdictsBody, VerifyBatch, VerifyItem

_ID = "gB2nq0k2rHZA8mC3p5VQww"
_AT = "2026-11-22T12:05:00Z"
_BASE = "https://id.example"
_JWS = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
_SD_JWT = "eyJ0eXAiOiJkYytzZC1qd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl~"

VERDICTS: Final = (
    "malformed",
    "too_large",
    "signature_invalid",
    "disclosure_invalid",
    "algorithm_not_allowed",
    "type_unexpected",
    "audience_mismatch",
    "nonce_mismatch",
    "transaction_mismatch",
    "holder_binding_invalid",
    "claim_missing",
    "claim_unrequested",
    "query_unsatisfied",
    "issuer_untrusted",
    "issuer_key_unresolvable",
    "credential_expired",
    "credential_not_yet_valid",
    "credential_revoked",
    "credential_suspended",
    "status_invalid",
    "status_unavailable",
)
"""Codes of a verdict that is not `valid`."""

_QUERY: Final = {
    "credentials": [
        {
            "id": "e",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["e-residency"]},
            "claims": [{"path": ["family_name"]}, {"path": ["birthdate"]}],
        }
    ]
}
_CHECK: Final = {
    "name": "signature",
    "outcome": "passed",
    "spec": "RFC 9901 section 7.1",
    "detail": "the issuer's signature holds",
    "hint": "",
}
_VERDICT: Final = {
    "verdict": "valid",
    "checks": [_CHECK],
    "credentials": [
        {
            "query_id": "e",
            "format": "dc+sd-jwt",
            "type": f"{_BASE}/vct/e-residency/1",
            "issuer": _BASE,
            "claims": {"family_name": "Tamm"},
            "status": "valid",
            "valid_until": "2026-12-06T00:00:00Z",
        }
    ],
}
_REQUEST_OBJECT: Final = answer(TEXT, _JWS, media=MEDIA_TYPE)
_NONCE_FORM: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "OpenID4VP 1.0 section 5.10.",
    "properties": {
        "wallet_nonce": {"type": "string", "description": "Comes back inside the request object."},
        "wallet_metadata": {"type": "string", "description": "Read and not used: every request fits HAIP wallets."},
    },
}
_RESPONSE_FORM: Final[Mapping[str, Any]] = {
    "description": "OpenID4VP 1.0 section 8: an encrypted presentation, or an error in the clear.",
    "anyOf": [
        {
            "type": "object",
            "required": ["response"],
            "properties": {"response": {"type": "string", "description": "JWE for the key of this request."}},
        },
        {
            "type": "object",
            "required": ["error", "state"],
            "properties": {
                "error": {"type": "string", "examples": sorted(KNOWN_ERRORS)},
                "error_description": TEXT,
                "state": TEXT,
            },
        },
    ],
}

AGENCY: Final[Table] = {
    "POST /v1/presentation-requests": Operation(
        id="createPresentationRequest",
        summary="Ask a person to show credentials",
        description="Names a registered `purpose`, or a `dcql_query` within one's purposes, or both. With "
        "`redirect_uri` the same-device flow: the wallet sends the browser back there with a `response_code`. "
        "`request` is the link for wallets, `page` the page for people; `words` are shown on both screens.",
        access="agency",
        keyed=True,
        sends={
            "purpose": {"purpose": "login"},
            "query": {"dcql_query": _QUERY},
            "same_device": {"purpose": "kyc", "redirect_uri": "http://localhost:8000/back"},
        },
        answers={
            201: answer(
                MadeBody,
                {
                    "id": _ID,
                    "state": "waiting",
                    "flow": "cross_device",
                    "purpose": "login",
                    "request": "openid4vp://?client_id=x509_hash%3Ax&request_uri=https%3A%2F%2Fid.example%2Fvp%2Frequests%2Fx",
                    "page": f"{_BASE}/present/7G4K9QWX",
                    "handle": "7G4K-9QWX",
                    "words": "amber-river-42",
                    "client_id": "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk",
                    "expires_at": _AT,
                },
            )
        },
        refuses=("conflict", "over_asking"),
    ),
    "GET /v1/presentation-requests/{id}": Operation(
        id="readPresentationRequest",
        summary="What came of a request",
        description="State, verdict and, for ten minutes, claims by query id. In the same-device flow claims come only "
        "with the `response_code` that the browser brought back. Another agency's request is not found.",
        access="agency",
        answers={
            200: answer(
                ReadBody,
                {
                    "id": _ID,
                    "state": "answered",
                    "flow": "cross_device",
                    "purpose": "login",
                    "verdict": _VERDICT,
                    "claims": {"e": [{"family_name": "Tamm"}]},
                },
            )
        },
        refuses=("access_denied", "not_found"),
    ),
    "POST /v1/verify": Operation(
        id="verify",
        summary="Judge a credential or a presentation",
        description="One, or up to 200 under `items`. Nothing is kept. What does not hold is a verdict, answered 200; "
        "a bare `credential` is judged without holder binding, a `presentation` needs `nonce` and `audience`.",
        access="agency",
        body=Content(
            VerifyItem | VerifyBatch,
            {
                "credential": {"credential": _SD_JWT},
                "presentation": {"presentation": _SD_JWT, "nonce": "n-0S6_WzA2Mj", "audience": "x509_hash:Uvo3Htu"},
                "batch": {"items": [{"credential": _SD_JWT}, {"credential": _SD_JWT}]},
            },
        ),
        answers={200: (Content(VerdictBody | VerdictsBody, {"one": _VERDICT, "batch": {"verdicts": [_VERDICT]}}),)},
    ),
}
"""The agency API."""

WALLET: Final[Table] = {
    "GET /vp/requests/{request_ref}": Operation(
        id="requestObject",
        summary="A signed request object",
        description="What lies behind a `request_uri` (OpenID4VP 1.0 section 5), while the request is open.",
        answers={200: _REQUEST_OBJECT},
        refuses=("not_found", "request_expired"),
    ),
    "POST /vp/requests/{request_ref}": Operation(
        id="requestObjectForWallet",
        summary="A signed request object with the wallet's nonce",
        description="As for GET, with `wallet_nonce` inside (section 5.10).",
        body=Content(_NONCE_FORM, {"nonce": {"wallet_nonce": "qPmxiNFCR3QTm19POc8u"}}, FORM),
        answers={200: _REQUEST_OBJECT},
        refuses=("not_found", "request_expired"),
    ),
    "POST /vp/responses/{response_ref}": Operation(
        id="answerRequest",
        summary="Answer a request",
        description="What cannot be decrypted or read, or has another `state`, leaves the request as it was; what can "
        "be read ends it. A presentation that does not hold is refused with the code of its verdict.",
        body=Content(
            _RESPONSE_FORM,
            {
                "refusal": {"error": "access_denied", "state": "8mC3p5VQw1gB2nq0k2rHZA"},
                "presentation": {"response": "e"},
            },
            FORM,
        ),
        answers={
            200: answer(
                {
                    "type": "object",
                    "properties": {"redirect_uri": {"type": "string", "description": "In the same-device flow."}},
                },
                {},
            )
        },
        errors={400: {"invalid_request": (*VERDICTS, "not_found", "request_expired", "request_replayed")}},
    ),
}
"""What wallets call (OpenID4VP 1.0)."""
