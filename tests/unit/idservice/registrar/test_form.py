"""The application form: strict members, dates, countries, texts, photo."""

import base64
import io
import struct
import zlib
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from PIL import Image

from idservice.problems import Refused
from idservice.registrar.form import parse_form, restore_form
from idservice.registrar.photo import MAX_BYTES, check_photo

TODAY = date(2026, 11, 22)


def form(**changes: Any) -> dict[str, Any]:
    members: dict[str, Any] = {
        "family_name": "Tamm",
        "given_name": "Mari",
        "birthdate": "1968-05-28",
        "nationalities": ["EE", "BR"],
        "document": {"number": "KB1234567", "issuing_country": "EE", "date_of_expiry": "2030-01-31"},
        "purpose": "To run a company from afar",
        "pick_up": "Tallinn",
    }
    members.update(changes)
    return {name: value for name, value in members.items() if value is not ...}


def picture(kind: str = "PNG", size: tuple[int, int] = (160, 200)) -> str:
    content = io.BytesIO()
    Image.new("RGB", size, "grey").save(content, kind)
    media = {"PNG": "png", "JPEG": "jpeg"}[kind]
    return f"data:image/{media};base64," + base64.b64encode(content.getvalue()).decode()


def test_a_full_form_comes_back_as_it_was() -> None:
    sent = form(email="mari@example.org", photo=picture(), fee_receipt="R-2026/17", sex=2)
    read = parse_form(sent, today=TODAY)
    assert read.to_json() == sent
    assert read.birthdate == date(1968, 5, 28)
    kept = restore_form(read.to_json(photo=False))
    assert kept.photo is None
    assert kept.document == read.document


def test_names_are_taken_in_nfc() -> None:
    assert parse_form(form(given_name="Jose\u0301"), today=TODAY).given_name == "José"


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"family_name": ...}, "form.family_name"),
        ({"birthdate": "1968-05-82"}, "form.birthdate"),
        ({"birthdate": "28.05.1968"}, "form.birthdate"),
        ({"birthdate": "1968-5-28"}, "form.birthdate"),
        ({"birthdate": "١٩٦٨-٠٥-٢٨"}, "form.birthdate"),
        ({"birthdate": "2026-11-23"}, "form.birthdate"),
        ({"birthdate": "1850-01-01"}, "form.birthdate"),
        ({"birthdate": 19680528}, "form.birthdate"),
        ({"nationalities": []}, "form.nationalities"),
        ({"nationalities": ["EE", "EE"]}, "form.nationalities"),
        ({"nationalities": ["ee"]}, "form.nationalities"),
        ({"nationalities": ["XX"]}, "form.nationalities"),
        ({"nationalities": "EE"}, "form.nationalities"),
        ({"nationalities": [["EE"]]}, "form.nationalities"),
        ({"document": {}}, "form.document.number"),
        ({"document": "KB1234567"}, "form.document"),
        ({"purpose": ""}, "form.purpose"),
        ({"purpose": "x" * 2001}, "form.purpose"),
        ({"purpose": "To \u202eyats\u202c"}, "form.purpose"),
        ({"purpose": "a\x00b"}, "form.purpose"),
        ({"email": "mari@example"}, "form.email"),
        ({"email": "mari@exam ple.org"}, "form.email"),
        ({"fee_receipt": "R 1"}, "form.fee_receipt"),
        ({"sex": 3}, "form.sex"),
        ({"sex": True}, "form.sex"),
        ({"sex": "1"}, "form.sex"),
        ({"shoe_size": 40}, "form"),
    ],
)
def test_a_member_that_breaks_its_rule_is_named_and_not_quoted(changes: dict[str, Any], member: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_form(form(**changes), today=TODAY)
    assert refusal.value.code == "malformed"
    assert refusal.value.detail.startswith(member)
    assert refusal.value.hint
    for value in changes.values():
        if isinstance(value, str) and len(value) > 2:
            assert value not in refusal.value.detail + refusal.value.hint


@pytest.mark.parametrize(
    "document",
    [
        {"number": "kb1234567", "issuing_country": "EE", "date_of_expiry": "2030-01-31"},
        {"number": "KB 123", "issuing_country": "EE", "date_of_expiry": "2030-01-31"},
        {"number": "KB1234567", "issuing_country": "EST", "date_of_expiry": "2030-01-31"},
        {"number": "KB1234567", "issuing_country": "EE", "date_of_expiry": "2030-02-31"},
        {"number": "KB1234567", "issuing_country": "EE", "date_of_expiry": "2030-01-31", "kind": "P"},
        {"number": "KB1234567", "issuing_country": "EE"},
    ],
)
def test_a_travel_document_is_strict(document: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"^form\.document"):
        parse_form(form(document=document), today=TODAY)


def test_an_expired_document_is_for_the_check_not_for_the_form() -> None:
    document = {"number": "KB1234567", "issuing_country": "EE", "date_of_expiry": "2020-01-31"}
    assert parse_form(form(document=document), today=TODAY).document.date_of_expiry == date(2020, 1, 31)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_portrait_is_kept_as_it_is(kind: str) -> None:
    url = picture(kind)
    assert check_photo(url) == url


def mislabelled() -> str:
    return picture("PNG").replace("image/png", "image/jpeg")


def cut_off() -> str:
    head, _, data = picture("JPEG").partition(",")
    return head + "," + base64.b64encode(base64.b64decode(data)[:40]).decode()


def bomb() -> str:
    """A PNG of a few hundred bytes that claims 60000 x 60000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(content).decode()


def svg() -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(b"<svg/>").decode()


@pytest.mark.parametrize(
    "make",
    [
        mislabelled,
        cut_off,
        bomb,
        svg,
        lambda: picture(size=(40, 40)),
        lambda: picture(size=(5000, 200)),
        lambda: "https://example.org/me.png",
        lambda: "data:image/png;base64,AAAA",
        lambda: "data:image/png;base64,AAA",
        lambda: picture() + "\n",
    ],
)
def test_a_photo_is_judged_by_its_content(make: Callable[[], str]) -> None:
    with pytest.raises(Refused) as refusal:
        check_photo(make())
    assert refusal.value.code == "malformed"


def test_a_photo_over_the_limit_is_too_large() -> None:
    with pytest.raises(Refused) as refusal:
        check_photo("data:image/png;base64," + "A" * (MAX_BYTES * 2))
    assert refusal.value.code == "too_large"
