"""Links from pictures, files, pages and codes; and what is none of them (T93, T96)."""

from pathlib import Path

import pytest
import segno
from PIL import Image

from tests.simulator import Simulator
from tests.unit.wallet_cli.driver import Driver
from wallet_cli.errors import MissingInput
from wallet_cli.inputs import read_qr


def qr(path: Path, text: str) -> Path:
    segno.make_qr(text, error="m").save(str(path), scale=4, border=4)
    return path


def test_an_offer_on_a_picture(wallet: Driver, server: Simulator) -> None:
    picture = qr(wallet.folder / "offer.png", server.offer("residency"))
    wallet.ok("receive", str(picture), stdin="yes\n")
    jpeg = wallet.folder / "offer.jpg"
    Image.open(qr(wallet.folder / "second.png", server.offer("residency"))).convert("RGB").save(jpeg)
    wallet.ok("receive", str(jpeg), stdin="yes\n")


def test_an_offer_in_a_file_and_on_standard_input(wallet: Driver, server: Simulator) -> None:
    file = wallet.folder / "offer.txt"
    file.write_text(server.offer("residency") + "\n")
    wallet.ok("receive", str(file), stdin="yes\n")
    ended = wallet.type("receive", "-", "--from", "https://id.example", stdin=server.offer("residency"))
    assert ended.exit_code == 0


def test_pictures_that_are_none(tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.new("L", (200, 200), 255).save(blank)
    two = tmp_path / "two.png"
    first, second = (Image.open(qr(tmp_path / f"{text}.png", text)) for text in ("one", "two"))
    both = Image.new("L", (first.width + second.width, first.height), 255)
    both.paste(first, (0, 0))
    both.paste(second, (first.width, 0))
    both.save(two)
    for path in (blank, two):
        with pytest.raises(MissingInput):
            read_qr(path.read_bytes())
    with pytest.raises(MissingInput):
        read_qr(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)


def test_a_picture_that_would_fill_the_memory(tmp_path: Path) -> None:
    huge = tmp_path / "huge.png"
    Image.new("1", (9000, 9000)).save(huge)
    with pytest.raises(MissingInput):
        read_qr(huge.read_bytes())


def test_files_that_are_none(wallet: Driver) -> None:
    binary = wallet.folder / "binary"
    binary.write_bytes(b"\xff\xfe\0")
    wallet.fails("receive", str(binary), code="malformed", exit_code=2)
    wallet.fails("receive", str(wallet.folder / "absent"), code="not_found", exit_code=4)
    wallet.fails("receive", str(wallet.folder), code="malformed", exit_code=1)
    link = wallet.folder / "link"
    link.symlink_to("/etc/passwd")
    wallet.fails("receive", str(link), code="malformed", exit_code=1)


def test_a_page_that_shows_something_else(wallet: Driver, server: Simulator) -> None:
    server.offer_of_page = "javascript:alert(1)"
    wallet.fails("receive", "https://id.example/offer/7QK4M2XD", stdin="yes\n", code="malformed", exit_code=1)
    server.request_of_page = server.offer("residency")
    wallet.fails("present", "https://id.example/r/7QK4M2XD", stdin="yes\n", code="malformed", exit_code=1)


def test_a_code_needs_a_service_it_belongs_to(lone: Driver) -> None:
    lone.init()
    lone.fails("receive", "7QK4-M2XD", code="malformed", exit_code=2)
