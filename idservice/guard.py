"""What every request passes before a route sees it: flood, path, size, time, media type, strict JSON (T67-T70, T97).

And what every answer gets: a correlation id, `nosniff`, `no-store` unless a route says otherwise, one log line that
holds the route's template and never an address, a query or a value (T65).
"""

import asyncio
import logging
import secrets
import time

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from did.encoding import json_parse
from did.errors import IdError
from idservice.faults import where
from idservice.flood import FloodGate
from idservice.http import FORM, MAX_BODY
from idservice.problems import STANDARD_PATHS, Refused, rendered, status_of
from idservice.service import Service
from idservice.source import source

MEDIA_TYPES = frozenset({"application/json", FORM, "application/jwt"})
BAD_IN_PATH = (b"%2f", b"%5c", b"%00", b"\\", b"//")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}

log = logging.getLogger("idservice.requests")


class Guard:
    """The outermost layer of an app."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        """Wrap `app`."""
        self._app = app
        self._service = service
        self._flood = FloodGate(per_second=service.settings.flood_per_second, burst=service.settings.flood_burst)
        headers = dict(HEADERS)
        if service.base_url.startswith("https:"):
            headers["Strict-Transport-Security"] = "max-age=31536000"
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        started = time.monotonic()
        answer = _Answer(send, self._headers, secrets.token_urlsafe(12))
        # A copy: the server goes by the method it saw, so an answer to HEAD keeps its headers and loses its body.
        method = scope["method"]
        if method == "HEAD":
            method, answer = "GET", _Head(send, self._headers, answer.request_id)
            receive = answer.receive
        inner: Scope = {**scope, "method": method, "idservice.request_id": answer.request_id}
        try:
            await self._app(inner, await self._checked(inner, receive), answer)
        except _Gone:
            return
        except Refused as refused:
            await self._refuse(answer, scope["path"], refused)
        except Exception as error:  # noqa: BLE001 (the edge: nothing may pass it)
            log.error("failed: %s", where(error), extra={"id": answer.request_id})
            await self._refuse(
                answer, scope["path"], Refused("internal", "the service failed; the operator finds it by this id")
            )
        route = getattr(inner.get("route"), "path", "-")
        fields = {"id": answer.request_id, "method": scope["method"], "route": route, "status": answer.status}
        log.info("request", extra={**fields, "ms": round((time.monotonic() - started) * 1000, 1)})

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        wait = self._flood.wait(source(self._service, HTTPConnection(scope)))
        if wait:
            raise Refused("rate_limited", "too many requests from this address", retry_after=wait)
        raw = scope.get("raw_path") or b""
        if any(bad in raw.lower() for bad in BAD_IN_PATH) or not raw.isascii():
            raise Refused("malformed", "the path holds an encoded slash, a backslash or an empty part")
        query = scope.get("query_string") or b""
        if b"%00" in query or b"\0" in query:
            raise Refused("malformed", "the query holds a NUL, which no text of ours does")
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return receive
        headers = Headers(scope=scope)
        _check_headers(headers)
        try:
            async with asyncio.timeout(self._service.settings.body_seconds):
                body = await _read(receive)
        except TimeoutError:
            raise _Late("malformed", "the body took too long to arrive") from None
        if body:
            _check_body(headers, body, strict=not scope["path"].startswith(STANDARD_PATHS))
        return _replay(body, receive)

    async def _refuse(self, answer: "_Answer", path: str, refused: Refused) -> None:
        if answer.status:
            return  # headers are out already: all that is left is to break off
        status = 408 if isinstance(refused, _Late) else status_of(refused.code)
        body, media = rendered(
            self._service.base_url,
            path,
            answer.request_id,
            code=refused.code,
            detail=refused.detail,
            hint=refused.hint,
            status=status,
        )
        headers = [(b"content-type", media.encode()), (b"content-length", str(len(body)).encode())]
        headers.append((b"connection", b"close"))
        if refused.retry_after is not None:
            headers.append((b"retry-after", str(refused.retry_after).encode()))
        await answer({"type": "http.response.start", "status": status, "headers": headers})
        await answer({"type": "http.response.body", "body": body})


class _Late(Refused):
    """The body did not arrive in time: 408."""


class _Gone(Exception):
    """The client is gone; there is nobody to answer."""


class _Answer:
    """The way out: adds the headers that an answer lacks, and remembers its status."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], request_id: str) -> None:
        self._send = send
        self._headers = headers
        self.request_id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", []))
            present = {name.lower() for name, _ in headers}
            headers += [header for header in self._headers if header[0] not in present]
            headers.append((b"x-request-id", self.request_id.encode()))
            message = {**message, "headers": headers}
        await self._send(message)


class _Head(_Answer):
    """The way out of an answer to HEAD: over with its headers, or an event stream would go on for nobody."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], request_id: str) -> None:
        super().__init__(send, headers, request_id)
        self._over = asyncio.Event()
        self._asked = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await super().__call__(message)
        elif not self._over.is_set():
            self._over.set()
            await super().__call__({"type": "http.response.body", "body": b"", "more_body": False})

    async def receive(self) -> Message:
        """Give the empty body; then tell whoever streams that the client is gone, once the answer is out."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}


def _check_headers(headers: Headers) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Refused("media_type_unsupported", "request bodies must not be compressed", hint="Send it as it is.")
    length = headers.get("content-length")
    if length is not None and (not length.isascii() or not length.isdigit()):
        raise Refused("malformed", "Content-Length is no number")
    if length is not None and int(length[:20]) > MAX_BODY:
        raise Refused("too_large", f"the body is larger than {MAX_BODY} bytes")


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise Refused("too_large", f"the body is larger than {MAX_BODY} bytes")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _check_body(headers: Headers, body: bytes, *, strict: bool) -> None:
    kind, _, parameters = headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    charset = parameters.strip().lower().replace('"', "").replace(" ", "")
    if len(headers.getlist("content-type")) > 1 or kind not in MEDIA_TYPES or charset not in ("", "charset=utf-8"):
        raise Refused("media_type_unsupported", "the content type is none that is read here")
    if strict and kind == "application/json":
        try:
            json_parse(body, max_bytes=MAX_BODY, max_depth=32)
        except IdError as error:
            raise Refused("malformed", f"the body is not strict JSON: {error.detail}") from error


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
