from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.status.permutation import IndexPermutation

KEY = bytes(range(32))


@pytest.mark.parametrize("size", [*range(1, 70), 100, 127, 128, 129, 1000, 4096, 4097])
def test_is_a_bijection(size: int) -> None:
    permutation = IndexPermutation(KEY, size)
    indexes = [permutation.index(counter) for counter in range(size)]
    assert sorted(indexes) == list(range(size))


@given(key=st.binary(min_size=16, max_size=64), size=st.integers(1, 1 << 40), data=st.data())
@settings(max_examples=200, deadline=None)
def test_inverse(key: bytes, size: int, data: st.DataObject) -> None:
    counter = data.draw(st.integers(0, size - 1))
    permutation = IndexPermutation(key, size)
    index = permutation.index(counter)
    assert 0 <= index < size
    assert permutation.counter(index) == counter


def test_T38_indexes_are_not_handed_out_in_order() -> None:
    """Neighbours in issue order are no neighbours in the list, and another key gives another order."""
    size = 131072
    permutation, other = IndexPermutation(KEY, size), IndexPermutation(b"x" * 32, size)
    indexes = [permutation.index(counter) for counter in range(2000)]
    assert len(set(indexes)) == 2000
    steps = {after - before for before, after in pairwise(indexes)}
    assert len(steps) > 1900
    assert sum(index < size // 2 for index in indexes) in range(850, 1150)
    assert sum(first == second for first, second in zip(indexes, map(other.index, range(2000)), strict=True)) < 5


def test_key_is_secret_and_long_enough() -> None:
    assert KEY.hex() not in repr(IndexPermutation(KEY, 10))
    with pytest.raises(ValueError, match="16 bytes"):
        IndexPermutation(b"short", 10)
    with pytest.raises(ValueError, match="one entry"):
        IndexPermutation(KEY, 0)


@pytest.mark.parametrize("value", [-1, 10, 11])
def test_outside_the_list(value: int) -> None:
    permutation = IndexPermutation(KEY, 10)
    with pytest.raises(ValueError, match="not below"):
        permutation.index(value)
    with pytest.raises(ValueError, match="not below"):
        permutation.counter(value)
