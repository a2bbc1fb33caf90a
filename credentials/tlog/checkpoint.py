"""Checkpoints (C2SP tlog-checkpoint v1.0.0) and witness cosignatures (tlog-cosignature v1.0.1, Ed25519).

A checkpoint is believed with the log's own signature and the cosignatures of a quorum of pinned
witnesses; time bounds on cosignatures are the caller's (`CosignedCheckpoint.times`).
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from credentials.tlog.errors import LogEvidenceInvalid, NoteMalformed
from credentials.tlog.merkle import HASH_BYTES, MAX_SIZE
from credentials.tlog.note import (
    COSIGNATURE,
    NoteKey,
    NoteSignature,
    UnverifiedNote,
    check_name,
    key_id,
    parse_note,
    raw_ed25519,
    sign_note,
    strict_base64,
    verify_note,
)
from did.errors import SignatureInvalid
from did.signing import Signer

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head: origin, number of leaves, root (32 bytes) and extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note text, with its final newline."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(line + "\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignedCheckpoint:
    """A checkpoint whose log signature holds, with the time of each pinned witness that cosigned it."""

    checkpoint: Checkpoint
    note: UnverifiedNote
    times: Mapping[str, datetime]


def parse_size(text: str) -> int:
    """Read a decimal tree size or index without leading zeros. Raises NoteMalformed."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise NoteMalformed("not a decimal size")
    return int(text)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's note text. Raises NoteMalformed."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise NoteMalformed("a checkpoint has an origin, a size, a root and no empty line")
    root = strict_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise NoteMalformed("a checkpoint's root has 32 bytes")
    return Checkpoint(origin=lines[0], size=parse_size(lines[1]), root=root, extensions=tuple(lines[3:]))


def sign_checkpoint(checkpoint: Checkpoint, *, signer: Signer) -> UnverifiedNote:
    """Return the note of a checkpoint, signed by the log; the key's name is the origin."""
    text = checkpoint.text()
    return UnverifiedNote(text, (sign_note(text, name=checkpoint.origin, signer=signer),))


def cosign(text: str, *, name: str, signer: Signer, at: datetime) -> NoteSignature:
    """Cosign a checkpoint's text exactly as received, at time `at` (whole seconds)."""
    seconds = int(at.timestamp())
    identifier = key_id(check_name(name), COSIGNATURE, raw_ed25519(signer.public_key))
    return NoteSignature(name, identifier, seconds.to_bytes(8, "big") + signer.sign(_cosigned_message(text, seconds)))


def verify_cosignature(text: str, signature: NoteSignature, key: NoteKey) -> datetime:
    """Return the time at which witness `key` cosigned the checkpoint text. Raises LogEvidenceInvalid."""
    if key.kind != COSIGNATURE or (signature.name, signature.key_id) != (key.name, key.id):
        raise LogEvidenceInvalid("the cosignature is by another key")
    seconds = int.from_bytes(signature.signature[:8], "big")
    if len(signature.signature) != 8 + 64 or not 0 < seconds < 1 << 38:
        raise LogEvidenceInvalid(f"the cosignature of {key.name} has no time or another length")
    try:
        key.public_key.verify(signature.signature[8:], _cosigned_message(text, seconds))
    except SignatureInvalid as error:
        raise LogEvidenceInvalid(f"the cosignature of {key.name} does not hold") from error
    return datetime.fromtimestamp(seconds, UTC)


def check_checkpoint(
    data: bytes | str | UnverifiedNote,
    *,
    origin: str,
    log_keys: Sequence[NoteKey],
    witnesses: Sequence[NoteKey] = (),
    quorum: int = 0,
) -> CosignedCheckpoint:
    """Read a checkpoint and check origin, log signature and witness quorum.

    `quorum` counts distinct pinned keys. Raises NoteMalformed, or LogEvidenceInvalid (another origin, a
    known key whose signature fails, too few witnesses). T80, T83.
    """
    note = data if isinstance(data, UnverifiedNote) else parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise LogEvidenceInvalid(f"a checkpoint of {checkpoint.origin} instead of {origin}")
    verify_note(note, log_keys)
    known = {(key.name, key.id): key for key in witnesses}
    times: dict[str, datetime] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            at = verify_cosignature(note.text, signature, key)
            times[key.vkey] = min(at, times.get(key.vkey, at))
    if len(times) < quorum:
        raise LogEvidenceInvalid(f"{len(times)} of the {quorum} witnesses needed have cosigned")
    return CosignedCheckpoint(checkpoint=checkpoint, note=note, times=times)


def _cosigned_message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
