"""Errors on their way out: one handler per family, none in the routes. Bodies come from `problems`."""

import errno
import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from credentials.errors import ProtocolError
from credentials.openid.wire import build_error
from did.errors import IdError
from idservice.http import media_type, request_id
from idservice.problems import Refused, hint_of, problem, rendered, status_of
from idservice.service import Service

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)

log = logging.getLogger("idservice")


def install(app: FastAPI, service: Service) -> None:
    """Register the handlers on an app."""

    async def refused(request: Request, error: Exception) -> Response:
        return await _refused(service, request, error)

    async def failed(request: Request, _error: Exception) -> Response:
        return answer(service, request, code="internal", detail="the service failed; the operator finds it by this id")

    app.add_exception_handler(Exception, failed)
    for family in (IdError, RequestValidationError, HTTPException, SQLAlchemyError, OSError):
        app.add_exception_handler(family, refused)


async def _refused(service: Service, request: Request, error: Exception) -> Response:
    if isinstance(error, ProtocolError):
        headers = {"Cache-Control": "no-store", **error.headers}
        return Response(build_error(error), error.status, headers, "application/json")
    if isinstance(error, Refused) and error.after is not None:
        await run_in_threadpool(error.after)
    code, detail, hint, status, headers = _describe(request, error)
    return answer(service, request, code=code, detail=detail, hint=hint, status=status, headers=headers)


def answer(
    service: Service,
    request: Request,
    *,
    code: str,
    detail: str,
    hint: str = "",
    status: int | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the answer to a refusal: a page for people who asked for one, OAuth JSON, or a problem document."""
    status = status or status_of(code)
    headers = {"Cache-Control": "no-store", **(headers or {})}
    if code == "unauthenticated":
        headers.setdefault("WWW-Authenticate", "Bearer")
    hint = hint or hint_of(code)
    base, name = service.base_url, request_id(request)
    page = getattr(request.app.state, "error_page", None)
    if page is not None and _wants_page(request):
        response: Response = page(request, problem(base, name, code=code, detail=detail, hint=hint, status=status))
        response.headers.update(headers)
        return response
    path = request.scope["path"]
    body, media = rendered(base, path, name, code=code, detail=detail, hint=hint, status=status)
    return Response(body, status, headers, media)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith("/v1/")


def _describe(request: Request, error: Exception) -> tuple[str, str, str, int, dict[str, str]]:
    """Return code, detail, hint, status and headers of an error that is not a ProtocolError."""
    headers: dict[str, str] = {}
    if isinstance(error, IdError):
        if isinstance(error, Refused) and error.retry_after is not None:
            headers["Retry-After"] = str(error.retry_after)
        return error.code, error.detail, error.hint, getattr(error, "status", status_of(error.code)), headers
    if isinstance(error, RequestValidationError):
        return _invalid(request, error)
    if isinstance(error, HTTPException):
        headers.update(error.headers or {})
        if error.status_code == 404:
            return "not_found", "there is nothing at this address", "", 404, headers
        return "malformed", "this address does not take this method", "See the OpenAPI document.", 405, headers
    if isinstance(error, IntegrityError) or (isinstance(error, OSError) and error.errno not in _FULL):
        raise error  # a mistake of ours: the guard answers 500 and logs where
    if isinstance(error, PoolTimeout):
        log.warning("database connections are all in use", extra={"id": request_id(request)})
    else:
        log.warning("storage failed: %s", type(error).__name__, extra={"id": request_id(request)})
    headers["Retry-After"] = "5"
    return "unavailable", "the database cannot be used right now; nothing was changed", "", 503, headers


def _invalid(request: Request, error: RequestValidationError) -> tuple[str, str, str, int, dict[str, str]]:
    """Name what is wrong with the parameters or body, never their values (T65)."""
    problems = error.errors()
    in_body = any(item["loc"][:1] == ("body",) for item in problems)
    if in_body and media_type(request) not in ("", "application/json"):
        return "media_type_unsupported", "this endpoint takes JSON", "", 415, {}
    places = [f"{'.'.join(str(part)[:60] for part in item['loc'])}: {_fault(item['type'])}" for item in problems[:10]]
    return "malformed", "; ".join(places) or "the request does not fit", "", 400, {}


def _fault(kind: str) -> str:
    """Return words for a validator's fault without what was sent: its message may quote it."""
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not known here"
    return f"is not as it should be ({kind})"
