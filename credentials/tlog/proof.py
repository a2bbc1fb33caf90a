"""Offline proofs of one entry (C2SP tlog-proof): index, inclusion path and a cosigned checkpoint in one text."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from credentials.tlog.checkpoint import CosignedCheckpoint, check_checkpoint, parse_size
from credentials.tlog.errors import NoteMalformed
from credentials.tlog.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from credentials.tlog.note import NoteKey, UnverifiedNote, parse_note, strict_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogProof:
    """A parsed proof; `extra` is not authenticated by the log."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: UnverifiedNote
    extra: bytes | None = None

    def serialize(self) -> str:
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(one).decode() for one in self.path]
        return "\n".join(lines) + "\n\n" + self.checkpoint.serialize()


def parse_proof(text: str) -> TlogProof:
    """Read a tlog-proof. Raises NoteMalformed."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != HEADER:
        raise NoteMalformed("not a tlog-proof of version 1")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = strict_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise NoteMalformed("the proof has no index")
    index = parse_size(lines.pop(0).removeprefix("index "))
    path = tuple(strict_base64(line) for line in lines)
    if len(path) > MAX_PATH or any(len(one) != HASH_BYTES for one in path):
        raise NoteMalformed("the proof's path is not made of hashes, or too long")
    return TlogProof(index=index, path=path, checkpoint=parse_note(note), extra=extra)


def check_proof(
    proof: TlogProof,
    *,
    entry: bytes,
    origin: str,
    log_keys: Sequence[NoteKey],
    witnesses: Sequence[NoteKey] = (),
    quorum: int = 0,
) -> CosignedCheckpoint:
    """Check that `entry`, the artefact in hand, is in the log; return the checkpoint that covers it.

    The leaf is recomputed from `entry`, never read from the proof (T82). Raises LogEvidenceInvalid.
    """
    head = check_checkpoint(proof.checkpoint, origin=origin, log_keys=log_keys, witnesses=witnesses, quorum=quorum)
    verify_inclusion(
        index=proof.index,
        size=head.checkpoint.size,
        leaf=leaf_hash(entry),
        proof=proof.path,
        root=head.checkpoint.root,
    )
    return head
