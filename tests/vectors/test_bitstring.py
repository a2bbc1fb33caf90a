"""Bitstring status lists of the independent npm implementation, and the example of the specification."""

import json
from typing import Any

import pytest

from credentials.status.bitstring import Bitstring
from tests.paths import VECTORS, need

PATH = VECTORS / "bitstring-status-list" / "lists.json"
LISTS: list[dict[str, Any]] = json.loads(PATH.read_text()) if PATH.exists() else []


def expected(case: dict[str, Any]) -> set[int]:
    chosen = case["set"]
    if isinstance(chosen, dict):
        return {at for first, last in chosen["ranges"] for at in range(first, last + 1)}
    return set(chosen)


def test_the_lists_are_there() -> None:
    need("bitstring-status-list", "lists.json")
    assert len(LISTS) == 8


@pytest.mark.parametrize("case", LISTS, ids=lambda case: str(case["name"]))
def test_list(case: dict[str, Any]) -> None:
    read = Bitstring.decode(case["encodedList"])
    assert len(read) == case["length"]
    assert {at for at in range(len(read)) if read.get(at)} == expected(case)
    made = Bitstring.empty(case["length"])
    for at in expected(case):
        made.set(at, 1)
    again = Bitstring.decode(made.encode())
    assert {at for at in range(len(again)) if again.get(at)} == expected(case)


def test_the_example_of_the_specification() -> None:
    case = json.loads(need("bitstring-status-list", "spec-example.json").read_text())
    read = Bitstring.decode(case["encodedList"])
    assert (len(read), any(read.get(at) for at in range(len(read)))) == (case["length"], False)
