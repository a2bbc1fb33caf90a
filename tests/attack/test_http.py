"""What stands before and after a body (T67, T68, T97)."""

import asyncio

from starlette.types import Receive, Scope, Send

from idservice.app import create_public_app
from idservice.protocol import MAX_TRAILER
from idservice.service import Service
from tests.attack.raw import talk
from tests.factories import AGENCY_TOKEN

ASK = b'{"purpose":"login"}'
CHUNKED = b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n%x\r\n%s\r\n0\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_T97_a_trailer_is_no_header(service: Service) -> None:
    """In one packet with the head it stood among the headers before any route saw them."""

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST /v1/presentation-requests HTTP/1.1\r\nHost: x\r\n" + CHUNKED % (len(ASK), ASK))
        writer.write(b"Authorization: Bearer %s\r\n\r\n" % AGENCY_TOKEN.encode())
        return await reader.read(4096)

    assert status(talk(create_public_app(service), story)) == 401


def test_T68_endless_trailers_are_cut() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        while (await receive())["type"] != "http.disconnect":
            pass

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n" + CHUNKED % (2, b"{}"))
        try:
            for _ in range(64 * MAX_TRAILER // 600):
                writer.write(b"a: b\r\n" * 100)
                await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b""

    assert talk(app, story) == b""
    assert [len(scope["headers"]) for scope in seen] == [3]


def test_T68_a_body_that_drips_after_the_answer_holds_no_connection(service: Service) -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx")
        return await reader.read()  # to the end of the connection, which must come at once

    assert status(talk(create_public_app(service), story, seconds=3)) == 200


def test_requests_in_a_row_are_still_answered(service: Service) -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        body = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        writer.write(one + body + one + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return await reader.read()

    assert talk(create_public_app(service), story).count(b"HTTP/1.1 200") == 4
