"""The Merkle hash tree of RFC 6962 section 2 (hashing unchanged in RFC 9162).

Hashes are 32 bytes of SHA-256. `verify_…` functions raise on any doubt and return nothing of use
to the careless: a caller that needs the root passes it in. `MemoryTree` keeps one flat byte array
per level, so that an append costs about one hash and a proof is a walk of log2(n) slices.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from credentials.tlog.errors import LogEvidenceInvalid, NoteMalformed

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
MAX_SIZE: Final = (1 << 63) - 1


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry's leaf: H(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: H(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root_from_leaf_hashes(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, in order; of none, SHA-256 of nothing (RFC 6962 2.1)."""
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        height, top = 0, leaf
        while stack and stack[-1][0] == height:
            top = node_hash(stack.pop()[1], top)
            height += 1
        stack.append((height, top))
    if not stack:
        return EMPTY_ROOT
    _, root = stack.pop()
    while stack:
        root = node_hash(stack.pop()[1], root)
    return root


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` is the `index`-th of the `size` leaves under `root` (RFC 9162 2.1.3.2).

    `proof` holds sibling hashes from the leaf upward. Raises LogEvidenceInvalid.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise LogEvidenceInvalid(f"leaf {index} cannot be in a tree of {size}")
    _check_hashes((leaf, root, *proof))
    # The length is fixed by index and size, and is checked before any hashing.
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count():
        raise LogEvidenceInvalid(f"an inclusion proof of leaf {index} in {size} has another length than {len(proof)}")
    here = leaf
    for level, sibling in enumerate(proof):
        on_the_right = level >= inner or (index >> level) & 1
        here = node_hash(sibling, here) if on_the_right else node_hash(here, sibling)
    if here != root:
        raise LogEvidenceInvalid("the inclusion proof does not lead to the root")


def verify_consistency(
    *, old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the tree of `old_size` is a prefix of the tree of `new_size` (RFC 9162 2.1.4.2).

    An old size of 0 is refused here (RFC 9162 leaves it undefined); callers for whom it means
    "seen nothing yet" say so themselves. Raises LogEvidenceInvalid.
    """
    if not 0 < old_size <= new_size <= MAX_SIZE:
        raise LogEvidenceInvalid(f"a tree of {new_size} cannot continue one of {old_size}")
    if old_size == new_size:
        if proof or old_root != new_root:
            raise LogEvidenceInvalid("two different trees of one size")
        return
    _check_hashes((old_root, new_root, *proof))
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise LogEvidenceInvalid("the consistency proof is empty")
    old_index, new_index = old_size - 1, new_size - 1
    while old_index & 1:
        old_index >>= 1
        new_index >>= 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if new_index == 0:
            raise LogEvidenceInvalid("the consistency proof is too long")
        if old_index & 1 or old_index == new_index:
            from_old = node_hash(sibling, from_old)
            from_new = node_hash(sibling, from_new)
            while old_index and not old_index & 1:
                old_index >>= 1
                new_index >>= 1
        else:
            from_new = node_hash(from_new, sibling)
        old_index >>= 1
        new_index >>= 1
    if new_index or from_old != old_root or from_new != new_root:
        raise LogEvidenceInvalid("the consistency proof does not lead to both roots")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise LogEvidenceInvalid("a hash of the proof is not 32 bytes")


class MemoryTree:
    """A growing tree in memory: one byte array for each level of perfect subtrees."""

    __slots__ = ("_levels", "_size")

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self._size = 0
        for one in leaf_hashes:
            self.append_hash(one)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def append(self, entry: bytes) -> int:
        """Add an entry and return its index."""
        return self.append_hash(sha256(b"\x00" + entry).digest())

    def append_hash(self, leaf: bytes) -> int:
        """Add an entry by its leaf hash and return its index."""
        if len(leaf) != HASH_BYTES:
            raise NoteMalformed("a leaf hash has 32 bytes")
        levels, index = self._levels, self._size
        levels[0] += leaf
        carry, level = index, 0
        while carry & 1:
            pair = levels[level][-2 * HASH_BYTES :]
            level += 1
            if level == len(levels):
                levels.append(bytearray())
            levels[level] += sha256(b"\x01" + pair).digest()
            carry >>= 1
        self._size = index + 1
        return index

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash of the `index`-th perfect subtree of 2**level leaves."""
        start = index * HASH_BYTES
        found = bytes(self._levels[level][start : start + HASH_BYTES]) if level < len(self._levels) else b""
        if len(found) != HASH_BYTES:
            raise NoteMalformed(f"no subtree {index} at level {level} in a tree of {self._size}")
        return found

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` leaves (all, by default)."""
        size = self._within(self._size if size is None else size)
        return self._range_root(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the sibling hashes, leaf upward, of leaf `index` in the first `size` leaves."""
        size = self._within(self._size if size is None else size)
        if not 0 <= index < size:
            raise NoteMalformed(f"leaf {index} is not in a tree of {size}")
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            split = start + _split(end - start)
            if index < split:
                proof.append(self._range_root(split, end))
                end = split
            else:
                proof.append(self._range_root(start, split))
                start = split
        return proof[::-1]

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> list[bytes]:
        """Return the proof that the first `old_size` leaves are a prefix of the first `new_size` (RFC 6962 2.1.2)."""
        new_size = self._within(self._size if new_size is None else new_size)
        if not 0 <= old_size <= new_size:
            raise NoteMalformed(f"a tree of {new_size} holds no prefix of {old_size}")
        if old_size in (0, new_size):
            return []
        proof: list[bytes] = []
        start, end, whole = 0, new_size, True
        while old_size != end:
            split = start + _split(end - start)
            if old_size <= split:
                proof.append(self._range_root(split, end))
                end = split
            else:
                proof.append(self._range_root(start, split))
                start, whole = split, False
        if not whole:
            proof.append(self._range_root(start, end))
        return proof[::-1]

    def _within(self, size: int) -> int:
        if not 0 <= size <= self._size:
            raise NoteMalformed(f"the tree has {self._size} leaves, not {size}")
        return size

    def _range_root(self, start: int, end: int) -> bytes:
        """Root over leaves [start, end), where start is a multiple of the largest perfect subtree inside."""
        parts: list[bytes] = []
        while start < end:
            level = (end - start).bit_length() - 1
            parts.append(self.hash_at(level, start >> level))
            start += 1 << level
        here = parts.pop()
        while parts:
            here = node_hash(parts.pop(), here)
        return here


def _split(width: int) -> int:
    """The largest power of two below `width` (which is 2 or more)."""
    return 1 << ((width - 1).bit_length() - 1)
