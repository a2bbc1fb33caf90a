"""Claims paths and times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.claims import (
    check_times,
    covers,
    format_path,
    issued_path,
    leaves,
    matches,
    numeric_date,
    parse_path,
    resolve,
    select,
)
from credentials.errors import CredentialExpired, CredentialNotYetValid, IdError, MalformedCredential

CLAIMS = {"a": {"b": 1}, "list": [{"t": "x"}, {"t": "y"}, "z"], "empty": {}, "none": None}
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "a", {}, [], [True], [1.0], [-1], [["a"]], [{}], ["a"] * 17])
def test_paths_that_are_none(value: Any) -> None:
    with pytest.raises(MalformedCredential):
        parse_path(value)


def test_select_and_resolve() -> None:
    assert parse_path(["a", None, 0]) == ("a", None, 0)
    assert list(resolve(("list", None, "t"), CLAIMS)) == [(("list", 0, "t"), "x"), (("list", 1, "t"), "y")]
    assert select(("a", "b"), CLAIMS) == [1] and select(("none",), CLAIMS) == [None]
    for path in (("x",), ("a", 0), ("a", None), ("list", 3), ("list", "t"), ("a", "b", "c")):
        assert select(path, CLAIMS) == []


def test_a_path_for_people() -> None:
    assert format_path(("address", "country")) == "address.country"
    assert format_path(("nationalities", None)) == "nationalities[]"
    assert format_path(("degrees", 0, "type")) == "degrees[0].type"


def test_covers_and_matches() -> None:
    assert covers(("list", None), ("list", 2, "t")) and covers(("a",), ("a",))
    assert not covers(("list", None, "t"), ("list", 0)) and not covers(("a", None), ("a", "b"))
    assert not covers(("list", 1), ("list", True)) and not covers(("x",), ("a",))
    assert matches(("list", None), ("list", 2)) and not matches(("list",), ("list", 2))


def test_leaves() -> None:
    assert set(leaves(CLAIMS)) == {
        ("a", "b"),
        ("list", 0, "t"),
        ("list", 1, "t"),
        ("list", 2),
        ("empty",),
        ("none",),
    }


def test_issued_positions() -> None:
    positions = {("list",): (1, 4), ("list", 4, "inner"): (2,)}
    assert issued_path(("list", 1, "inner", 0), positions) == ("list", 4, "inner", 2)
    assert issued_path(("other", 1), positions) == ("other", 1)
    assert issued_path(("list", 1), {}) == ("list", 1)


@pytest.mark.parametrize("value", ["1", None, True, -1, float("nan"), float("inf"), 1e300, 10**18, [1], {}])
def test_T08_times_that_are_none(value: Any) -> None:
    with pytest.raises(MalformedCredential):
        numeric_date({"exp": value}, "exp")
    for name in ("exp", "nbf", "iat"):
        with pytest.raises(MalformedCredential):
            check_times({name: value}, now=NOW)


def test_T08_the_one_skew() -> None:
    at = int(NOW.timestamp())
    assert check_times({"exp": at - 59, "nbf": at + 60, "iat": at + 60}, now=NOW)[1] == NOW - timedelta(seconds=59)
    with pytest.raises(CredentialExpired):
        check_times({"exp": at - 60}, now=NOW)
    for name in ("nbf", "iat"):
        with pytest.raises(CredentialNotYetValid):
            check_times({name: at + 61}, now=NOW)
    assert check_times({}, now=NOW) == (None, None)
    assert check_times({"exp": 253402300799, "nbf": 0}, now=NOW)[0] == datetime(1970, 1, 1, tzinfo=UTC)
    assert numeric_date({"exp": 1.5}, "exp") == datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(JSON, JSON)
def test_nothing_but_our_own_errors(path: Any, claims: Any) -> None:
    try:
        parsed = parse_path(path)
    except IdError:
        return
    for at, value in resolve(parsed, claims):
        assert list(resolve(at, claims)) == [(at, value)]
        assert matches(parsed, at)
