import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.errors import ProtocolError
from credentials.openid import wire
from tests.unit.credentials.openid.support import refused


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=20), max_size=8))
@settings(deadline=None)
def test_forms_round_trip(parameters: dict[str, str]) -> None:
    assert wire.parse_form(wire.build_form(parameters)) == parameters


def test_unknown_parameters_are_kept_and_empty_ones_dropped() -> None:
    assert wire.parse_form(b"a=1&resource=https%3A%2F%2Fx&b=&c") == {"a": "1", "resource": "https://x"}
    assert wire.parse_form("a=x+y%2B") == {"a": "x y+"}
    assert wire.parse_form(b"") == {}


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&a=2",
        b"a=1&%61=2",
        b"a=&a=2",
        b"a=%",
        b"a=%zz",
        b"a=%4",
        b"a=%ff",
        b"a=%ed%a0%80",
        "a=ä".encode(),
        "a=ä",
        b"\xff=1",
        b"&".join(b"p%d=1" % n for n in range(65)),
    ],
)
def test_T54_bad_forms(body: Any) -> None:
    refused(lambda: wire.parse_form(body), error="invalid_request", code="malformed")


def test_T68_a_form_has_a_limit() -> None:
    refused(lambda: wire.parse_form(b"a=" + b"x" * (1 << 20)), error="invalid_request", code="too_large")


def test_error_round_trip() -> None:
    body = wire.build_error(ProtocolError("invalid_nonce", "the nonce is old", code="nonce_mismatch"))
    assert json.loads(body) == {"error": "invalid_nonce", "error_description": "nonce_mismatch: the nonce is old"}
    found = wire.parse_error(body)
    assert (found.error, found.code, found.detail) == ("invalid_nonce", "nonce_mismatch", "the nonce is old")


def test_error_description_keeps_to_its_characters() -> None:
    body = json.loads(wire.build_error(ProtocolError("invalid_request", 'a "quoted" \\ ä\n word')))
    assert all(char == " " or ("!" <= char <= "~" and char not in '"\\') for char in body["error_description"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"error": 1}',
        b'{"error": ""}',
        b'{"error": "a\\u000ab"}',
        b'{"error": "x", "error_description": 1}',
    ],
)
def test_what_is_no_oauth_error(body: bytes) -> None:
    assert wire.parse_error(body).error == "server_error"


def test_error_without_house_code() -> None:
    found = wire.parse_error(b'{"error": "invalid_grant", "error_description": "The code: was used"}')
    assert (found.error, found.code, found.detail) == ("invalid_grant", "malformed", "The code: was used")
    assert wire.parse_error(b'{"error": "access_denied"}').detail == "access_denied"


@pytest.mark.parametrize("header", ["DPoP abc.def-_~+/=", "dpop abc.def-_~+/=", "BEARER abc.def-_~+/="])
def test_authorization(header: str) -> None:
    scheme, token = wire.parse_authorization(header)
    assert scheme == header.split()[0].lower()
    assert token == "abc.def-_~+/="


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "DPoP",
        "DPoP ",
        "DPoP  a",
        "Basic abc",
        "DPoP a b",
        "DPoP a\n",
        "DPoP ä",
        "Bearer a,b",
        "DPoP " + "a" * 5000,
    ],
)
def test_bad_authorization(header: str | None) -> None:
    refused(lambda: wire.parse_authorization(header), error="invalid_token", code="unauthenticated")


@pytest.mark.parametrize(
    "body", [b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b"{} x", b"[]", b'{"a":NaN}', b"{" * 100, b'"x"', b""]
)
def test_T70_json(body: bytes) -> None:
    refused(lambda: wire.parse_json(body, what="it"), error="invalid_request")
