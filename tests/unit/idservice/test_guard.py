import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError

from credentials.errors import ProtocolError
from idservice import answers
from idservice.guard import Guard
from idservice.http import MAX_BODY, FormBody, RawBody
from idservice.problems import PROBLEM_TYPE, Refused
from idservice.service import Service
from tests.factories import BASE_URL

SECRET = "Maria-Planted-Value"


class Note(BaseModel):
    text: str
    number: int = 0


def router() -> APIRouter:
    made = APIRouter()

    @made.post("/v1/echo")
    def echo(note: Note) -> Note:
        return note

    @made.post("/v1/form")
    def form(body: FormBody) -> dict[str, int]:
        return {"size": len(body)}

    @made.post("/vci/raw")
    def raw(body: RawBody) -> dict[str, int]:
        return {"size": len(body)}

    @made.get("/v1/raise/{what}")
    def fail(what: str) -> None:
        raise FAILURES[what]

    return made


FAILURES: dict[str, Exception] = {
    "value": ValueError(SECRET),
    "refused": Refused("conflict", "this is so"),
    "limited": Refused("rate_limited", "slow down", retry_after=7),
    "protocol": ProtocolError("invalid_proof", "no proof", code="holder_binding_invalid", headers={"X-A": "b"}),
    "database": OperationalError(f"INSERT {SECRET}", {"v": SECRET}, Exception("disk is full")),
    "full": OSError(28, "No space left on device"),
    "os": OSError(2, SECRET),
}


@pytest.fixture
def app(service: Service) -> FastAPI:
    made = FastAPI(openapi_url=None, redirect_slashes=False)
    answers.install(made, service)
    made.include_router(router())
    return made


@pytest.fixture
def guarded(app: FastAPI, service: Service) -> Iterator[TestClient]:
    with TestClient(Guard(app, service), base_url=BASE_URL) as made:
        yield made


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM_TYPE
    body: dict[str, Any] = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "hint", "id"}
    assert (body["code"], body["status"]) == (code, status)
    assert body["type"] == f"{BASE_URL}/help/errors/{code}"
    assert body["id"] == answer.headers["x-request-id"]
    assert body["hint"]
    return body


def test_a_good_request_passes_and_its_answer_is_guarded(guarded: TestClient) -> None:
    answer = guarded.post("/v1/echo", json={"text": "hello"})
    assert answer.json() == {"text": "hello", "number": 0}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]


def test_T68_a_body_over_1_mib_is_413(guarded: TestClient) -> None:
    problem(guarded.post("/v1/echo", content=b" " * (MAX_BODY + 1), headers=JSON), 413, "too_large")


def test_T68_a_chunked_body_over_1_mib_is_413(guarded: TestClient) -> None:
    chunks = (b" " * 65536 for _ in range(17))
    problem(guarded.post("/v1/echo", content=chunks, headers=JSON), 413, "too_large")


def test_T68_a_slow_body_is_408(app: FastAPI, service: Service) -> None:
    quick = service.settings.model_copy(update={"body_seconds": 0.05})
    object.__setattr__(service, "settings", quick)

    async def drip() -> AsyncIterator[bytes]:
        yield b'{"text":'
        await asyncio.sleep(5)
        yield b'"late"}'

    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=Guard(app, service))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            return await client.post("/v1/echo", content=drip(), headers=JSON)

    answer = asyncio.run(send())
    assert answer.status_code == 408
    assert answer.json()["code"] == "malformed"


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "application/json; charset=utf-16",
        "multipart/form-data; boundary=x",
        "",
        "json",
    ],
)
def test_T69_other_media_types_are_415(guarded: TestClient, content_type: str) -> None:
    answer = guarded.post("/v1/echo", content=b'{"text": "a"}', headers={"Content-Type": content_type})
    problem(answer, 415, "media_type_unsupported")


def test_T69_utf8_may_be_named(guarded: TestClient) -> None:
    answer = guarded.post(
        "/v1/echo", content=b'{"text": "a"}', headers={"Content-Type": 'application/json; charset="UTF-8"'}
    )
    assert answer.status_code == 200


def test_T69_a_compressed_body_is_415(guarded: TestClient) -> None:
    body = gzip.compress(b'{"text": "a"}')
    problem(
        guarded.post("/v1/echo", content=body, headers={**JSON, "Content-Encoding": "gzip"}),
        415,
        "media_type_unsupported",
    )


def test_T69_a_form_is_no_json_and_json_is_no_form(guarded: TestClient) -> None:
    problem(guarded.post("/v1/echo", data={"text": "a"}), 415, "media_type_unsupported")
    problem(guarded.post("/v1/form", json={"text": "a"}), 415, "media_type_unsupported")
    assert guarded.post("/v1/form", data={"a": "b"}).json() == {"size": 3}


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "a", "text": "b"}',
        b'{"text": "a"} {}',
        b'\xef\xbb\xbf{"text": "a"}',
        b'{"text": "a", "number": NaN}',
        b'{"text": "\\ud800"}',
        b'{"text": "\xff"}',
        b'{"text": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"text": "a", "number": ' + b"9" * 5000 + b"}",
        b"{'text': 'a'}",
        b'{"text": "a",}',
        b"\x00",
        b'{"text": "a\\u0000"}',
    ],
)
def test_T70_loose_json_is_400(guarded: TestClient, body: bytes) -> None:
    problem(guarded.post("/v1/echo", content=body, headers=JSON), 400, "malformed")


def test_a_body_that_does_not_fit_its_model_is_400_and_not_quoted(guarded: TestClient) -> None:
    answer = guarded.post("/v1/echo", json={"text": {"a": SECRET}, "number": SECRET})
    body = problem(answer, 400, "malformed")
    assert "body.text" in body["detail"]
    assert SECRET not in answer.text


def test_standard_endpoints_parse_for_themselves_and_get_the_oauth_shape(guarded: TestClient) -> None:
    assert guarded.post("/vci/raw", content=b"{not json", headers=JSON).json() == {"size": 9}
    answer = guarded.post("/vci/raw", content=b"<a/>", headers={"Content-Type": "text/xml"})
    assert answer.status_code == 415
    assert answer.json()["error"] == "invalid_request"
    assert answer.json()["error_description"].startswith("media_type_unsupported: ")


def test_protocol_errors_become_oauth_json(guarded: TestClient) -> None:
    answer = guarded.get("/v1/raise/protocol")
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_proof", "error_description": "holder_binding_invalid: no proof"}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-a"] == "b"


def test_a_refusal_becomes_a_problem(guarded: TestClient) -> None:
    assert problem(guarded.get("/v1/raise/refused"), 409, "conflict")["detail"] == "this is so"
    assert guarded.get("/v1/raise/limited").headers["retry-after"] == "7"


def test_unknown_addresses_and_methods_are_problems(guarded: TestClient) -> None:
    problem(guarded.get("/nothing"), 404, "not_found")
    answer = guarded.delete("/v1/echo")
    problem(answer, 405, "malformed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("what", ["value", "os"])
def test_T65_our_own_mistakes_say_nothing(guarded: TestClient, what: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "idservice"):
        answer = guarded.get(f"/v1/raise/{what}")
    problem(answer, 500, "internal")
    assert SECRET not in answer.text + caplog.text
    assert "Traceback" not in answer.text
    assert "test_guard.py" in caplog.text


@pytest.mark.parametrize("what", ["database", "full"])
def test_T89_lost_storage_is_503(guarded: TestClient, what: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "idservice"):
        answer = guarded.get(f"/v1/raise/{what}")
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    assert SECRET not in answer.text + caplog.text


def test_T65_log_lines_hold_the_route_and_not_the_address(
    guarded: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "idservice.requests"):
        guarded.get("/v1/raise/refused?name=" + SECRET)
    record = caplog.records[-1]
    assert record.__dict__["route"] == "/v1/raise/{what}"
    assert SECRET not in json.dumps(record.__dict__, default=str)


@pytest.mark.parametrize("path", ["/v1%2fecho", "/v1/..%5cecho", "/v1/raise/%00", "/v1//echo"])
def test_T97_encoded_separators_reach_no_route(guarded: TestClient, path: str) -> None:
    problem(guarded.get(path), 400, "malformed")


def test_T70_a_nul_in_the_query_is_400(guarded: TestClient) -> None:
    problem(guarded.get("/v1/raise/refused?after=%00"), 400, "malformed")


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL"])
def test_T97_no_header_changes_urls_or_routes(guarded: TestClient, header: str) -> None:
    answer = guarded.get("/nothing", headers={header: "evil.example/v1/echo"})
    assert "evil" not in problem(answer, 404, "not_found")["type"]


def test_T67_a_flood_is_429_with_retry_after(app: FastAPI, service: Service) -> None:
    few = service.settings.model_copy(update={"flood_per_second": 1, "flood_burst": 3})
    object.__setattr__(service, "settings", few)
    with TestClient(Guard(app, service), base_url=BASE_URL) as client:
        got = [client.get("/nothing").status_code for _ in range(4)]
        assert got == [404, 404, 404, 429]
        answer = client.get("/nothing")
    problem(answer, 429, "rate_limited")
    assert int(answer.headers["retry-after"]) >= 1


def test_head_is_answered_like_get_without_a_body(client: TestClient) -> None:
    answer = client.head("/healthz")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


def test_what_outlives_a_refusal_runs_after_it(app: FastAPI, service: Service) -> None:
    done: list[str] = []
    FAILURES["after"] = Refused("not_found", "gone", after=lambda: done.append("counted"))
    with TestClient(Guard(app, service), base_url=BASE_URL) as client:
        assert client.get("/v1/raise/after").status_code == 404
    assert done == ["counted"]
