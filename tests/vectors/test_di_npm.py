"""Credentials signed by the independent npm implementation, and their tampered copies."""

import json
from pathlib import Path

import pytest

from credentials.data_integrity import CRYPTOSUITES
from credentials.data_integrity.secured import verify_credential
from did.errors import IdError
from tests.paths import need
from tests.vectors.di import CONTEXTS, KEYS, NOW, files

FILES = [
    path
    for path in files("di-npm-signed/*/*.json")
    if path.parent.name.removesuffix("-p256").removesuffix("-p384") in CRYPTOSUITES
]
JUDGED = [path for path in FILES if not path.name.endswith(".base.json")]


def test_the_files_are_there() -> None:
    need("di-npm-signed")
    assert len(JUDGED) > 100


@pytest.mark.parametrize("path", JUDGED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_T28_verdict_of_the_independent_implementation(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    secured = json.dumps(case["verifiableCredential"])
    if case["expect"] == "accept":
        verify_credential(secured, keys=KEYS, now=NOW, contexts=CONTEXTS)
    else:
        with pytest.raises(IdError):
            verify_credential(secured, keys=KEYS, now=NOW, contexts=CONTEXTS)
