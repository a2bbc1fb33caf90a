"""Syntax of DIDs and DID URLs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did.errors import InvalidDid, InvalidDidUrl
from did.url import absolute, parse_did, parse_did_url

GOOD = [
    "did:key:z6Mk",
    "did:web:example.com%3A8443:user:alice",
    "did:example:a::b",
    "did:a1:_-.%20",
]
BAD = [
    "",
    "did:",
    "did:web",
    "did:web:",
    "did:web:a:",
    "DID:web:a",
    "did:Web:a",
    "did:we-b:a",
    "did:web:a b",
    "did:web:a/b",
    "did:web:a#b",
    "did:web:a?b",
    "did:web:a%",
    "did:web:a%2",
    "did:web:a%zz",
    "did:web:é",
    "did:web:a\n",
    " did:web:a",
    "did:web:" + "a" * 5000,
    "urn:did:web:a",
    "did:web:a@b",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_dids(text: str) -> None:
    parsed = parse_did(text)
    assert parsed.did == text == f"did:{parsed.method}:{parsed.id}"
    url = parse_did_url(text)
    assert (url.did, url.path, url.query, url.fragment) == (text, "", None, None)


@pytest.mark.parametrize("text", BAD)
def test_bad_dids(text: str) -> None:
    with pytest.raises(InvalidDid) as caught:
        parse_did(text)
    assert caught.value.type_url.endswith("#INVALID_DID")
    assert caught.value.code == "malformed"


def test_parts_of_a_did_url() -> None:
    url = parse_did_url("did:web:example.com/a/b%20c?service=files&relativeRef=%2Fx%3Fy#key-1")
    assert (url.did, url.method, url.path, url.fragment) == ("did:web:example.com", "web", "/a/b%20c", "key-1")
    assert dict(url.params) == {"service": "files", "relativeRef": "/x?y"}
    assert url.without_fragment == "did:web:example.com/a/b%20c?service=files&relativeRef=%2Fx%3Fy"
    empty = parse_did_url("did:web:a?#")
    assert (empty.query, empty.fragment, dict(empty.params)) == ("", "", {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#key-1",
        "did:web#x",
        "did:web:a#b#c",
        "did:web:a?x=1&x=2",
        "did:web:a?x=%ff",
        "did:web:a/ ",
        "did:web:a#\u00e9",
        "did:web:a?x=%",
        "did:web:a/\\",
        "did:web:a#" + "x" * 9000,
        "https://example.com/",
    ],
)
def test_bad_did_urls(text: str) -> None:
    with pytest.raises(InvalidDidUrl) as caught:
        parse_did_url(text)
    assert caught.value.type_url.endswith("#INVALID_DID_URL")


def test_relative_references() -> None:
    assert absolute("#k", base="did:web:a") == "did:web:a#k"
    assert absolute("/p?q#k", base="did:web:a") == "did:web:a/p?q#k"
    assert absolute("did:web:b#k", base="did:web:a") == "did:web:b#k"
    for reference in ("k", "", "https://b/#k", "#k#k", "# k"):
        with pytest.raises(InvalidDidUrl):
            absolute(reference, base="did:web:a")


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, "did:web:a" + text):
        try:
            url = parse_did_url(candidate)
        except InvalidDidUrl:
            continue
        assert candidate == url.without_fragment + (f"#{url.fragment}" if url.fragment is not None else "")
