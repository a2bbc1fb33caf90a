"""CBOR as identity documents use it: strict in, deterministic out (RFC 8949).

Reading refuses indefinite lengths, duplicate keys, trailing bytes, deep nesting and every tag but
those named; no tag is given a meaning, so that nothing inside a document starts a computation (T26).
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

import cbor2
from cbor2 import CBORTag

from did.errors import Malformed

__all__ = ["CBORTag", "decode", "encode", "tagged_bytes", "unwrap_tagged_bytes"]

MAX_BYTES: Final = 512 * 1024
MAX_DEPTH: Final = 32
DATE_TIME: Final = 0
ENCODED_CBOR: Final = 24
FULL_DATE: Final = 1004
_BUILT_IN_TAGS: Final = (*range(6), 21, 22, 23, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 43000, 55799)


def _keep(tag: int) -> Callable[[Any, bool], CBORTag]:
    return lambda value, _immutable: CBORTag(tag, value)


def _refuse(_value: Any, _immutable: bool) -> Any:
    raise ValueError("a tag that has no place here")


def _refuse_unknown(tag: CBORTag, _immutable: bool) -> Any:
    if tag.tag == ENCODED_CBOR:
        return tag
    raise ValueError("a tag that has no place here")


_TAGS: Final = dict.fromkeys(_BUILT_IN_TAGS, _refuse) | {tag: _keep(tag) for tag in (DATE_TIME, FULL_DATE)}


def decode(data: bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """Return the one CBOR item that `data` is. Tags 0, 24 and 1004 stay `CBORTag`s. Raises Malformed."""
    if len(data) > max_bytes:
        raise Malformed("the CBOR data is too large")
    stream = BytesIO(data)
    try:
        decoder = cbor2.CBORDecoder(
            stream,
            tag_hook=_refuse_unknown,
            semantic_decoders=_TAGS,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
        value = decoder.decode()
    except (cbor2.CBORDecodeError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        raise Malformed("not CBOR in the form that is due here") from error
    if stream.tell() != len(data):
        raise Malformed("bytes follow the CBOR item")
    return value


def encode(value: Any) -> bytes:
    """Return the deterministic encoding: shortest forms, maps in the order given by the caller's structure."""
    return cbor2.dumps(value)


def tagged_bytes(encoded: bytes) -> bytes:
    """Return `#6.24(bstr)` around bytes that are CBOR already: what mdoc digests and transcripts are made of."""
    length = len(encoded)
    if length < 24:
        head = bytes((0x40 | length,))
    else:
        size = 1 if length < 1 << 8 else 2 if length < 1 << 16 else 4
        head = bytes((0x58 + (size >> 1),)) + length.to_bytes(size, "big")
    return b"\xd8\x18" + head + encoded


def unwrap_tagged_bytes(value: Any) -> bytes:
    """Return the bytes inside a decoded `#6.24(bstr)`. Raises Malformed."""
    if not isinstance(value, CBORTag) or value.tag != ENCODED_CBOR or not isinstance(value.value, bytes):
        raise Malformed("a CBOR item that should be wrapped as bytes is not")
    return value.value
