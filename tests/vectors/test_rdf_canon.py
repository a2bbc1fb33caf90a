"""RDFC-1.0 against the W3C cases: canonical text, issued identifiers, and the poison clique."""

import json
import time
from typing import Any

import pytest

from credentials.rdf.nquads import parse_nquads
from credentials.rdf.rdfc import CanonicalizationRefused, canonicalize
from tests.paths import VECTORS, need

MANIFEST = VECTORS / "rdf-canon" / "manifest.json"
ENTRIES = json.loads(MANIFEST.read_text())["entries"] if MANIFEST.exists() else []


def text_of(name: str) -> str:
    return need("rdf-canon", *name.split("/")).read_text(encoding="utf-8")


def test_the_cases_are_there() -> None:
    need("rdf-canon", "manifest.json")
    assert len(ENTRIES) == 56


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["id"]))
def test_case(entry: dict[str, Any]) -> None:
    quads = parse_nquads(text_of(entry["action"]))
    options = {"hash_name": entry["hashAlgorithm"].replace("SHA", "SHA-")} if "hashAlgorithm" in entry else {}
    if entry["type"] == "rdfc:RDFC10NegativeEvalTest":
        with pytest.raises(CanonicalizationRefused):
            canonicalize(quads, **options)
        return
    canonical = canonicalize(quads, **options)
    if entry["type"] == "rdfc:RDFC10MapTest":
        assert dict(canonical.labels) == json.loads(text_of(entry["result"]))
    else:
        assert canonical.text == text_of(entry["result"])


@pytest.mark.parametrize("size", [10, 30, 100])
def test_T31_cliques_of_nodes_that_nothing_tells_apart_are_refused_soon(size: int) -> None:
    clique = [
        (f"_:n{one}", "<http://example.org/p>", f"_:n{other}", "")
        for one in range(size)
        for other in range(size)
        if one != other
    ]
    start = time.process_time()
    with pytest.raises(CanonicalizationRefused):
        canonicalize(clique)
    assert time.process_time() - start < 2
