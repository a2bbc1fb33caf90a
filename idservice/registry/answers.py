"""What lies under our own base URL, from the rows: for the routes, and for whoever here would else fetch it.

A request that waits for a request to the same worker stops that worker (contract.md 10), so the guarded fetch asks
`local` first.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from credentials.signed_list import MEDIA_TYPE as LIST_TYPE
from credentials.status.token_status_list import MEDIA_TYPE as STATUS_TYPE
from did.errors import IdError
from did.methods.base import Fetched
from idservice.database import reading
from idservice.registry import documents, publication, trusted_list, types
from idservice.service import Service

DID_TYPE = "application/did+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A document with its media type, and how long anybody may keep it."""

    body: bytes
    media_type: str
    max_age: int

    @property
    def etag(self) -> str:
        """A strong validator over the bytes."""
        return f'"{sha256(self.body).hexdigest()[:32]}"'


def _json(value: dict[str, Any], media_type: str = "application/json", *, max_age: int = 300) -> Answer:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(body=body, media_type=media_type, max_age=max_age)


def own_did(service: Service) -> Answer:
    """Answer `/.well-known/did.json`."""
    return _json(documents.service_document(service), DID_TYPE)


def agency_did(service: Service, agency_id: str) -> Answer:
    """Answer `/dids/agencies/{id}/did.json`. Raises Refused (`not_found`)."""
    with reading(service.engine) as db:
        return _json(documents.agency_document(service, db, agency_id), DID_TYPE)


def jwt_vc_issuer(service: Service) -> Answer:
    """Answer `/.well-known/jwt-vc-issuer`."""
    return _json(documents.jwt_vc_issuer(service))


def type_metadata(service: Service, name: str, version: str) -> Answer | None:
    """Answer `/vct/{type}/{n}`: the bytes once published, which never change."""
    with reading(service.engine) as db:
        body = types.document(db, service.url(f"/vct/{name}/{version}"))
    return None if body is None else Answer(body=body, media_type="application/json", max_age=86400)


def status_list(service: Service, list_id: str) -> Answer | None:
    """Answer `/status-lists/{id}` with the token in force."""
    found = publication.published(service, list_id)
    if found is None:
        return None
    max_age = int(publication.ttl(service).total_seconds())
    return Answer(body=found.token.encode(), media_type=STATUS_TYPE, max_age=max_age)


def signed_list(service: Service) -> Answer:
    """Answer `/v1/trusted-list`; nobody keeps it, since a wallet asks when it misses a new certificate."""
    return Answer(body=trusted_list.token(service).encode(), media_type=LIST_TYPE, max_age=0)


_PATHS: dict[re.Pattern[str], Callable[..., Answer | None]] = {
    re.compile(r"/\.well-known/did\.json"): own_did,
    re.compile(r"/\.well-known/jwt-vc-issuer"): jwt_vc_issuer,
    re.compile(r"/dids/agencies/([A-Za-z0-9_-]+)/did\.json"): agency_did,
    re.compile(r"/vct/([a-z0-9-]+)/([0-9]+)"): type_metadata,
    re.compile(r"/status-lists/([A-Za-z0-9_-]+)"): status_list,
    re.compile(r"/v1/trusted-list"): signed_list,
}


def local(service: Service, path: str, accept: str) -> Fetched | None:  # noqa: ARG001 (each path has one media type)
    """Return what a GET of `path` would answer, without asking anybody; None where nothing is."""
    for pattern, find in _PATHS.items():
        match = pattern.fullmatch(path)
        if match is None:
            continue
        try:
            answer = find(service, *match.groups())
        except IdError:
            return None
        return None if answer is None else Fetched(200, answer.media_type, answer.body)
    return None
