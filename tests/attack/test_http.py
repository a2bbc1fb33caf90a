"""What stands before and after a body (T67, T68, T97)."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from did.errors import FetchFailed
from idservice import outbound
from idservice.app import create_public_app
from idservice.protocol import MAX_TRAILER
from idservice.registrar import intake
from idservice.service import Service
from idservice.source import source
from idservice.verifier import feed
from tests.attack.raw import talk
from tests.factories import AGENCY_TOKEN, BASE_URL, agency_bearer
from tests.unit.idservice.registrar.people import Applicant

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


def test_T67_head_holds_no_event_stream(service: Service) -> None:
    app = create_public_app(service)
    with TestClient(app, base_url=BASE_URL) as agency:
        page = agency.post("/v1/presentation-requests", json={"purpose": "login"}, headers=agency_bearer()).json()[
            "page"
        ]
    path = page.removeprefix(BASE_URL).encode()

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"HEAD %s/events HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")  # the connection is free again
        return head + await reader.read()

    answer = talk(app, story, seconds=5)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b"text/event-stream" in answer
    assert b"event: waiting" not in answer


def test_T97_every_line_of_x_forwarded_for_counts(service: Service) -> None:
    """A proxy that adds a line leaves the caller's own line above it."""
    settings = service.settings.model_copy(update={"trusted_proxies": ("10.0.0.1",)})
    lines = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.9")]
    seen = HTTPConnection({"type": "http", "client": ("10.0.0.1", 1), "headers": lines})
    assert source(replace(service, settings=settings), seen) == "203.0.113.9"


@pytest.mark.parametrize("member", ["redirect_uri", "webhook"])
def test_an_address_that_cannot_be_read_is_no_failure_of_ours(client: TestClient, member: str) -> None:
    answer = client.post(
        "/v1/presentation-requests", json={"purpose": "login", member: "http://["}, headers=agency_bearer()
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_T98_a_head_that_drips_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        gone = threading.Event()

        def drip() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"HTTP/1.1 200 OK\r\n")
                with suppress(OSError):
                    while not gone.wait(0.1):
                        peer.sendall(b"X-More: 1\r\n")

        thread = threading.Thread(target=drip)
        thread.start()
        begun = time.monotonic()
        try:
            with pytest.raises(FetchFailed):
                fetch = outbound.Outbound(base_url="https://id.example", dev=True)
                fetch(f"http://localhost:{listening.getsockname()[1]}/list", accept="text/plain", max_bytes=100)
            took = time.monotonic() - begun
        finally:
            gone.set()
            thread.join()
    assert took < 3


def test_T67_one_address_does_not_take_every_event_stream(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_OF_ONE_SOURCE", 1)
    app = create_public_app(service)
    with TestClient(app, base_url=BASE_URL) as agency:
        page = agency.post("/v1/presentation-requests", json={"purpose": "login"}, headers=agency_bearer()).json()[
            "page"
        ]
    ask = b"GET %s/events HTTP/1.1\r\nHost: x\r\n\r\n" % page.removeprefix(BASE_URL).encode()

    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(ask)
        first = await reader.readuntil(b"event: waiting")
        more, again = await asyncio.open_connection(*writer.get_extra_info("peername"))
        again.write(ask)
        second = await more.readuntil(b"\r\n\r\n")
        again.close()
        return first.split(b"\r\n")[0] + b"|" + second.split(b"\r\n")[0]

    assert talk(app, story, seconds=5) == b"HTTP/1.1 200 OK|HTTP/1.1 429 Too Many Requests"


def test_T67_one_address_opens_so_many_cases_an_hour(
    service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "NEW", 2)
    for expected in (201, 201, 429):
        sent = {"application": Applicant(BASE_URL).application(service.clock.now())}
        assert client.post("/v1/applications", json=sent).status_code == expected
