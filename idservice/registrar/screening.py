"""Matching a person with lists of people: sanctions lists and the like, kept as local CSV files.

`DIR/lists/*.csv`, UTF-8, header `entry,name,birthdate,aliases`: the entry's id on its list, the
name with its words in any order, the birthdate as `YYYY-MM-DD`, `YYYY` or empty, other names split by
`;`. The file's name is the list's name. Fetching and updating the files is the operator's. In
dev, without such files, a small list of made-up people is used.

A match is never more than a question: names are not unique, so an officer must look.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from idservice.problems import Refused

from .names import folded, folded_words

SAMPLE: Final = Path(__file__).with_name("made_up_list.csv")
MAX_LIST_BYTES: Final = 64 * 1024 * 1024
_COLUMNS: Final = ["entry", "name", "birthdate", "aliases"]
_BIRTHDATE: Final = re.compile(r"(?:\d{4}(?:-\d{2}-\d{2})?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of one person on one list; `words` are folded, `birthdate` is a day, a year, or empty."""

    list_name: str
    entry: str
    birthdate: str
    words: frozenset[str]

    @property
    def key(self) -> str:
        """The person's entry across all lists."""
        return f"{self.list_name}/{self.entry}"


@dataclass(frozen=True, slots=True)
class Lists:
    """All lists, by birthdate as the entry gives it. `as_of` is the time of the oldest file."""

    by_birthdate: Mapping[str, Sequence[Entry]]
    names: tuple[str, ...]
    as_of: datetime

    def hits(self, *, family_name: str, given_name: str, born: date) -> list[str]:
        """Return the keys of the entries that may be this person.

        With a birthdate (day or year) that fits, one name may lack words of the other, as a middle
        name, but two words must be the same. Without a birthdate all words must be.
        """
        words = frozenset(folded_words(f"{given_name} {family_name}"))
        day = born.isoformat()
        dated = [*self.by_birthdate.get(day, ()), *self.by_birthdate.get(day[:4], ())]
        found = {entry.key for entry in dated if _alike(entry.words, words)}
        return sorted(found | {entry.key for entry in self.by_birthdate.get("", ()) if entry.words == words})


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return one == other or (min(len(one), len(other)) >= 2 and (one <= other or other <= one))


def open_lists(data: Path, *, dev: bool) -> Lists | None:
    """Return the lists in the data folder, or None where there is none: then nobody can be screened.

    Read again when a file has changed. Raises Refused (`unavailable`) for a file that cannot be
    read, so that a broken update never passes as an empty list.
    """
    files = sorted((data / "lists").glob("*.csv")) if (data / "lists").is_dir() else []
    if not files and dev:
        files = [SAMPLE]
    if not files:
        return None
    stamps = [(file, file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    return _read_lists(tuple(stamps))


@lru_cache(maxsize=4)
def _read_lists(stamps: tuple[tuple[Path, int, int], ...]) -> Lists:
    by_birthdate: dict[str, list[Entry]] = {}
    for file, _, size in stamps:
        if size > MAX_LIST_BYTES:
            raise _broken(file, f"is over {MAX_LIST_BYTES} bytes")
        for entry in _read_list(file):
            by_birthdate.setdefault(entry.birthdate, []).append(entry)
    oldest = datetime.fromtimestamp(min(stamp for _, stamp, _ in stamps) / 1e9, tz=UTC)
    return Lists(by_birthdate, tuple(file.stem for file, _, _ in stamps), oldest)


def _read_list(file: Path) -> Iterable[Entry]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise _broken(file, "cannot be read as UTF-8") from exc
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if rows.fieldnames != _COLUMNS:
        raise _broken(file, f"must begin with the header {','.join(_COLUMNS)}")
    try:
        for row in rows:
            yield from _entry(file, rows.line_num, row)
    except csv.Error as exc:
        raise _broken(file, f"breaks off in line {rows.line_num}") from exc


def _entry(file: Path, line: int, row: Mapping[str | None, object]) -> Iterable[Entry]:
    cells = [row[column] for column in _COLUMNS]
    if None in row or not all(isinstance(cell, str) for cell in cells):
        raise _broken(file, f"line {line} must have {len(_COLUMNS)} cells")
    entry_id, name, birthdate, aliases = (str(cell).strip() for cell in cells)
    if not entry_id or not folded(name) or _BIRTHDATE.fullmatch(birthdate) is None:
        raise _broken(file, f"line {line} needs an entry, a name and a birthdate YYYY-MM-DD, YYYY or empty")
    for words in {frozenset(folded_words(text)) for text in [name, *aliases.split(";")] if folded(text)}:
        yield Entry(file.stem, entry_id, birthdate, words)


def _broken(file: Path, problem: str) -> Refused:
    return Refused(
        "unavailable", f"the list {file.name} {problem}", hint="put the list right, then run the check again"
    )
