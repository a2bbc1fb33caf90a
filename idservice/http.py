"""How a sync endpoint gets its body and what it may know of a request; the checks themselves are in `guard`.

JSON bodies need no care in a room: declare a pydantic model as the endpoint's body parameter. The guard has then read
the whole body (1 MiB, deadline), seen that it is UTF-8 JSON without duplicates or depth (T70), and FastAPI does the
rest. Form and JWT bodies come through `FormBody` and `RawBody`.
"""

from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from idservice.problems import Refused

MAX_BODY = 1 << 20
FORM = "application/x-www-form-urlencoded"


def media_type(request: HTTPConnection) -> str:
    """Return the media type of the request's body without parameters, in lower case; empty when it has none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def request_id(request: HTTPConnection) -> str:
    """Return the correlation id of a request: it stands in logs, in problem documents and in `X-Request-Id`."""
    return str(request.scope.get("idservice.request_id", ""))


async def _raw_body(request: Request) -> bytes:
    return await request.body()


async def _form_body(request: Request) -> bytes:
    body = await request.body()
    if body and media_type(request) != FORM:
        raise Refused("media_type_unsupported", "this endpoint takes a form", hint=f"Send it as {FORM}.")
    return body


RawBody = Annotated[bytes, Depends(_raw_body)]
"""The body's bytes, of whatever accepted media type; see `media_type`."""
FormBody = Annotated[bytes, Depends(_form_body)]
"""The bytes of an `application/x-www-form-urlencoded` body, for `credentials.openid.wire.parse_form`."""
