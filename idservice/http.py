"""Guards of every request, and the ways a sync endpoint gets its body.

JSON bodies need no care in a room: declare a pydantic model as the endpoint's body parameter. The guard has then read
the whole body (1 MiB, deadline), seen that it is UTF-8 JSON without duplicates or depth (T70), and FastAPI does the
rest. Form and JWT bodies come through `FormBody` and `RawBody`.
"""

from typing import Annotated

from fastapi import Depends, Request

from idservice.problems import Refused

MAX_BODY = 1 << 20


def media_type(request: Request) -> str:
    """Return the media type of the request's body without parameters, in lower case; empty when it has none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _raw_body(request: Request) -> bytes:
    return await request.body()


async def _form_body(request: Request) -> bytes:
    if media_type(request) != "application/x-www-form-urlencoded":
        raise Refused("media_type_unsupported", "this endpoint takes a form", hint="Send x-www-form-urlencoded.")
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]
"""The body's bytes, of whatever accepted media type; see `media_type`."""
FormBody = Annotated[bytes, Depends(_form_body)]
"""The bytes of an `application/x-www-form-urlencoded` body, for `credentials.openid.oauth.parse_form`."""
