"""The credentials and presentations of the VC Data Model 2.0 suite, each with the answer that is due."""

import json
from typing import Any

import pytest

from credentials.jsonld import Contexts, bundled
from credentials.vcdm import parse_credential, parse_presentation
from did.errors import IdError
from tests.paths import VECTORS, need

PATH = VECTORS / "vcdm2" / "expectations.json"
EXPECTATIONS: dict[str, dict[str, Any]] = json.loads(PATH.read_text()) if PATH.exists() else {}
CONTEXTS = Contexts(allow=bundled(), inline=True)


def prepared(name: str) -> dict[str, Any]:
    """The file with its issuer and its dates filled in, as the suite does before it posts."""
    text = need("vcdm2", *name.split("/")).read_text("utf-8")
    text = text.replace("PAST DATE", "2020-01-01T00:00:00Z").replace("FUTURE DATE", "2099-01-01T00:00:00Z")
    document: dict[str, Any] = json.loads(text)
    if EXPECTATIONS[name]["kind"] == "credential" and name != "credential-no-issuer-fail.json":
        issuer = document.setdefault("issuer", "did:example:issuer")
        if isinstance(issuer, dict):
            issuer.setdefault("id", "did:example:issuer")
    return document


def test_the_files_are_there() -> None:
    need("vcdm2")
    assert len(EXPECTATIONS) == 81


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_expectation(name: str) -> None:
    entry = EXPECTATIONS[name]
    document = prepared(name)
    parse: Any = parse_credential if entry["kind"] == "credential" else parse_presentation
    if entry["expect"] in ("accept", "unstated"):
        parse(document, contexts=CONTEXTS)
    else:
        with pytest.raises(IdError):
            parse(document, contexts=CONTEXTS)
