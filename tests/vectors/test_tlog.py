"""RFC 6962 trees and C2SP notes, checkpoints, cosignatures and tiles against published data."""

import base64
import json
from typing import Any

import pytest

from credentials.tlog.checkpoint import check_checkpoint, parse_checkpoint, verify_cosignature
from credentials.tlog.merkle import EMPTY_ROOT, MemoryTree, leaf_hash, verify_consistency, verify_inclusion
from credentials.tlog.note import NoteKey, parse_note, verify_note
from credentials.tlog.tiles import TilePath, TileTree, decode_entries, index_path, parse_tile_path, tiles_of
from did.errors import IdError
from tests.paths import need


def load(*parts: str) -> Any:
    return json.loads(need(*parts).read_text())


def hashes(values: list[str] | None) -> list[bytes]:
    return [base64.b64decode(value) for value in values or []]


def outcome(check: Any) -> bool:
    try:
        check()
    except IdError:
        return False
    return True


def test_published_inclusion_proofs_are_judged_as_stated() -> None:
    cases = load("merkle", "inclusion.json")
    wrong = [
        case["case"]
        for case in cases
        if outcome(
            lambda case=case: verify_inclusion(
                index=case["leafIdx"],
                size=case["treeSize"],
                leaf=base64.b64decode(case["leafHash"]),
                proof=hashes(case["proof"]),
                root=base64.b64decode(case["root"]),
            )
        )
        == case["wantErr"]
    ]
    assert cases
    assert wrong == []


def test_published_consistency_proofs_are_judged_as_stated() -> None:
    cases = load("merkle", "consistency.json")
    wrong = [
        case["case"]
        for case in cases
        if outcome(
            lambda case=case: verify_consistency(
                old_size=case["size1"],
                new_size=case["size2"],
                proof=hashes(case["proof"]),
                old_root=base64.b64decode(case["root1"]),
                new_root=base64.b64decode(case["root2"]),
            )
        )
        == case["wantErr"]
    ]
    assert cases
    assert wrong == []


def test_classic_tree_has_its_published_roots() -> None:
    published = load("merkle", "rfc6962_tree.json")
    leaves = [bytes.fromhex(leaf) for leaf in published["leaves_hex"]]
    tree = MemoryTree(leaf_hash(leaf) for leaf in leaves)
    assert tree.root(0) == EMPTY_ROOT
    for size, root in published["roots_by_size"].items():
        assert tree.root(int(size)).hex() == root
    for case in published["inclusion"]:
        assert [one.hex() for one in tree.inclusion_proof(case["index"], case["size"])] == case["proof"]
    for case in published["consistency"]:
        assert [one.hex() for one in tree.consistency_proof(case["first"], case["second"])] == case["proof"]


def test_note_of_the_specification_holds_and_a_changed_one_does_not() -> None:
    for case in load("tlog", "signed_note_spec.json"):
        key = NoteKey.parse(case["vkey"])
        assert key.vkey == case["vkey"]
        note = parse_note(case["note"])
        assert verify_note(note, [key]) == (key,)
        assert note.serialize() == case["note"]
        with pytest.raises(IdError):
            verify_note(parse_note(case["note"].replace("example message", "example messagE")), [key])


def test_log_of_fifteen_entries() -> None:
    log = load("tlog", "log15.json")
    key = NoteKey.parse(log["vkey"])
    entries: list[bytes] = []
    for count, bundle in log["entry_bundles_partial_hex"].items():
        decoded = decode_entries(bytes.fromhex(bundle), count=int(count))
        assert decoded[: len(entries)] == entries
        entries = decoded
    tree = MemoryTree(leaf_hash(entry) for entry in entries)
    for size, note in log["checkpoints"].items():
        head = check_checkpoint(note, origin=key.name, log_keys=[key])
        assert head.checkpoint.size == int(size)
        assert head.checkpoint.root == tree.root(int(size))
    for width, tile in log["tile0_partial_hex"].items():
        assert bytes.fromhex(tile) == b"".join(tree.hash_at(0, index) for index in range(int(width)))


def test_published_cosignature_holds() -> None:
    for case in load("tlog", "cosignatures.json"):
        witness = NoteKey.parse(case["witness_vkey"])
        note = parse_note(case["checkpoint"])
        assert parse_checkpoint(note.text).size == 300
        lines = [line for line in note.signatures if line.name == witness.name]
        assert [verify_cosignature(note.text, line, witness).year for line in lines] == [2025]
        with pytest.raises(IdError):
            verify_cosignature(note.text.replace("300", "301"), lines[0], witness)


def test_tiles_of_three_hundred_leaves_lead_to_one_root_and_a_swapped_leaf_is_caught() -> None:
    published = load("tlog", "tiles300.json")
    tiles = {name: bytes.fromhex(body) for name, body in published.items() if name.startswith("tile/")}
    level0 = b"".join(tiles[str(tile)] for tile in tiles_of(300, 0))
    memory = MemoryTree(level0[at : at + 32] for at in range(0, len(level0), 32))
    tree = TileTree(size=300, root=memory.root(), read=lambda path: tiles[str(path)])
    for index in (0, 255, 256, 299):
        assert tree.leaf(index) == memory.hash_at(0, index)
        assert tree.inclusion_proof(index) == memory.inclusion_proof(index)
    for name, body in tiles.items():
        lied = {**tiles, name: body[:-1] + bytes((body[-1] ^ 1,))}
        with pytest.raises(IdError):
            liar = TileTree(size=300, root=memory.root(), read=lambda path, lied=lied: lied[str(path)])
            [liar.leaf(index) for index in range(300)]


def test_tile_paths_and_counts() -> None:
    numbers, *counts = load("tlog", "tile_paths.json")
    index, path = numbers["index"]
    assert index_path(index) == path
    assert parse_tile_path(f"tile/0/{path}") == TilePath(0, index)
    for case in counts:
        for level in range(3):
            widths = [tile.width for tile in tiles_of(case["size"], level)]
            assert widths.count(256) == case["tiles"].get(f"level{level}_full", 0)
            assert [width for width in widths if width < 256] == [
                case["tiles"][name] for name in (f"level{level}_partial",) if name in case["tiles"]
            ]
