"""The short code that people type, and the words on both screens."""

import pytest

from credentials.openid.session_words import FIRST, SECOND, session_words
from idservice.verifier.handles import ALPHABET, new_handle, read_handle, shown


def test_a_new_handle_has_forty_bits_and_reads_back() -> None:
    handles = {new_handle() for _ in range(200)}
    assert len(handles) == 200
    assert all(len(one) == 8 and set(one) <= set(ALPHABET) for one in handles)
    assert all(read_handle(shown(one)) == one for one in handles)


@pytest.mark.parametrize("typed", ["7QK4-M2XD", "7qk4m2xd", "7qk4 m2xd", "-7-Q-K-4-M-2-X-D-"])
def test_hyphens_spaces_and_case_do_not_count(typed: str) -> None:
    assert read_handle(typed) == "7QK4M2XD"


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert read_handle("oOiIlL00") == "00111100"


@pytest.mark.parametrize(
    "typed", ["", "7QK4M2X", "7QK4M2XDD", "7QK4M2XU", "٧QK4M2XD", "7QK4M2XD" + "-" * 99, "../etc/pa"]
)
def test_what_cannot_be_a_handle_is_none(typed: str) -> None:
    assert read_handle(typed) is None


def test_words_come_from_client_and_nonce_alone() -> None:
    words = session_words("x509_hash:abc", "nonce")
    first, second, number = words.split("-")
    assert first in FIRST
    assert second in SECOND
    assert 10 <= int(number) <= 99
    assert session_words("x509_hash:abc", "nonce") == words
    assert session_words("x509_hash:abc", "other") != words
    assert session_words("x509_hash:ab", "cnonce") != words


def test_word_lists_are_whole_and_without_doubles() -> None:
    assert len(set(FIRST)) == len(FIRST) == 128
    assert len(set(SECOND)) == len(SECOND) == 128
    assert not set(FIRST) & set(SECOND)
