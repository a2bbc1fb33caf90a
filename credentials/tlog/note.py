"""Signed notes (C2SP signed-note v1.0.0) and the keys that sign them.

A note is text that ends in a newline, a blank line, and signature lines
`— <name> <base64(key id || signature)>`. Verifying ignores signatures by keys it does not know and
refuses the whole note when a known key's signature fails.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from credentials.tlog.errors import LogEvidenceInvalid, NoteMalformed
from did.errors import SignatureInvalid
from did.keys import PublicKey
from did.signing import Signer

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
MAX_NOTE_BYTES: Final = 256 * 1024
MAX_SIGNATURES: Final = 64
_PREFIX: Final = "\u2014 "


def check_name(name: str) -> str:
    """Return `name` if it may name a key: not empty, no space of any kind, no `+`, no control character."""
    if not name or "+" in name or any(character.isspace() or ord(character) < 0x20 for character in name):
        raise NoteMalformed("a key name is empty or holds a space or a plus sign")
    return name


def key_id(name: str, kind: int, material: bytes) -> bytes:
    """Return the four bytes that stand before a signature: SHA-256(name || LF || type || key)[:4]."""
    return sha256(name.encode() + b"\n" + bytes((kind,)) + material).digest()[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """A verifier key: name, signature type (Ed25519 or cosignature) and Ed25519 public key."""

    name: str
    kind: int
    public_key: PublicKey

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.kind, raw_ed25519(self.public_key))

    @property
    def vkey(self) -> str:
        """The text form `<name>+<id as hex>+<base64(type || key)>`."""
        material = bytes((self.kind,)) + raw_ed25519(self.public_key)
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(material).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> "NoteKey":
        """Read a vkey. Raises NoteMalformed for any other type than Ed25519 (01) and cosignature (04)."""
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise NoteMalformed("a verifier key has three parts")
        name, identifier, encoded = parts
        material = strict_base64(encoded)
        if len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
            raise NoteMalformed("the verifier key is of an unknown type or length")
        key = cls(name=check_name(name), kind=material[0], public_key=ed25519_from_raw(material[1:]))
        if key.id.hex() != identifier:
            raise NoteMalformed("the verifier key's id does not fit its name and key")
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not yet verified: name, key id and signature bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        return f"{_PREFIX}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class UnverifiedNote:
    """A note as it arrived: its text (with the final newline) and its signature lines."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def serialize(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)


def parse_note(data: bytes | str) -> UnverifiedNote:
    """Split a note into text and signatures, at the last blank line. Raises NoteMalformed."""
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > MAX_NOTE_BYTES:
        raise NoteMalformed("the note is too large")
    try:
        note = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteMalformed("the note is not UTF-8") from error
    if any(ord(character) < 0x20 and character != "\n" for character in note):
        raise NoteMalformed("the note holds a control character")
    at = note.rfind("\n\n")
    if at < 0 or not note.endswith("\n"):
        raise NoteMalformed("the note has no signature part or no final newline")
    lines = note[at + 2 :].split("\n")[:-1]
    if not 0 < len(lines) <= MAX_SIGNATURES:
        raise NoteMalformed("the note has no signature, or too many")
    return UnverifiedNote(note[: at + 1], tuple(_parse_signature(line) for line in lines))


def parse_signature_lines(text: str) -> tuple[NoteSignature, ...]:
    """Read signature lines alone, as a witness answers them. Raises NoteMalformed."""
    if not text.endswith("\n") or text.count("\n") > MAX_SIGNATURES:
        raise NoteMalformed("signature lines end in a newline, and there are not too many of them")
    return tuple(_parse_signature(line) for line in text.split("\n")[:-1])


def _parse_signature(line: str) -> NoteSignature:
    name, separator, encoded = line.removeprefix(_PREFIX).partition(" ")
    if not line.startswith(_PREFIX) or not separator:
        raise NoteMalformed("a signature line is not in its form")
    blob = strict_base64(encoded)
    if len(blob) < 5:
        raise NoteMalformed("a signature line is too short")
    return NoteSignature(check_name(name), blob[:4], blob[4:])


def sign_note(text: str, *, name: str, signer: Signer) -> NoteSignature:
    """Sign a note's text (which ends in a newline) as key `name`, type Ed25519."""
    if not text.endswith("\n"):
        raise NoteMalformed("a note's text ends in a newline")
    identifier = key_id(check_name(name), ED25519, raw_ed25519(signer.public_key))
    return NoteSignature(name, identifier, signer.sign(text.encode()))


def verify_note(note: UnverifiedNote, keys: Sequence[NoteKey]) -> tuple[NoteKey, ...]:
    """Return the Ed25519 keys of `keys` that signed the note, one at least.

    Raises LogEvidenceInvalid when a known key's signature fails, or when no known key signed.
    """
    known = {(key.name, key.id): key for key in keys if key.kind == ED25519}
    found: list[NoteKey] = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        try:
            key.public_key.verify(signature.signature, note.text.encode())
        except SignatureInvalid as error:
            raise LogEvidenceInvalid(f"the signature of {key.name} does not hold") from error
        if key not in found:
            found.append(key)
    if not found:
        raise LogEvidenceInvalid("no known key has signed the note")
    return tuple(found)


def strict_base64(text: str) -> bytes:
    """Decode standard base64 with padding, in its one canonical form. Raises NoteMalformed."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteMalformed("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise NoteMalformed("not canonical base64")
    return data


def raw_ed25519(key: PublicKey) -> bytes:
    """Return the 32 bytes of an Ed25519 key. Raises NoteMalformed for a key of another kind."""
    if key.alg != "Ed25519":
        raise NoteMalformed("logs and witnesses sign with Ed25519")
    return key.to_spki()[-32:]


def ed25519_from_raw(raw: bytes) -> PublicKey:
    """Return the key of 32 raw bytes. Raises KeyInvalid for a point that may not be used."""
    return PublicKey.from_spki(bytes.fromhex("302a300506032b6570032100") + raw)
