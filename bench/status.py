"""Status lists in process: a million entries of one bit, one in a hundred set; P13 to P15."""

import random
import tracemalloc
from collections.abc import Callable
from typing import Final

from credentials.status.permutation import IndexPermutation
from credentials.status.token_status_list import StatusList

MILLION: Final = 1_000_000
ENCODE: Final = ("status list 1 M encode (Digital Bazaar)", "status list 1 M encode (@sd-jwt)")
DECODE: Final = ("status list 1 M decode + read (Digital Bazaar)", "status list 1 M decode + read (@sd-jwt)")


def a_list() -> StatusList:
    """A list with 1 % of its entries set, at places drawn with a fixed seed."""
    made = StatusList.empty(1, MILLION)
    places = random.Random(1)  # noqa: S311 - the same list in every run
    for _ in range(MILLION // 100):
        made.set(places.randrange(MILLION), 1)
    return made


def ours(made: StatusList) -> dict[str, Callable[[], object]]:
    """Our operations by name; the same one under each peer's name."""
    compressed = made.compressed()
    read = StatusList.from_compressed(1, compressed)
    encode = dict.fromkeys(ENCODE, made.compressed)
    decode = dict.fromkeys(DECODE, lambda: StatusList.from_compressed(1, compressed).get(77))
    return {**encode, **decode, "status check, list cached": lambda: read.get(77)}


def sizes(made: StatusList) -> dict[str, int]:
    """Bytes: on the wire, in memory for a bit plane, and for random allocation of a million indexes."""
    tracemalloc.start()
    StatusList.empty(1, MILLION)
    plane = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    order = IndexPermutation(b"k" * 32, MILLION)
    order.index(0)
    allocation = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return {"compressed": len(made.compressed()), "bit plane": plane, "random allocation": allocation}
