"""What anybody may read: DIDs, type metadata, status lists, the signed list, and whether the service is well."""

import gzip
from functools import lru_cache

from fastapi import APIRouter, Request, Response
from sqlalchemy import text

from idservice.database import reading
from idservice.problems import Refused
from idservice.registry import answers
from idservice.registry.answers import Answer
from idservice.service import Service


def public_router(service: Service) -> APIRouter:
    """Return the registry's routes of the public listener."""
    router = APIRouter(tags=["registry"])

    @router.get("/.well-known/did.json", response_class=Response)
    def own_did(request: Request) -> Response:
        return _respond(request, answers.own_did(service))

    @router.get("/.well-known/jwt-vc-issuer", response_class=Response)
    def jwt_vc_issuer(request: Request) -> Response:
        return _respond(request, answers.jwt_vc_issuer(service))

    @router.get("/dids/agencies/{agency_id}/did.json", response_class=Response)
    def agency_did(agency_id: str, request: Request) -> Response:
        return _respond(request, answers.agency_did(service, agency_id))

    @router.get("/vct/{name}/{version}", response_class=Response)
    def type_metadata(name: str, version: str, request: Request) -> Response:
        return _respond(request, answers.type_metadata(service, name, version))

    @router.get("/status-lists/{list_id}", response_class=Response)
    def status_list(list_id: str, request: Request) -> Response:
        return _respond(request, answers.status_list(service, list_id), negotiated=True)

    @router.get("/v1/trusted-list", response_class=Response)
    def trusted_list(request: Request) -> Response:
        return _respond(request, answers.signed_list(service))

    return router


def health_router(service: Service) -> APIRouter:
    """Return `/healthz` (the process lives) and `/readyz` (database and keys can be used), for both listeners."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    def readyz() -> dict[str, str]:
        with reading(service.engine) as db:
            db.execute(text("SELECT 1 FROM leases LIMIT 1"))
        service.keys.check()
        return {"status": "ready"}

    return router


def _respond(request: Request, answer: Answer | None, *, negotiated: bool = False) -> Response:
    """Return a document that caches may keep and other origins may read; 304 when the caller has it."""
    if answer is None:
        raise Refused("not_found", "there is nothing at this address")
    headers = {
        "ETag": answer.etag,
        "Cache-Control": f"public, max-age={answer.max_age}" if answer.max_age else "no-cache",
        "Access-Control-Allow-Origin": "*",
    }
    if negotiated:
        headers["Vary"] = "Accept, Accept-Encoding"
        if not _accepts(request.headers.get("accept", "*/*"), answer.media_type):
            words = f"only {answer.media_type} is published here"
            raise NotAcceptable("media_type_unsupported", words, hint=f"Accept: {answer.media_type}")
    if answer.etag in (part.strip() for part in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    body = answer.body
    if negotiated and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = _compressed(body), "gzip"
    return Response(body, 200, headers, answer.media_type)


class NotAcceptable(Refused):
    """Nothing that was accepted is published: 406."""

    status = 406


@lru_cache(maxsize=64)
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)


def _accepts(header: str, media_type: str) -> bool:
    main = media_type.partition("/")[0]
    kinds = {part.partition(";")[0].strip().lower() for part in header.split(",")}
    return bool(kinds & {media_type, f"{main}/*", "*/*", ""})
