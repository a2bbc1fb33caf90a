"""The OpenAPI documents say what the service does: every example is sent to it, and its answer fits the document."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from jsonschema_rs import Draft202012Validator

from idservice.openapi import documents
from idservice.problems import PROBLEM_TYPE, PROBLEMS, STANDARD_PATHS
from idservice.service import Service
from tests.e2e.api_world import AUDIENCES, World, document, operations, sent_by

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def world(service: Service) -> World:
    """A service with officers, an agency and wallets."""
    return World(service)


def every() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield audience, `METHOD /path` and operation."""
    for audience in AUDIENCES:
        for key, operation in operations(audience).items():
            yield audience, key, operation


EXAMPLES = [(audience, key, name) for audience, key, operation in every() for name in sent_by(operation)]


def closed(value: Any) -> Any:
    """Return a schema that refuses members it does not name, wherever it names any."""
    if isinstance(value, list):
        return [closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {name: closed(member) for name, member in value.items()}
    if value.get("type") == "object" and "properties" in value and "allOf" not in value:
        inner.setdefault("additionalProperties", False)
    return inner


def validator(audience: str, schema: dict[str, Any], *, strict: bool) -> Draft202012Validator:
    """Return a validator of a schema of a document; a strict one refuses members that are not described."""
    components = document(audience)["components"]
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": components}
    return Draft202012Validator(closed(whole) if strict else whole, validate_formats=True)


def faults(check: Draft202012Validator, value: Any) -> list[str]:
    """Return what does not fit."""
    return [f"{list(error.instance_path)}: {error.message}" for error in check.iter_errors(value)]


def test_the_committed_documents_are_those_of_the_code(service: Service) -> None:
    assert documents(service) == {audience: document(audience) for audience in AUDIENCES}


@pytest.mark.parametrize(("audience", "key", "example"), EXAMPLES, ids=lambda value: str(value).replace(" ", "_"))
def test_an_example_succeeds_and_its_answer_fits(world: World, audience: str, key: str, example: str) -> None:
    operation = operations(audience)[key]
    prepared = world.prepared(key, example)
    method, _, path = key.partition(" ")
    path = re.sub(r"\{(\w+)\}", lambda found: prepared.path[found[1]], path)
    headers = {**world.headers(key), **prepared.headers}
    sent: dict[str, Any] = {}
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        body = {**content["examples"][example]["value"], **prepared.body}
        assert faults(validator(audience, content["schema"], strict=False), body) == []
        headers["Content-Type"] = media
        sent = {"content": urlencode(body)} if media == FORM else {"json": body}
    answer = world.client(audience).request(method, path, headers=headers, **sent)
    described = operation["responses"].get(str(answer.status_code))
    assert answer.is_success, answer.text
    assert described is not None, answer.status_code
    if "content" not in described:
        assert answer.content == b""
        return
    media = answer.headers["content-type"].partition(";")[0]
    assert media in described["content"]
    value = answer.json() if media.endswith("json") else answer.text
    assert faults(validator(audience, described["content"][media]["schema"], strict=True), value) == []


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_example_of_an_answer_fits_its_schema(audience: str) -> None:
    for key, operation in operations(audience).items():
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                for example in content.get("examples", {}).values():
                    found = faults(validator(audience, content["schema"], strict=True), example["value"])
                    assert found == [], (key, status)
                if status.startswith("2"):
                    assert content["examples"], (key, status)


def test_every_operation_is_described_and_has_one_name() -> None:
    names: dict[str, str] = {}
    for _, key, operation in every():
        assert operation["summary"] and operation["description"] and operation["tags"], key
        assert names.setdefault(operation["operationId"], key) == key
        assert isinstance(operation["security"], list)
        assert "HTTPValidationError" not in str(operation), key
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (key, parameter["name"])


def test_every_refusal_has_its_shape_and_names_its_codes() -> None:
    for audience, key, operation in every():
        shared = document(audience)["components"]["responses"]
        standard = key.partition(" ")[2].startswith(STANDARD_PATHS)
        refusals = {status: one for status, one in operation["responses"].items() if status[0] in "45"}
        assert {"429", "500", "503"} <= refusals.keys(), key
        for status, response in refusals.items():
            found = shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
            [(media, content)] = found["content"].items()
            assert media == ("application/json" if standard else PROBLEM_TYPE), (key, status)
            narrowed = content["schema"]["allOf"][1]["properties"]
            if not standard:
                assert set(narrowed["code"]["enum"]) <= PROBLEMS.keys()
                assert narrowed["status"]["const"] == int(status)


def test_pages_and_forms_with_files_are_in_no_document() -> None:
    for _, key, operation in every():
        assert "text/html" not in str(operation), key
        assert "multipart" not in str(operation), key
        assert set(operation.get("requestBody", {}).get("content", {})) <= {"application/json", FORM}, key


def test_the_staff_token_opens_nothing_on_the_public_listener() -> None:
    """Each document names the schemes of its own audience only (threat model B2)."""
    schemes = {audience: set(document(audience)["components"].get("securitySchemes", ())) for audience in AUDIENCES}
    assert schemes == {
        "registrar": {"staffToken"},
        "agency": {"agencyToken"},
        "wallet": {"accessToken", "dpopToken", "dpopProof"},
    }
