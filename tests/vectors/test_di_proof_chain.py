"""Proofs that build on others (`previousProof`), from the shared assertion library."""

import json
from pathlib import Path

import pytest

from credentials.data_integrity.secured import verify_credential
from did.errors import IdError
from tests.paths import need
from tests.vectors.di import CONTEXTS, KEYS, NOW, files

FILES = files("di-proof-chain/*/*.json")


def test_the_files_are_there() -> None:
    need("di-proof-chain")
    assert len(FILES) == 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_T28_chain(path: Path) -> None:
    secured = json.loads(path.read_text("utf-8"))
    if "Ok" in path.name:
        assert len(verify_credential(secured, keys=KEYS, now=NOW, contexts=CONTEXTS).proofs) == 2
    else:
        with pytest.raises(IdError):
            verify_credential(secured, keys=KEYS, now=NOW, contexts=CONTEXTS)
