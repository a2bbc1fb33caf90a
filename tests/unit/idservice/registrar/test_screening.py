"""Lists of people: reading them, and who is on them."""

import os
from datetime import date
from pathlib import Path

import pytest

from idservice.problems import Refused
from idservice.registrar.screening import Lists, open_lists

HEADER = "entry,name,birthdate,aliases\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    return tmp_path


def write(folder: Path, text: str, name: str = "un") -> None:
    (folder / "lists" / f"{name}.csv").write_text(text, encoding="utf-8")


def lists(folder: Path) -> Lists:
    found = open_lists(folder, dev=False)
    assert found is not None
    return found


def hits(folder: Path, given: str, family: str, born: str) -> list[str]:
    return lists(folder).hits(family_name=family, given_name=given, born=date.fromisoformat(born))


@pytest.mark.parametrize(
    ("given", "family", "born", "found"),
    [
        ("Zebulon", "Quarrel", "1961-04-09", ["un/1"]),
        ("ZEBULÓN", "quarrel", "1961-04-09", ["un/1"]),
        ("Quarrel", "Zebulon", "1961-04-09", ["un/1"]),
        ("Zebulon James", "Quarrel", "1961-04-09", ["un/1"]),
        ("Zeb", "Quarrel", "1961-04-09", ["un/1"]),
        ("Zebulon", "Quarrel", "1961-04-10", []),
        ("Zebulon", "Other", "1961-04-09", []),
        ("Ottilie", "Nacht", "1975-12-31", ["un/2"]),
        ("Ottilie", "Nacht", "1976-01-01", []),
        ("Perpetua", "Faux", "1999-01-01", ["un/3"]),
        ("Perpetua Ann", "Faux", "1999-01-01", []),
    ],
)
def test_a_hit_needs_the_name_and_a_birthdate_that_fits(
    folder: Path, given: str, family: str, born: str, found: list[str]
) -> None:
    write(folder, HEADER + "1,Zebulon Quarrel,1961-04-09,Zeb Quarrel; \n2,Ottilie Nacht,1975,\n3,Perpetua Faux,,\n")
    assert hits(folder, given, family, born) == found


def test_one_word_in_common_is_no_hit(folder: Path) -> None:
    write(folder, HEADER + "1,Zebulon,1961-04-09,\n")
    assert hits(folder, "Zebulon", "Quarrel", "1961-04-09") == []


def test_all_files_count_and_a_changed_file_is_read_again(folder: Path) -> None:
    write(folder, HEADER + "1,Ann One,1990-01-01,\n", "a")
    write(folder, HEADER + "1,Ben Two,1990-01-01,\n", "b")
    assert lists(folder).names == ("a", "b")
    assert hits(folder, "Ben", "Two", "1990-01-01") == ["b/1"]
    write(folder, HEADER + "1,Ben Two,1990-01-01,\n2,Cy Three,1990-01-01,\n", "b")
    os.utime(folder / "lists" / "b.csv", (2_000_000_000, 2_000_000_000))
    assert hits(folder, "Cy", "Three", "1990-01-01") == ["b/2"]


def test_without_a_list_nobody_can_be_screened_outside_dev(tmp_path: Path) -> None:
    assert open_lists(tmp_path, dev=False) is None


def test_in_dev_made_up_people_stand_in(tmp_path: Path) -> None:
    sample = open_lists(tmp_path, dev=True)
    assert sample is not None
    assert sample.hits(family_name="Quarrel", given_name="Zebulon", born=date(1961, 4, 9)) == ["made_up_list/M-001"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name,birthdate\nAnn,1990\n",
        HEADER + "1,Ann One,1990-01,\n",
        HEADER + "1,Ann One\n",
        HEADER + "1,Ann One,,,more\n",
        HEADER + ",Ann One,,\n",
        HEADER + "1,,,\n",
        HEADER + '1,"Ann One,,\n',
    ],
)
def test_a_broken_list_never_passes_as_an_empty_one(folder: Path, text: str) -> None:
    write(folder, text)
    with pytest.raises(Refused) as refusal:
        open_lists(folder, dev=True)
    assert refusal.value.code == "unavailable"


def test_a_list_that_is_not_utf8_is_broken(folder: Path) -> None:
    (folder / "lists" / "un.csv").write_bytes(HEADER.encode() + b"1,Jos\xe9 X,,\n")
    with pytest.raises(Refused):
        open_lists(folder, dev=True)
