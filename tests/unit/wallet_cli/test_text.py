"""Text from outside on a terminal, and 80 columns (T71, T95)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet_cli.text import WIDTH, clean, facts, fit, pad, table, width, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tamm", "Tamm"),
        ("a\x1b[31mred", "a<U+001B>[31mred"),
        ("abc\u202egnp.exe", "abc<U+202E>gnp.exe"),
        ("\u2066hidden\u2069", "<U+2066>hidden<U+2069>"),
        ("one\r\ntwo\tthree   four", "one two three four"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("bell\a\x7f\x9b", "bell<U+0007><U+007F><U+009B>"),
        ("E\u0301", "\u00c9"),
        ("\ue000private", "<U+E000>private"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_T95_what_moves_a_cursor_or_turns_the_reading_is_written_out(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_T95_huge_text_is_cut_and_says_so() -> None:
    assert clean("x" * 5000) == "x" * 400 + "... (5000 characters)"
    assert len(clean("\u202e" * 100_000)) < 3000


@given(st.text(max_size=300))
def test_cleaned_text_holds_nothing_that_acts(text: str) -> None:
    for char in clean(text):
        assert char in "\u200c\u200d" or not unicodedata.category(char).startswith("C")


@given(st.text(max_size=400), st.integers(min_value=0, max_value=24))
def test_wrapped_lines_fit_and_lose_nothing(text: str, indent: int) -> None:
    shown = clean(text)
    lines = wrap(shown, indent=indent)
    assert all(width(line) <= WIDTH for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


def test_widths_of_letters_that_take_two_columns_or_none() -> None:
    assert width("\u65e5\u672c") == 4
    assert width("e\u0301") == 1
    assert fit("\u65e5\u672c\u8a9e", 5) == "\u65e5..."
    assert pad("ab", 4) == "ab  " and pad("ab", 4, right=True) == "  ab"


def test_facts_go_on_under_their_value() -> None:
    lines = facts([("Label", "word " * 30)], label_columns=10)
    assert lines[0].startswith("Label     word") and lines[1].startswith(" " * 10 + "word")


def test_a_table_gives_way_at_its_widest_column() -> None:
    lines = table(("A", "B"), [("x" * 100, "y"), ("short", "z" * 50)])
    assert all(width(line) <= WIDTH for line in lines)
    assert "..." in lines[1]
