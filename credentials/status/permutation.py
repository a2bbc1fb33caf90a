"""A keyed permutation of 0..n-1: random-looking status indexes without a pool of free ones (T38).

Handing out `permutation.index(counter)` for counter 0, 1, 2, ... gives every index once, in an order that nobody
without the key can predict, and needs no memory but the counter. It is a Feistel network over pairs below (a, b)
with a*b >= n just above n, walked on until the result lies below n. Uniqueness stays a constraint of the database.
"""

import hmac
from math import isqrt
from typing import Final

_ROUNDS: Final = 10
_MIN_KEY_BYTES: Final = 16


class IndexPermutation:
    """A secret bijection on range(size)."""

    __slots__ = ("_high", "_key", "_low", "size")

    def __init__(self, key: bytes, size: int) -> None:
        """Take a secret `key` of at least 16 bytes, one per list, and the number of entries."""
        if len(key) < _MIN_KEY_BYTES:
            raise ValueError(f"an index key has at least {_MIN_KEY_BYTES} bytes")
        if size < 1:
            raise ValueError("a list has at least one entry")
        self.size = size
        self._key = key
        self._low = isqrt(size - 1) + 1
        self._high = -(-size // self._low)

    def __repr__(self) -> str:
        """Show the size; never the key."""
        return f"IndexPermutation(size={self.size})"

    def index(self, counter: int) -> int:
        """Return the index that the `counter`-th allocation gets. Raises ValueError outside range(size)."""
        self._inside(counter)
        value = self._forward(counter)
        while value >= self.size:
            value = self._forward(value)
        return value

    def counter(self, index: int) -> int:
        """Return the counter that was given `index`: the inverse of `index()`."""
        self._inside(index)
        value = self._backward(index)
        while value >= self.size:
            value = self._backward(value)
        return value

    def _inside(self, value: int) -> None:
        if not 0 <= value < self.size:
            raise ValueError(f"{value} is not below {self.size}")

    def _round(self, number: int, half: int) -> int:
        message = b"%d|%d|%d" % (self.size, number, half)
        return int.from_bytes(hmac.digest(self._key, message, "sha256")[:16], "big")

    def _forward(self, value: int) -> int:
        high, low = divmod(value, self._low)
        for number in range(_ROUNDS):
            if number % 2:
                high = (high + self._round(number, low)) % self._high
            else:
                low = (low + self._round(number, high)) % self._low
        return high * self._low + low

    def _backward(self, value: int) -> int:
        high, low = divmod(value, self._low)
        for number in reversed(range(_ROUNDS)):
            if number % 2:
                high = (high - self._round(number, low)) % self._high
            else:
                low = (low - self._round(number, high)) % self._low
        return high * self._low + low
