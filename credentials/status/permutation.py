"""A keyed permutation of 0..n-1: random-looking status indexes without a pool of free ones (T38).

Handing out `permutation.index(counter)` for counter 0, 1, 2, ... gives every index once, in an order that nobody
without the key can predict, and needs no memory but the counter. Feistel network over a*b >= n, walked until inside.
"""


class IndexPermutation:
    """A secret bijection on range(size)."""

    __slots__ = ("_a", "_b", "_key", "size")

    def __init__(self, key: bytes, size: int) -> None:
        """Take a secret `key` of at least 16 bytes, one per list, and the number of entries."""
        raise NotImplementedError

    def index(self, counter: int) -> int:
        """Return the index that the `counter`-th allocation gets. Raises ValueError outside range(size)."""
        raise NotImplementedError

    def counter(self, index: int) -> int:
        """Return the counter that was given `index`: the inverse of `index()`."""
        raise NotImplementedError
