"""Tiles and entry bundles (C2SP tlog-tiles v0.1.0): paths, contents, and a tree read from them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from credentials.tlog.errors import LogEvidenceInvalid, NoteMalformed
from credentials.tlog.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

TILE_WIDTH: Final = 256
MAX_LEVEL: Final = 63
_PATH: Final = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TilePath:
    """A tile's place: level (None for an entry bundle), number, and width 1..256."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __str__(self) -> str:
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{index_path(self.index)}{partial}"


def index_path(index: int) -> str:
    """Write a tile number in groups of three digits, all but the last after an `x`."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def parse_tile_path(path: str) -> TilePath:
    """Read a tile's path. Raises NoteMalformed for anything but its one canonical form."""
    found = _PATH.fullmatch(path)
    if not found:
        raise NoteMalformed("not a tile path")
    level = None if found[1] == "entries" else int(found[1])
    width = int(found[3]) if found[3] else TILE_WIDTH
    tile = TilePath(level, int(found[2].replace("x", "").replace("/", "")), width)
    if (level or 0) > MAX_LEVEL or not (1 <= width < TILE_WIDTH or not found[3]) or str(tile) != path:
        raise NoteMalformed("not a tile path")
    return tile


def tiles_of(size: int, level: int) -> Iterator[TilePath]:
    """All hash tiles of one level in a tree of `size`: the full ones, then the partial one if there is one."""
    hashes = size >> (8 * level)
    for index in range(hashes // TILE_WIDTH):
        yield TilePath(level, index)
    if hashes % TILE_WIDTH:
        yield TilePath(level, hashes // TILE_WIDTH, hashes % TILE_WIDTH)


def tile_holding(size: int, level: int, index: int) -> TilePath:
    """The tile of a tree of `size` that holds the `index`-th hash of tile level `level`."""
    hashes = size >> (8 * level)
    if not 0 <= index < hashes:
        raise NoteMalformed(f"no hash {index} at tile level {level} in a tree of {size}")
    number = index // TILE_WIDTH
    return TilePath(level, number, min(TILE_WIDTH, hashes - number * TILE_WIDTH))


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """Write an entry bundle: each entry after its length as two bytes, big-endian."""
    if not 0 < len(entries) <= TILE_WIDTH or any(len(entry) > 0xFFFF for entry in entries):
        raise NoteMalformed("a bundle has 1 to 256 entries of at most 65535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_entries(bundle: bytes, *, count: int) -> list[bytes]:
    """Read an entry bundle of exactly `count` entries. Raises NoteMalformed."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise NoteMalformed("the entry bundle is cut")
        entries.append(bundle[at + 2 : end])
        at = end
    if len(entries) != count:
        raise NoteMalformed(f"the bundle has {len(entries)} entries instead of {count}")
    return entries


class TileTree:
    """Hashes and proofs of a tree of `size`, read from tiles through `read(path) -> bytes`.

    Every tile is used only after the hashes above it vouch for it, up to the `root` of a verified
    checkpoint, so `read` may be a cache or a stranger. Raises LogEvidenceInvalid for a tile that lies.
    """

    def __init__(self, *, size: int, root: bytes, read: Callable[[TilePath], bytes]) -> None:
        self._size, self._read = size, read
        self._cache: dict[TilePath, bytes] = {}
        if self._range_root(0, size, trusted=False) != root:
            raise LogEvidenceInvalid("the tiles do not lead to the checkpoint's root")

    def leaf(self, index: int) -> bytes:
        """Return the leaf hash at `index`."""
        return self._subtree(0, index)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the sibling hashes of leaf `index`, leaf upward."""
        if not 0 <= index < self._size:
            raise NoteMalformed(f"leaf {index} is not in a tree of {self._size}")
        proof: list[bytes] = []
        start, end = 0, self._size
        while end - start > 1:
            split = start + (1 << ((end - start - 1).bit_length() - 1))
            if index < split:
                proof.append(self._range_root(split, end))
                end = split
            else:
                proof.append(self._range_root(start, split))
                start = split
        return proof[::-1]

    def prefix_root(self, size: int) -> bytes:
        """Return the root of the first `size` leaves, to hold against an older checkpoint."""
        if not 0 <= size <= self._size:
            raise NoteMalformed(f"the tree has {self._size} leaves, not {size}")
        return self._range_root(0, size)

    def _range_root(self, start: int, end: int, *, trusted: bool = True) -> bytes:
        parts: list[bytes] = []
        while start < end:
            level = (end - start).bit_length() - 1
            parts.append(self._subtree(level, start >> level, trusted=trusted))
            start += 1 << level
        if not parts:
            return EMPTY_ROOT
        here = parts.pop()
        while parts:
            here = node_hash(parts.pop(), here)
        return here

    def _subtree(self, level: int, index: int, *, trusted: bool = True) -> bytes:
        """Hash of the perfect subtree of 2**level leaves: inside one tile, from that tile's own hashes."""
        tile_level, inner = divmod(level, 8)
        first = index << inner
        tile = tile_holding(self._size, tile_level, first)
        body = self._tile(tile, trusted=trusted)
        at = (first % TILE_WIDTH) * HASH_BYTES
        return _perfect_root(body[at : at + (HASH_BYTES << inner)])

    def _tile(self, tile: TilePath, *, trusted: bool) -> bytes:
        body = self._cache.get(tile)
        if body is None:
            body = self._read(tile)
            if len(body) != tile.width * HASH_BYTES:
                raise LogEvidenceInvalid(f"{tile} has another length than its name says")
            # A full tile is vouched for by one hash a level up. A partial one (and whatever the root is
            # made of) is vouched for by the root itself, checked once when the tree is opened.
            if trusted and tile.width == TILE_WIDTH and tile.level is not None:
                above = self._subtree(8 * (tile.level + 1), tile.index)
                if _perfect_root(body) != above:
                    raise LogEvidenceInvalid(f"{tile} does not fit the tile above it")
            self._cache[tile] = body
        return body


def _perfect_root(hashes: bytes) -> bytes:
    """Root over 2**n hashes that lie in one byte string."""
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
