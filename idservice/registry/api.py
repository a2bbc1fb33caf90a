"""The operations of this room as its OpenAPI documents describe them: names, words, examples and refusals."""

from collections.abc import Mapping
from typing import Any, Final

from credentials.signed_list import MEDIA_TYPE as LIST_TYPE
from credentials.status.token_status_list import MEDIA_TYPE as STATUS_TYPE
from idservice.apidoc import TEXT, Operation, Table, answer
from idservice.registry.answers import DID_TYPE

_BASE = "https://id.example"
_JWS = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"

DID_DOCUMENT: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "A DID document (DID Core 1.0).",
    "required": ["id", "verificationMethod"],
    "properties": {
        "@context": {"type": "array"},
        "id": TEXT,
        "verificationMethod": {"type": "array", "items": {"type": "object"}},
        "authentication": {"type": "array"},
        "assertionMethod": {"type": "array"},
    },
}
ISSUER_KEYS: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "JWT VC issuer metadata (SD-JWT VC).",
    "required": ["issuer", "jwks"],
    "properties": {"issuer": TEXT, "jwks": {"type": "object", "required": ["keys"]}},
}
TYPE_METADATA: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "Type metadata (SD-JWT VC); what was published under a version never changes.",
    "required": ["vct"],
    "properties": {
        "vct": TEXT,
        "name": TEXT,
        "description": TEXT,
        "display": {"type": "array"},
        "claims": {"type": "array"},
    },
}
STATUS: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": TEXT},
}


def _did_document(did: str) -> dict[str, Any]:
    method = {"id": f"{did}#key-1", "type": "JsonWebKey", "controller": did, "publicKeyJwk": {"kty": "EC"}}
    return {"id": did, "verificationMethod": [method]}


PUBLIC: Final[Table] = {
    "GET /.well-known/did.json": Operation(
        id="serviceDid",
        summary="The service's DID document",
        description="Of its own `did:web`.",
        answers={200: answer(DID_DOCUMENT, _did_document("did:web:id.example"), media=DID_TYPE)},
        cached=True,
    ),
    "GET /dids/agencies/{agency_id}/did.json": Operation(
        id="agencyDid",
        summary="An agency's DID document",
        description="Of the `did:web` that this service hosts for it: the keys of its requests.",
        answers={200: answer(DID_DOCUMENT, _did_document("did:web:id.example:dids:agencies:bank"), media=DID_TYPE)},
        refuses=("not_found",),
        cached=True,
    ),
    "GET /.well-known/jwt-vc-issuer": Operation(
        id="issuerKeys",
        summary="The issuer's keys",
        description="For verifiers that do not read `x5c` (SD-JWT VC).",
        answers={200: answer(ISSUER_KEYS, {"issuer": _BASE, "jwks": {"keys": [{"kty": "EC"}]}})},
        cached=True,
    ),
    "GET /vct/{name}/{version}": Operation(
        id="typeMetadata",
        summary="Metadata of a credential type",
        description="The bytes that `vct#integrity` is over.",
        answers={200: answer(TYPE_METADATA, {"vct": f"{_BASE}/vct/e-residency/1", "name": "e-Residency"})},
        refuses=("not_found",),
        cached=True,
    ),
    "GET /status-lists/{list_id}": Operation(
        id="statusList",
        summary="A status list",
        description="The signed token in force (Token Status List); compressed where `Accept-Encoding` has `gzip`.",
        answers={200: answer(TEXT, _JWS, media=STATUS_TYPE)},
        refuses=("not_found",),
        refuses_as={406: ("media_type_unsupported",)},
        cached=True,
    ),
    "GET /v1/trusted-list": Operation(
        id="trustedList",
        summary="The signed list of issuers and agencies",
        description="A JWS of typ `trusted-list+jwt`: whom wallets and verifiers trust, for what, by which anchors.",
        answers={200: answer(TEXT, _JWS, media=LIST_TYPE)},
        cached=True,
    ),
}
"""What anybody may read."""

HEALTH: Final[Table] = {
    "GET /healthz": Operation(
        id="alive",
        summary="Whether the process lives",
        description="For a supervisor: answers as long as requests are served.",
        answers={200: answer(STATUS, {"status": "ok"})},
    ),
    "GET /readyz": Operation(
        id="ready",
        summary="Whether the service can do its work",
        description="For a load balancer: database and keys can be used.",
        answers={200: answer(STATUS, {"status": "ready"})},
    ),
}
"""On every listener."""
