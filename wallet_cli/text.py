"""Text from outside made safe for a terminal, and lines that stay within 80 columns (T71, T95).

Names, labels, values and error texts come from issuers and verifiers. What could move a cursor,
change a colour, or turn the reading direction is shown as `<U+202E>`; huge text is cut, and says so.
"""

import unicodedata
from collections.abc import Iterable, Sequence

WIDTH = 80
MAX_SHOWN = 400
_SHOWN_AS_SPACE = frozenset("\t\n\r\v\f\x85\u2028\u2029")
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0\ufeff")
_JOINERS = frozenset("\u200c\u200d")
"""Persian and Indic words need these two; they can turn nothing round."""


def clean(value: object, *, limit: int = MAX_SHOWN) -> str:
    """Return `value` as one line of text that does nothing to a terminal.

    NFC; each run of line breaks, tabs and spaces becomes one space; control, bidi, private and
    invisible characters become `<U+XXXX>`; more than `limit` characters are cut, with a count.
    """
    text = str(value)
    total = len(text)
    text = text[: limit * 4]  # enough for normalisation to shrink; never normalise a megabyte
    out: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        if char in _SHOWN_AS_SPACE:
            char = " "
        if char == " " and out and out[-1] == " ":
            continue
        out.append(char if _harmless(char) else f"<U+{ord(char):04X}>")
    shown = "".join(out).strip()
    if len(shown) > limit or total > limit * 4:
        return f"{shown[:limit]}... ({total} characters)"
    return shown


def _harmless(char: str) -> bool:
    if char in _JOINERS:
        return True
    category = unicodedata.category(char)
    # Cc control, Cf format (all bidi marks), Cs surrogate, Co private, Cn unassigned
    return not category.startswith("C") and char not in _INVISIBLE


def width(text: str) -> int:
    """Columns that `text` takes: wide East Asian letters two, combining marks none."""
    columns = 0
    for char in text:
        if unicodedata.combining(char) or char in _JOINERS or unicodedata.category(char) == "Me":
            continue
        columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return columns


def fit(text: str, columns: int) -> str:
    """Cut `text` to at most `columns`, with `...` where something is missing."""
    if width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > max(columns - 3, 0):
            break
        kept += char
    return kept + "..."[:columns]


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Fill `text` with spaces to `columns`; a longer text is cut."""
    shown = fit(text, columns)
    fill = " " * (columns - width(shown))
    return fill + shown if right else shown + fill


def wrap(text: str, *, indent: int = 0, columns: int = WIDTH) -> list[str]:
    """Break `text` into lines of at most `columns`; later lines start under `indent`.

    Runs of spaces stay as they are; a word that is longer than a line goes on over the edge of it.
    """
    lines: list[str] = []
    line = ""
    for word in _words(text):
        if width(line) + width(word.rstrip()) <= columns:
            line += word
            continue
        if width(word.rstrip()) <= columns - indent and line.strip():
            lines.append(line.rstrip())
            line = " " * indent + word
            continue
        for char in word:
            if width(line) + width(char) > columns:
                lines.append(line.rstrip())
                line = " " * indent
            line += char
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    """Words, each with the spaces that follow it; leading spaces belong to the first."""
    words: list[str] = []
    word = ""
    for char in text:
        if word.strip() and word.endswith(" ") and char != " ":
            words.append(word)
            word = ""
        word += char
    return [*words, word] if word else words


def facts(rows: Iterable[tuple[str, str]], *, label_columns: int) -> list[str]:
    """`Label   value` lines; long values go on under their own first letter."""
    lines: list[str] = []
    for label, value in rows:
        head = pad(label, label_columns) if width(label) < label_columns else f"{fit(label, WIDTH // 2)}  "
        lines.extend(wrap(head + value, indent=label_columns))
    return lines


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """A plain table: each column as wide as its widest cell; the widest column gives way at 80."""
    widths = [max(width(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    gap = 2
    over = sum(widths) + gap * (len(widths) - 1) - WIDTH
    while over > 0:
        widest = max(range(len(widths)), key=widths.__getitem__)
        cut = min(over, max(widths[widest] - 4, 1))
        runner_up = max((w for i, w in enumerate(widths) if i != widest), default=4)
        cut = min(cut, max(widths[widest] - runner_up, 1))
        widths[widest] -= cut
        over -= cut
    lines = []
    for row in (head, *rows):
        cells = [pad(cell, widths[i], right=i in right) for i, cell in enumerate(row)]
        lines.append((" " * gap).join(cells).rstrip())
    return lines
