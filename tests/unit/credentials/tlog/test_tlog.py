"""The log's formats as an attacker meets them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.tlog.checkpoint import Checkpoint, check_checkpoint, cosign, parse_checkpoint, sign_checkpoint
from credentials.tlog.errors import LogEvidenceInvalid, NoteMalformed
from credentials.tlog.merkle import (
    MemoryTree,
    leaf_hash,
    root_from_leaf_hashes,
    verify_consistency,
    verify_inclusion,
)
from credentials.tlog.note import COSIGNATURE, ED25519, NoteKey, UnverifiedNote, parse_note
from credentials.tlog.proof import TlogProof, check_proof, parse_proof
from credentials.tlog.tiles import decode_entries, encode_entries, parse_tile_path
from did.errors import IdError
from did.keys import PrivateKey
from did.signing import LocalSigner

ORIGIN = "id.example/log"
LOG = LocalSigner(PrivateKey.generate("Ed25519"))
WITNESS = LocalSigner(PrivateKey.generate("Ed25519"))
LOG_KEY = NoteKey(name=ORIGIN, kind=ED25519, public_key=LOG.public_key)
WITNESS_KEY = NoteKey(name="city.example/w", kind=COSIGNATURE, public_key=WITNESS.public_key)
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


def tree_of(count: int) -> MemoryTree:
    return MemoryTree(leaf_hash(b"%d" % number) for number in range(count))


def cosigned(tree: MemoryTree) -> UnverifiedNote:
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=tree.size, root=tree.root()), signer=LOG)
    line = cosign(note.text, name=WITNESS_KEY.name, signer=WITNESS, at=AT)
    return UnverifiedNote(note.text, (*note.signatures, line))


@given(st.integers(1, 700), st.data())
def test_every_proof_a_tree_gives_holds_and_no_other_leaf_fits_it(size: int, data: st.DataObject) -> None:
    tree = tree_of(size)
    index = data.draw(st.integers(0, size - 1))
    at_size = data.draw(st.integers(index + 1, size))
    proof = tree.inclusion_proof(index, at_size)
    root = tree.root(at_size)
    assert root == root_from_leaf_hashes(tree.hash_at(0, one) for one in range(at_size))
    verify_inclusion(index=index, size=at_size, leaf=tree.hash_at(0, index), proof=proof, root=root)
    for other in {0, index ^ 1, at_size - 1} - {index}:
        with pytest.raises(LogEvidenceInvalid):
            verify_inclusion(index=other, size=at_size, leaf=tree.hash_at(0, index), proof=proof, root=root)
    old = data.draw(st.integers(1, at_size))
    path = tree.consistency_proof(old, at_size)
    verify_consistency(old_size=old, new_size=at_size, proof=path, old_root=tree.root(old), new_root=root)
    with pytest.raises(LogEvidenceInvalid):
        verify_consistency(old_size=old, new_size=at_size, proof=path, old_root=leaf_hash(b"x"), new_root=root)


def test_T80_checkpoint_without_its_quorum_is_not_used() -> None:
    note = cosigned(tree_of(7))
    head = check_checkpoint(note, origin=ORIGIN, log_keys=[LOG_KEY], witnesses=[WITNESS_KEY], quorum=1)
    assert head.times == {WITNESS_KEY.vkey: AT}
    alone = UnverifiedNote(note.text, note.signatures[:1])
    with pytest.raises(LogEvidenceInvalid, match="0 of the 1"):
        check_checkpoint(alone, origin=ORIGIN, log_keys=[LOG_KEY], witnesses=[WITNESS_KEY], quorum=1)
    twice = UnverifiedNote(note.text, (*note.signatures, note.signatures[1]))
    with pytest.raises(LogEvidenceInvalid, match="1 of the 2"):
        check_checkpoint(twice, origin=ORIGIN, log_keys=[LOG_KEY], witnesses=[WITNESS_KEY], quorum=2)


def test_T82_proof_of_another_entry_proves_nothing() -> None:
    tree = tree_of(9)
    proof = TlogProof(index=4, path=tuple(tree.inclusion_proof(4)), checkpoint=cosigned(tree), extra=b"{}")
    again = parse_proof(proof.serialize())
    assert again == proof
    pinned = {"origin": ORIGIN, "log_keys": [LOG_KEY], "witnesses": [WITNESS_KEY], "quorum": 1}
    assert check_proof(again, entry=b"4", **pinned).checkpoint.size == 9
    with pytest.raises(LogEvidenceInvalid):
        check_proof(again, entry=b"5", **pinned)


def test_T83_other_origin_other_log_key_and_other_witness_key_are_refused() -> None:
    note = cosigned(tree_of(3))
    stranger = LocalSigner(PrivateKey.generate("Ed25519"))
    other = NoteKey(name=ORIGIN, kind=ED25519, public_key=stranger.public_key)
    with pytest.raises(LogEvidenceInvalid):
        check_checkpoint(note, origin="id.example/other", log_keys=[LOG_KEY])
    with pytest.raises(LogEvidenceInvalid):
        check_checkpoint(note, origin=ORIGIN, log_keys=[other])
    changed = NoteKey(name=WITNESS_KEY.name, kind=COSIGNATURE, public_key=stranger.public_key)
    with pytest.raises(LogEvidenceInvalid):
        check_checkpoint(note, origin=ORIGIN, log_keys=[LOG_KEY], witnesses=[changed], quorum=1)


def test_known_key_with_a_bad_signature_spoils_the_whole_note() -> None:
    note = cosigned(tree_of(3))
    bad = type(note.signatures[0])(ORIGIN, LOG_KEY.id, bytes(64))
    with pytest.raises(LogEvidenceInvalid):
        check_checkpoint(UnverifiedNote(note.text, (*note.signatures, bad)), origin=ORIGIN, log_keys=[LOG_KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        "o\n01\nAAAA\n",
        "o\n-1\nAAAA\n",
        "o\n1\nAAAA\n",
        "\n1\n" + "A" * 43 + "=\n",
        "o\n1\n" + "A" * 43 + "=\n\nx\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_checkpoint(text)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_only_our_own_errors_come_out_of_the_parsers(data: str | bytes) -> None:
    for parse in (parse_note, *(() if isinstance(data, bytes) else (parse_proof, parse_tile_path, NoteKey.parse))):
        try:
            parse(data)
        except IdError:
            pass


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=40), st.integers(1, 5))
def test_entry_bundles_round_trip_and_a_cut_one_is_refused(entries: list[bytes], cut: int) -> None:
    bundle = encode_entries(entries)
    assert decode_entries(bundle, count=len(entries)) == entries
    with pytest.raises(NoteMalformed):
        decode_entries(bundle[:-cut], count=len(entries))


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1",
        "tile/00/000",
        "tile/0/x000/000",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/64/000",
        "tile/data/000",
        "tile/0/../000",
    ],
)
def test_only_canonical_tile_paths_are_read(path: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_tile_path(path)
