"""Strict encodings: base64url, base64, base58btc, multibase, varint, JSON in and canonical JSON out.

RFC 4648 (no white space, canonical trailing bits), the multiformats base58btc and varint forms,
RFC 8259 and RFC 7493 for parsing (T07), RFC 8785 for canonical JSON (JCS). Every decoder accepts
exactly one spelling of a value, so that two parties can never read one text in two ways.
"""

import binascii
import json
import re
from typing import Any

import orjson
import rfc8785

from did.errors import Malformed

MAX_SAFE_INTEGER = 2**53 - 1
"""Largest integer magnitude that every JSON reader keeps exact (RFC 7493, 2.2)."""

# Everything but the base64url alphabet becomes `!`, which the strict decoder refuses.
_TO_STANDARD = (
    bytes(
        ord("+") if char == ord("-") else ord("/") if char == ord("_") else char if chr(char).isalnum() else ord("!")
        for char in range(128)
    )
    + b"!" * 128
)
# With 2 or 3 digits in the last group, the last digit has 4 or 2 bits that must be zero.
_LAST_DIGITS = {2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
_TO_URL = bytes.maketrans(b"+/", b"-_")


def b64url_encode(data: bytes) -> str:
    """Return `data` as base64url without padding (RFC 7515, 2)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def b64url_decode(text: str | bytes, *, max_bytes: int | None = None) -> bytes:
    """Return the bytes of unpadded, canonical base64url `text`.

    `max_bytes` bounds the decoded length and is checked before decoding.
    Raises Malformed for padding, other characters, an impossible length or non-zero trailing bits (T06).
    """
    if max_bytes is not None and len(text) > (max_bytes * 4 + 2) // 3:
        raise Malformed(f"base64url text is longer than {max_bytes} bytes allow")
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        rest = len(raw) & 3
        data = binascii.a2b_base64(raw.translate(_TO_STANDARD) + b"=="[: -rest & 3], strict_mode=True)
    except ValueError as exc:
        raise Malformed("text is not base64url without padding") from exc
    if rest and raw[-1] not in _LAST_DIGITS[rest]:
        raise Malformed("base64url text has loose trailing bits")
    return data


def b64_encode(data: bytes) -> str:
    """Return `data` as standard padded base64, as certificates in `x5c` use it (RFC 7515, 4.1.6)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def b64_decode(text: str, *, max_bytes: int | None = None) -> bytes:
    """Return the bytes of standard, padded, canonical base64 `text`, or raise Malformed."""
    if max_bytes is not None and len(text) > (max_bytes + 2) // 3 * 4:
        raise Malformed(f"base64 text is longer than {max_bytes} bytes allow")
    try:
        raw = text.encode("ascii")
        data = binascii.a2b_base64(raw)
    except ValueError as exc:
        raise Malformed("text is not base64") from exc
    if binascii.b2a_base64(data, newline=False) != raw:
        raise Malformed("text is not canonical base64 with padding")
    return data


# --- base58btc and multibase -------------------------------------------------------------------

_B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_B58_PAIRS = [a + b for a in _B58 for b in _B58]
_B58_VALUES = {pair: value for value, pair in enumerate(_B58_PAIRS)}
_B58_DIGITS = {digit: value for value, digit in enumerate(_B58)}
MAX_BASE58_CHARS = 2048
"""Longest base58btc text we read: the conversion is quadratic. Enough for an RSA-4096 key."""


def base58btc_encode(data: bytes) -> str:
    """Return `data` in base58btc (Bitcoin alphabet), without a multibase prefix."""
    stripped = data.lstrip(b"\0")
    number = int.from_bytes(stripped, "big")
    pairs: list[str] = []
    while number:
        number, rest = divmod(number, 3364)  # two digits at a time halves the big-number divisions
        pairs.append(_B58_PAIRS[rest])
    pairs.reverse()
    return "1" * (len(data) - len(stripped)) + "".join(pairs).removeprefix("1")


def base58btc_decode(text: str, *, max_chars: int = MAX_BASE58_CHARS) -> bytes:
    """Return the bytes of base58btc `text`; raises Malformed beyond `max_chars` or outside the alphabet."""
    if len(text) > max_chars:
        raise Malformed(f"base58btc text is longer than {max_chars} characters")
    number = 0
    try:
        if len(text) % 2:
            number = _B58_DIGITS[text[0]]
        for at in range(len(text) % 2, len(text), 2):
            number = number * 3364 + _B58_VALUES[text[at : at + 2]]
    except KeyError as exc:
        raise Malformed("text is not base58btc") from exc
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multibase_encode(data: bytes, *, base: str = "z") -> str:
    """Return `data` as multibase text: `z` base58btc or `u` base64url without padding."""
    if base == "z":
        return "z" + base58btc_encode(data)
    if base == "u":
        return "u" + b64url_encode(data)
    raise Malformed(f"multibase {base!r} is not one of z, u")


def multibase_decode(text: str, *, max_chars: int = MAX_BASE58_CHARS, bases: str = "zu") -> bytes:
    """Return the bytes of multibase `text` in one of `bases` (CID 1.0, 2.4), or raise Malformed."""
    prefix, body = text[:1], text[1:]
    if not prefix or prefix not in bases or not body:
        raise Malformed(f"multibase text must start with one of {', '.join(bases)}")
    if prefix == "z":
        return base58btc_decode(body, max_chars=max_chars)
    return b64url_decode(body, max_bytes=max_chars)


def varint_encode(number: int) -> bytes:
    """Return `number` (>= 0) as an unsigned LEB128 varint, as multicodec prefixes use it."""
    if number < 0:
        raise Malformed("a varint cannot be negative")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def varint_decode(data: bytes) -> tuple[int, bytes]:
    """Return the number at the start of `data` and the rest; at most 9 bytes, shortest form only."""
    number = 0
    for at, byte in enumerate(data[:9]):
        number |= (byte & 0x7F) << (7 * at)
        if byte < 0x80:
            if byte == 0 and at:
                raise Malformed("varint is not in its shortest form")
            return number, data[at + 1 :]
    raise Malformed("varint is cut off or too long")


# --- JSON ---------------------------------------------------------------------------------------


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("JSON object has a member twice")
    return members


def _integer(text: str) -> int:
    if len(text) > 17 or not -MAX_SAFE_INTEGER <= (number := int(text)) <= MAX_SAFE_INTEGER:
        raise Malformed("JSON integer lies outside plus or minus 2^53-1")
    return number


def _float(text: str) -> float:
    number = float(text) if len(text) <= 400 else float("inf")
    if number - number != 0.0:
        raise Malformed("JSON number is too large")
    return number


def _constant(text: str) -> Any:
    raise Malformed(f"JSON has no {text}")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
_DOUBTFUL_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)


def _depth(text: str) -> int:
    """Return the deepest nesting of brackets outside strings; `text` need not be valid JSON."""
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        if match.lastindex == 1:
            depth += 1
            deepest = max(deepest, depth)
        elif match.lastindex == 2:
            depth -= 1
    return deepest


def json_parse(data: bytes | str, *, max_bytes: int = 1 << 20, max_depth: int = 32) -> Any:
    """Return the one JSON value in `data`, read strictly (RFC 8259, RFC 7493; T07).

    `max_bytes` bounds the text, `max_depth` its nesting. Raises Malformed for bad UTF-8, a byte order
    mark, a doubled member, NaN or Infinity, a lone surrogate, U+0000, an integer beyond 2^53-1, trailing data.
    """
    if len(data) > max_bytes:
        raise Malformed(f"JSON text is longer than {max_bytes} bytes")
    if isinstance(data, bytes) and data.count(b"[") + data.count(b"{") <= max_depth and b"\\u0000" not in data:
        # Text that comes back byte for byte when written again has no doubled member, no blank, no byte
        # order mark, no number that would change; the writer refuses integers beyond 2^53-1.
        try:
            value = orjson.loads(data)
            if orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER) == data:
                return value
        except (ValueError, TypeError):
            pass  # the strict reader below decides, and says why
    try:
        if isinstance(data, str):
            data.encode("utf-8")  # a str may hold lone surrogates that no UTF-8 text can
            text = data
        else:
            text = data.decode("utf-8")
        # Fewer brackets than the limit cannot nest too deep: the exact count is for the rest.
        if text.count("[") + text.count("{") > max_depth and _depth(text) > max_depth:
            raise Malformed(f"JSON is nested more than {max_depth} deep")
        value, end = _DECODER.raw_decode(text, len(text) - len(text.lstrip(" \t\r\n")))
        if text[end:].strip(" \t\r\n"):
            raise Malformed("JSON text has trailing data")
        if _DOUBTFUL_ESCAPE.search(text):
            _refuse_bad_characters(value)
    except (ValueError, RecursionError) as exc:
        raise Malformed("text is not JSON in UTF-8") from exc
    return value


def _refuse_bad_characters(value: Any) -> None:
    """Refuse lone surrogates, which no UTF-8 text has, and U+0000, which ends or breaks text in what comes after us."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise Malformed("JSON string has a lone surrogate") from exc
    if "\\u0000" in text.replace("\\\\", ""):
        raise Malformed("JSON string has the character U+0000")


def json_object(data: bytes | str, *, max_bytes: int = 1 << 20, max_depth: int = 32) -> dict[str, Any]:
    """Return the JSON object in `data`, read as by `json_parse`; raises Malformed for any other value."""
    value = json_parse(data, max_bytes=max_bytes, max_depth=max_depth)
    if not isinstance(value, dict):
        raise Malformed("JSON text is not an object")
    return value


_JCS_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)
_PLAIN = frozenset({str, int, bool, type(None)})
_ASTRAL = re.compile(rb"[\xf0-\xf4]")


def jcs(value: Any) -> bytes:
    """Return the canonical JSON (RFC 8785) of `value`: dicts with str keys, lists, str, int, float, bool, None.

    Raises Malformed for anything else, NaN, infinities, integers beyond 2^53-1 and lone surrogates.
    """
    try:
        if _orjson_agrees(value):
            out = orjson.dumps(value, option=_JCS_OPTIONS)
            # JCS sorts by UTF-16 units, orjson by UTF-8 bytes: they differ only beyond the BMP.
            if out.isascii() or not _ASTRAL.search(out):
                return out
        return rfc8785.dumps(value)
    except (ValueError, TypeError, RecursionError) as exc:
        raise Malformed("value has no canonical JSON form") from exc


def _orjson_agrees(value: Any) -> bool:
    """Tell whether `value` is free of floats (ES6 writes them its own way) and of foreign types."""
    pending = [value]
    for item in pending:
        kind = type(item)
        if kind in _PLAIN:
            continue
        if kind is dict:
            pending.extend(item.values())
        elif kind is list:
            pending.extend(item)
        else:
            return False
    return True
