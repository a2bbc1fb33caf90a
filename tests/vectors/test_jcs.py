"""RFC 8785: the published documents, and doubles against an ES6 engine."""

import json
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from did.encoding import jcs, json_parse
from tests.paths import need


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "values"])
def test_documents(name: str) -> None:
    out = jcs(json_parse(need("jcs", "input", f"{name}.json").read_bytes()))
    assert out == need("jcs", "output", f"{name}.json").read_bytes()
    assert out == bytes.fromhex(need("jcs", "outhex", f"{name}.txt").read_text())


def test_numbers() -> None:
    cases = json.loads(need("jcs", "numbers.json").read_text())
    for case in cases:
        (value,) = struct.unpack(">d", bytes.fromhex(case["ieee754"]))
        assert jcs(value).decode() == case["expected"]
    assert len(cases) > 500


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))  # U+0000 is written but never read back
LARGEST = 2**53 - 1  # whole numbers beyond it are written without a point, and then not read back
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.floats(-LARGEST, LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


@given(JSON)
def test_the_fast_path_agrees_with_the_reference(value: Any) -> None:
    expected = rfc8785.dumps(value)
    assert jcs(value) == expected
    assert jcs(json_parse(jcs(value))) == expected
