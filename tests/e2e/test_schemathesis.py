"""Requests made up from the OpenAPI documents: no failure of ours, and every answer is one that is documented.

Each operation has a service of its own, prepared so that it can succeed; most requests get the tokens, ids and proofs
it wants, some go as they were made up. The seed is fixed: a run shows what the run before showed.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from idservice.service import Service
from tests.e2e.api_world import AUDIENCES, Prepared, World, document, sent_by

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MOST = 30
"""Made-up requests for each operation, beside the examples and the edge cases that the schema names."""
PREPARE_EVERY = 6
"""A prepared state serves so many requests: the first that succeeds may use it up."""

CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 20261122,
        "generation": {"max-examples": MOST, "database": "none"},
        "phases": {"stateful": {"enabled": False}},
    }
)


class Listener:
    """Where the requests of a document go: to the service of the test that runs."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        await self.app(scope, receive, send)


LISTENER = Listener()


def loaded(described: dict[str, Any]) -> schemathesis.BaseSchema:
    """Return a document as schemathesis reads it."""
    schema = schemathesis.openapi.from_dict(described, config=CONFIG)
    schema.app = LISTENER
    return schema


REGISTRAR, AGENCY, WALLET = (loaded(document(name)) for name in AUDIENCES)
bounded = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class Walk:
    """Sends the made-up requests of one operation."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent = 0
        self.ready = Prepared()

    def send(self, audience: str, case: Any) -> None:
        """Send one request and see that its answer is documented."""
        key = f"{case.operation.method.upper()} {case.operation.path}"
        if self.sent % PREPARE_EVERY == 0:
            names = list(sent_by(case.operation.definition.raw))
            self.ready = self.world.prepared(key, names[self.sent // PREPARE_EVERY % len(names)])
        self.sent += 1
        headers = {"X-Forwarded-For": f"10.{self.sent >> 16}.{self.sent >> 8 & 255}.{self.sent & 255}"}
        if self.sent % 7:
            headers |= {**self.world.headers(key), **self.ready.headers}
        if self.sent % 5 and self.ready.path:
            case.path_parameters = {**(case.path_parameters or {}), **self.ready.path}
        if self.sent % 3 and self.ready.body and isinstance(case.body, dict):
            case.body = {**case.body, **self.ready.body}
        LISTENER.app = self.world.app(audience)
        case.call_and_validate(headers=headers, checks=CHECKS)


@pytest.fixture(autouse=True, scope="module")
def notes_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what hypothesis writes down while it makes values up out of the current folder."""
    set_hypothesis_home_dir(tmp_path_factory.mktemp("hypothesis"))
    yield
    set_hypothesis_home_dir(None)


@pytest.fixture
def walk(service: Service) -> Walk:
    """A service that takes any number of requests and believes where the requests say they come from."""
    changed = {"flood_burst": 1_000_000, "flood_per_second": 1_000_000, "trusted_proxies": ("testclient",)}
    return Walk(World(replace(service, settings=service.settings.model_copy(update=changed))))


@bounded
@REGISTRAR.parametrize()
def test_the_registrar_api_answers_as_documented(case: Any, walk: Walk) -> None:
    walk.send("registrar", case)


@bounded
@AGENCY.parametrize()
def test_the_agency_api_answers_as_documented(case: Any, walk: Walk) -> None:
    walk.send("agency", case)


@bounded
@WALLET.parametrize()
def test_the_wallet_api_answers_as_documented(case: Any, walk: Walk) -> None:
    walk.send("wallet", case)


def test_an_answer_that_the_document_lacks_is_found(walk: Walk) -> None:
    path, asked = "/vct/{name}/{version}", {"name": "nothing", "version": "1"}
    LISTENER.app = walk.world.app("wallet")
    WALLET[path]["GET"].Case(path_parameters=asked).call_and_validate(checks=CHECKS)
    short = document("wallet")
    del short["paths"][path]["get"]["responses"]["404"]
    with pytest.raises(FailureGroup) as found:
        loaded(short)[path]["GET"].Case(path_parameters=asked).call_and_validate(checks=CHECKS)
    assert "Undocumented status code" in str(found.value)
