"""Every credential among the vectors: our quads are PyLD's, or we refuse and say why."""

import hashlib
import json
from typing import Any

import pytest

from credentials.jsonld import Contexts, JsonLdError, bundled, canonical
from tests.paths import need
from tests.unit.credentials.jsonld.oracle import DATA, INDEX, documents, pyld_canonical

CONTEXTS = Contexts(allow=bundled(), inline=True)
DOCUMENTS = list(documents())


def test_the_documents_are_there() -> None:
    need("di-npm-signed")
    assert len(DOCUMENTS) > 300


def test_contexts_are_the_published_ones() -> None:
    published = json.loads(need("contexts", "index.json").read_text())
    for url, entry in INDEX.items():
        assert entry["sha256"] == published[url]["sha256"]
        assert hashlib.sha256((DATA / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def _refusable(name: str, document: dict[str, Any]) -> bool:
    """Tell whether a file is a bad one by its own word, or lacks what its issuer fills in."""
    unfinished = document.get("issuer") in ("", {}) or "credential-proof-" in name
    return "fail" in name.lower() or "undefined-term" in name or "proof-type" in name or unfinished


@pytest.mark.parametrize(("name", "document"), DOCUMENTS, ids=[name for name, _ in DOCUMENTS])
def test_same_quads_as_pyld(name: str, document: dict[str, Any]) -> None:
    try:
        text = canonical(document, contexts=CONTEXTS).text
    except JsonLdError:
        assert _refusable(name, document)
        return
    assert text == pyld_canonical(document)
