"""Strict encodings: one spelling per value, and nothing else gets through."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did.encoding import (
    MAX_SAFE_INTEGER,
    b64_decode,
    b64_encode,
    b64url_decode,
    b64url_encode,
    base58btc_decode,
    base58btc_encode,
    jcs,
    json_object,
    json_parse,
    multibase_decode,
    multibase_encode,
    varint_decode,
    varint_encode,
)
from did.errors import Malformed

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.binary(max_size=200))
def test_round_trips(data: bytes) -> None:
    assert b64url_decode(b64url_encode(data)) == data
    assert b64url_decode(b64url_encode(data).encode()) == data
    assert b64_decode(b64_encode(data)) == data
    assert base58btc_decode(base58btc_encode(data)) == data
    if data:
        assert multibase_decode(multibase_encode(data)) == data
        assert multibase_decode(multibase_encode(data, base="u")) == data


@given(st.integers(0, 2**62))
def test_varint_round_trip(number: int) -> None:
    assert varint_decode(varint_encode(number) + b"rest") == (number, b"rest")


@given(st.text(alphabet="ABCdef019-_+/=. \n", max_size=12))
def test_base64url_has_one_spelling(text: str) -> None:
    try:
        data = b64url_decode(text)
    except Malformed:
        return
    assert b64url_encode(data) == text


@pytest.mark.parametrize(
    "text", ["A", "AA==", "AA=", "AB", "A A", "AA\n", "+w", "/w", "é", "AAAAA", "A-=", "AAA=", "=", "\0\0"]
)
def test_T06_loose_base64url_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        b64url_decode(text)


@pytest.mark.parametrize("text", ["AA", "AB==", "AA==\n", " AA==", "-w==", "AA===", "A", "é", "AA==AA=="])
def test_loose_base64_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        b64_decode(text)


def test_lengths_are_checked_before_decoding() -> None:
    assert b64url_decode("AAAA", max_bytes=3) == bytes(3)
    assert b64_decode("AAAA", max_bytes=3) == bytes(3)
    for decode in (b64url_decode, b64_decode):
        with pytest.raises(Malformed):
            decode("A" * 400, max_bytes=3)
    with pytest.raises(Malformed):
        base58btc_decode("2" * 3000)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\0", "1"),
        (b"\0\0\1", "112"),
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
    ],
)
def test_base58btc_known_values(data: bytes, text: str) -> None:
    assert base58btc_encode(data) == text
    assert base58btc_decode(text) == data


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "2 ", "é", "22l", "2l2"])
def test_base58btc_alphabet(text: str) -> None:
    with pytest.raises(Malformed):
        base58btc_decode(text)


@pytest.mark.parametrize("text", ["", "z", "u", "f00", "m00", "Z2", "u A"])
def test_multibase_prefixes(text: str) -> None:
    with pytest.raises(Malformed):
        multibase_decode(text)


def test_multibase_bases_can_be_narrowed() -> None:
    with pytest.raises(Malformed):
        multibase_decode("uAAAA", bases="z")
    with pytest.raises(Malformed):
        multibase_encode(b"x", base="f")


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x00", b"\xff" * 9, b"\xff" * 12, b"\xed\x81\x00"])
def test_varint_refusals(data: bytes) -> None:
    with pytest.raises(Malformed):
        varint_decode(data)
    with pytest.raises(Malformed):
        varint_encode(-1)


BAD_JSON = {
    "duplicate": b'{"a":1,"a":1}',
    "duplicate by escape": b'{"a":1,"\\u0061":1}',
    "duplicate deep": b'[{"b":{"a":1,"c":2,"a":1}}]',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "bad UTF-8": b'"\xff"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "raw surrogate": b'"\xed\xa0\x80"',
    "lone high surrogate": b'"\\ud800"',
    "lone low surrogate": b'["\\uDC00x"]',
    "surrogates reversed": b'{"\\udc00\\ud800":1}',
    "NaN": b"NaN",
    "Infinity": b"[Infinity]",
    "minus Infinity": b'{"a":-Infinity}',
    "overflowing float": b"1e400",
    "long float": b"0." + b"1" * 5000,
    "integer beyond 2^53": b"9007199254740992",
    "huge integer": b"1" * 100_000,
    "trailing data": b"{} {}",
    "trailing comma": b"[1,]",
    "empty": b"",
    "blank": b"  ",
    "two values": b"1 2",
    "leading zero": b"01",
    "plus sign": b"+1",
    "hexadecimal": b"0x1",
    "bare word": b"nul",
    "single quotes": b"{'a':1}",
    "comment": b"{}//x",
    "NUL": b'"\\u0000"',
    "NUL in a name": b'{"a\\u0000b":1}',
    "NUL after a backslash": b'["\\\\\\u0000"]',
    "NUL beside a surrogate pair": b'["\\ud83d\\ude00\\u0000"]',
    "raw NUL": b'"\0"',
    "NUL around": b"\0{}",
    "control character": b'"\x01"',
    "newline in text": b'"\n"',
    "form feed around": b"\x0c{}",
    "no-break space around": "\u00a0{}".encode(),
    "unicode digit": '"a":١'.encode(),
    "deep": b"[" * 33 + b"]" * 33,
    "deep objects": b'{"a":' * 33 + b"1" + b"}" * 33,
    "bottomless": b"[" * 200_000,
    "unclosed": b'{"a":[1',
    "large": b'"' + b"x" * (1 << 20) + b'"',
}


@pytest.mark.parametrize("data", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_T07_T70_bad_json_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        json_parse(data)
    assert caught.value.code == "malformed"
    assert caught.value.hint


def test_T07_bad_text_is_refused_like_bad_bytes() -> None:
    for text in ("\ufeff{}", '"\ud800"', '{"a":1,"a":2}', '"\\ud800"', "[1]x"):
        with pytest.raises(Malformed):
            json_parse(text)


def test_a_backslash_before_u0000_is_no_nul() -> None:
    for data in (b'["\\\\u0000"]', b'{"\\\\u0000 \\u0041":"\\\\ud800"}'):
        assert json_parse(data) == json.loads(data)


def test_only_an_object_is_an_object() -> None:
    assert json_object(' \r\n\t{"a": [1, -0.5, true, null, "\\ud83d\\ude00"]} ') == {"a": [1, -0.5, True, None, "😀"]}
    for text in ("[]", '"x"', "1", "null"):
        with pytest.raises(Malformed):
            json_object(text)


def test_brackets_in_text_do_not_count_as_depth() -> None:
    text = json.dumps({"a": "[" * 100, 'q"[': ['\\"[[[[']})
    assert json_parse(text)["a"] == "[" * 100
    assert json_parse(b"[" * 32 + b"]" * 32)
    assert json_parse(b"[" * 5 + b"]" * 5, max_depth=5)
    with pytest.raises(Malformed):
        json_parse(b"[" * 5 + b"]" * 5, max_depth=4)
    assert json_parse(b"[" + b",".join([b"[]"] * 100) + b"]", max_depth=2)
    with pytest.raises(Malformed):
        json_parse(b"{}", max_bytes=1)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | TEXT,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=15,
    )
)
def test_json_round_trip(value: Any) -> None:
    assert json_parse(json.dumps(value)) == value
    assert json_parse(json.dumps(value, ensure_ascii=False).encode()) == value
    assert json_parse(jcs(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        [float("inf")],
        {1: 2},
        {"a": {1: 2}},
        2**53,
        -(2**53),
        "\ud800",
        {"\udc00": 1},
        {"a": object()},
        b"x",
        {"a": {1, 2}},
    ],
)
def test_values_without_canonical_form(value: Any) -> None:
    with pytest.raises(Malformed):
        jcs(value)


def test_canonical_order_is_that_of_utf16_units() -> None:
    assert jcs({"\ue000": 1, "😀": 2, "a": 3, "é": 4}) == '{"a":3,"é":4,"😀":2,"\ue000":1}'.encode()
    assert jcs({"b": [1.0, 1e21, -0.0], "a": (1, 2)}) == b'{"a":[1,2],"b":[1,1e+21,0]}'
    every_control = "".join(chr(number) for number in range(1, 0x80))
    assert json_parse(jcs(every_control)) == every_control
    assert jcs("\x08\x09\x0a\x0c\x0d\x1f\x7f/") == b'"\\b\\t\\n\\f\\r\\u001f\x7f/"'


def outcome(data: bytes) -> Any:
    try:
        return json_parse(data)
    except Malformed:
        return Malformed


@given(st.text(alphabet='{}[]":,0159.-eE\\udD8a9nul tr\ufeff\U0001f600', max_size=14))
def test_the_fast_reader_is_exactly_as_strict(text: str) -> None:
    """A leading blank makes the fast reader step aside."""
    fast, strict = outcome(text.encode()), outcome(b" " + text.encode())
    assert fast == strict and repr(fast) == repr(strict)
