"""Generated DCQL vectors: one wallet, one expectation per query; and queries that must be refused."""

import json
from typing import Any

import pytest

from credentials.errors import QueryUnsatisfied
from credentials.openid import dcql
from tests.paths import VECTORS, need


def _load(name: str) -> Any:
    path = VECTORS / "openid4vp" / name
    return json.loads(path.read_text()) if path.exists() else None


MATCH = _load("dcql_match.json") or {"wallet": [], "cases": [{"name": "absent"}]}
INVALID = _load("dcql_invalid.json") or [{"name": "absent"}]


def _held(entry: dict[str, Any]) -> dcql.HeldCredential:
    named = [entry[name] for name in ("vct", "doctype") if name in entry]
    return dcql.HeldCredential(
        id=entry["id"],
        format=entry["format"],
        types=(*named, *entry.get("extends", []), *entry.get("expanded_types", [])),
        claims=entry["claims"],
        akis=frozenset(entry.get("aki", [])),
        holder_bound=entry["holder_bound"],
    )


@pytest.mark.parametrize("case", MATCH["cases"], ids=lambda case: case["name"])
def test_match(case: dict[str, Any]) -> None:
    need("openid4vp", "dcql_match.json")
    query = dcql.parse_query(case["query"])
    found = dcql.match(query, [_held(entry) for entry in MATCH["wallet"]])
    seen = {
        query_id: [{"credential": one.held_id, "disclose": [list(path) for path in one.disclose]} for one in candidates]
        for query_id, candidates in found.candidates.items()
    }
    assert seen == case["matches"]
    assert found.satisfiable is case["satisfiable"]
    if case["satisfiable"]:
        assert found.first_selection().keys() <= found.candidates.keys()
    else:
        with pytest.raises(QueryUnsatisfied):
            found.first_selection()


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["name"])
def test_invalid(case: dict[str, Any]) -> None:
    need("openid4vp", "dcql_invalid.json")
    with pytest.raises(dcql.DcqlInvalid) as caught:
        dcql.parse_query(case["query"])
    assert caught.value.error == "invalid_request"
    assert caught.value.hint
