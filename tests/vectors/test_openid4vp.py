"""Vectors and printed examples of OpenID4VP 1.0: queries, client metadata, transaction data hashes."""

import json
from pathlib import Path

import pytest

from credentials.errors import IdError
from credentials.openid import dcql, response
from credentials.openid.request import parse_transaction_data
from tests.paths import VECTORS, need

EXAMPLES = VECTORS / "openid4vp" / "examples"
QUERIES = sorted([*EXAMPLES.glob("query_lang/*.json"), EXAMPLES / "request" / "dcql_jwt_vc.json"])
TEXTS = sorted(EXAMPLES.rglob("*.*"))


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_printed_queries_parse(path: Path) -> None:
    need("openid4vp", "examples")
    query = dcql.parse_query(json.loads(path.read_text()))
    assert query.credentials
    assert all(entry.types for entry in query.credentials)


def test_transaction_data_hashes() -> None:
    for case in json.loads(need("openid4vp", "transaction_data_hashes.json").read_text()):
        assert response.transaction_data_hashes(case["transaction_data"]) == case["sha-256"]
        assert [one.encoded for one in parse_transaction_data(case["transaction_data"])] == case["transaction_data"]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_example_is_read_or_refused_with_a_code(path: Path) -> None:
    """Printed texts are no messages of ours: whatever they are, a parser answers with a value or our own error."""
    need("openid4vp", "examples")
    text = path.read_bytes()
    for parse in (dcql.parse_query, response.parse_response):
        try:
            parse(json.loads(text) if parse is dcql.parse_query else text)
        except IdError as exc:
            assert exc.code
        except json.JSONDecodeError:
            assert parse is dcql.parse_query
