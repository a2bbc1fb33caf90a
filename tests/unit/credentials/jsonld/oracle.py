"""PyLD beside ours: the same document, the same contexts, to canonical N-Quads."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyld import jsonld

import credentials.jsonld.contexts as ours
from credentials.rdf.nquads import parse_nquads
from credentials.rdf.rdfc import canonicalize
from tests.paths import VECTORS

DATA = Path(ours.__file__).with_name("data")
INDEX = json.loads((DATA / "index.json").read_text("utf-8"))


def _load(url: str, options: object = None) -> dict[str, Any]:
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": json.loads((DATA / INDEX[url]["file"]).read_text("utf-8")),
    }


def pyld_canonical(document: dict[str, Any]) -> str:
    """Canonical N-Quads of PyLD's expansion; raises whatever PyLD raises."""
    options = {
        "base": "",
        "rdfDirection": "i18n-datatype",
        "format": "application/n-quads",
        "documentLoader": _load,
    }
    return canonicalize(parse_nquads(jsonld.to_rdf(copy.deepcopy(document), options))).text


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON-LD document among the vectors of credentials, by the name of its file."""
    for folder in ("di-eddsa", "di-ecdsa", "di-bbs", "di-npm-signed", "di-proof-chain", "citizenship", "vcdm2"):
        for path in sorted((VECTORS / folder).rglob("*.json*")):
            value = json.loads(path.read_text("utf-8"))
            if isinstance(value, dict) and "@context" not in value:
                value = value.get("verifiableCredential", value)
            if isinstance(value, dict) and "@context" in value:
                yield str(path.relative_to(VECTORS)), value
