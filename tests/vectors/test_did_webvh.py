"""did:webvh 1.0: the logs of five implementations, good and bad."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from did.encoding import jcs
from did.errors import InvalidDid, InvalidLog
from did.methods import METHODS
from did.methods.base import Context
from did.methods.webvh import WebvhMethod
from did.resolver import Options, dereference, resolve, resolve_key
from did.url import parse_did
from tests.paths import VECTORS, need
from tests.unit.did.samples import Web

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ROOT = VECTORS / "did-webvh"
GOOD = sorted(path.parent for path in ROOT.glob("*/*/did.jsonl") if not path.match("*/negative-*/*/*"))
BAD = sorted(path.parent for path in ROOT.glob("negative-*/*/did.jsonl"))
# A new witness list becomes active after its entry is published, so both old witnesses must approve
# the entry that replaces them. None of these files has that, or its witnesses are no DIDs.
DEVIATING = [folder for folder in GOOD if folder.parent.name == "witness-update"]


def name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def web_of(folder: Path) -> tuple[str, Web]:
    """Return the DID that the log ends with, and a web that serves the folder at its place."""
    log = (folder / "did.jsonl").read_bytes()
    did = json.loads(log.strip().split(b"\n")[-1])["state"]["id"]
    domain = did.split(":")[3]
    web = Web({f"https://{domain}/.well-known/did.jsonl": log})
    web.media_type = "text/jsonl"
    if (folder / "did-witness.json").exists():
        web.pages[f"https://{domain}/.well-known/did-witness.json"] = (folder / "did-witness.json").read_bytes()
    return did, web


def normal(document: dict[str, Any]) -> dict[str, Any]:
    """Drop what the implementations write differently: order and form of service ids, a closing slash."""
    services = [
        {**item, "id": item["id"].partition("#")[2], "serviceEndpoint": item["serviceEndpoint"].rstrip("/")}
        for item in document["service"]
    ]
    return {**document, "service": sorted(services, key=lambda item: str(item["id"]))}


def test_the_vectors_are_there() -> None:
    need("did-webvh")
    assert (len(GOOD), len(BAD), len(DEVIATING)) == (45, 11, 5)


@pytest.mark.parametrize("folder", [folder for folder in GOOD if folder not in DEVIATING], ids=name)
def test_good_logs_resolve(folder: Path) -> None:
    did, web = web_of(folder)
    for path in folder.glob("resolutionResult*.json"):
        expected = json.loads(path.read_text())
        number = path.name.split(".")[1]
        if folder.parts[-2:] == ("multi-update", "python"):
            number = ""  # all three results of this writer are of version 3, whatever was asked for
        options = Options(version_number=int(number)) if number.isdigit() else None
        result = resolve(did, fetch=web, now=NOW, options=options)
        assert result.error is None and result.document is not None
        assert jcs(normal(result.document.to_json())) == jcs(normal(expected["didDocument"]))
        assert result.document_metadata["versionId"] == expected["didDocumentMetadata"]["versionId"]


@pytest.mark.parametrize("folder", DEVIATING, ids=name)
def test_an_entry_that_replaces_its_witnesses_needs_the_old_ones(folder: Path) -> None:
    did, web = web_of(folder)
    assert isinstance(resolve(did, fetch=web, now=NOW).error, InvalidLog)
    if folder.name == "rust":  # its witness ids are not DIDs, so not even the first entry holds
        return
    first = resolve(did, fetch=web, now=NOW, options=Options(version_number=1))
    assert first.document is not None


@pytest.mark.parametrize("folder", [folder for folder in BAD if (folder / "did.jsonl").stat().st_size], ids=name)
def test_bad_logs_are_refused(folder: Path) -> None:
    did, web = web_of(folder)
    result = resolve(did, fetch=web, now=NOW)
    assert result.document is None and isinstance(result.error, InvalidDid)
    assert result.metadata["error"]["type"] == "https://www.w3.org/ns/did#INVALID_DID"


@pytest.mark.parametrize("folder", [folder for folder in BAD if not (folder / "did.jsonl").stat().st_size], ids=name)
def test_bad_identifiers_are_refused_before_any_fetch(folder: Path) -> None:
    script = yaml.safe_load((folder.parent / "script.yaml").read_text())
    for step in script["steps"]:
        web = Web({})
        bare, mark, _ = step["did"].partition("#")
        assert isinstance(resolve(step["did"], fetch=web, now=NOW).error, InvalidDid)
        assert isinstance(resolve(bare, fetch=web, now=NOW).error, InvalidDid)
        assert dereference(step["did"], fetch=web, now=NOW).error is not None
        if mark:
            with pytest.raises(InvalidDid):
                resolve_key(step["did"], relationship="authentication", fetch=web, now=NOW)
        assert not web.asked


def test_an_unwitnessed_head_leaves_the_version_before() -> None:
    did, web = web_of(ROOT / "negative-cross-did-witness-replay" / "ts")
    first = resolve(did, fetch=web, now=NOW, options=Options(version_number=1))
    assert first.document is not None
    method = METHODS["webvh"]
    assert isinstance(method, WebvhMethod)
    history = method.history(parse_did(did), Context(fetch=web, now=NOW))
    assert len(history.versions) == 1 and isinstance(history.error, InvalidLog)
