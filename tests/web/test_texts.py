"""Languages, shown text, QR codes and static files of the pages."""

import re
from datetime import UTC, datetime

import pytest
import zxingcpp
from PIL import Image

from idservice.web import texts
from idservice.web.qr import qr_svg
from idservice.web.rendering import render
from idservice.web.safe_text import number, outside, visible
from idservice.web.static_files import FOLDER, static_url


@pytest.mark.parametrize("header", [None, "", "xx", "en;q=0", "de,pt;q=0.9", "en;q=x", "*" * 5000, ",,;;==", "en;q=."])
def test_unknown_wishes_get_english(header: str | None) -> None:
    assert texts.choose_language(header) == "en"


def test_a_language_without_words_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        texts.translations("xx")


def test_moments_have_latin_digits_and_say_their_zone() -> None:
    assert texts.moment(datetime(2026, 11, 22, 7, 8, tzinfo=UTC)) == "22 Nov 2026, 07:08 UTC"


def test_T71_hidden_marks_are_written_out_and_direction_is_isolated() -> None:
    shown = str(outside("Bank\u202e evil\u200b\x07"))
    assert shown == "<bdi>Bank&lt;U+202E&gt; evil&lt;U+200B&gt;&lt;U+0007&gt;</bdi>"


def test_T71_names_are_shown_in_nfc() -> None:
    assert visible("e\u0301") == "\u00e9"


def test_T71_long_text_is_cut() -> None:
    assert visible("a" * 5000) == "a" * 300 + "…"


def test_T72_markup_in_outside_text_is_escaped() -> None:
    assert "<script>" not in str(outside("<script>alert(1)</script>"))
    assert "<b>" not in str(number("<b>1</b>"))


def test_T72_markup_in_a_qr_label_is_escaped() -> None:
    svg = str(qr_svg("https://id.example/r/7QK4M2XD", label='"><script>'))
    assert "<script>" not in svg
    assert 'role="img"' in svg
    assert "style=" not in svg


@pytest.mark.parametrize(
    "content", ["https://id.example/r/7QK4M2XD", "openid4vp://?client_id=x509_hash%3A" + "a" * 200]
)
def test_a_qr_code_can_be_read_and_keeps_its_margin(content: str) -> None:
    svg = str(qr_svg(content, label="code"))
    side = int(re.search(r'viewBox="0 0 (\d+) ', svg).group(1))  # type: ignore[union-attr]
    picture = _draw(svg, side)
    margin = [picture.getpixel((x, y)) for x in range(side) for y in range(4)]
    assert set(margin) == {255}
    found = zxingcpp.read_barcode(picture.resize((side * 6, side * 6), Image.Resampling.NEAREST))
    assert found is not None
    assert found.text == content


def _draw(svg: str, side: int) -> Image.Image:
    """Draw the dark modules of the SVG's one stroke path: moves and horizontal lines of height one."""
    picture = Image.new("L", (side, side), 255)
    path = re.search(r'stroke="#000" d="([^"]+)"', svg).group(1)  # type: ignore[union-attr]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-0-9. ]+)", path):
        values = [float(one) for one in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "h":
            for step in range(int(values[0])):
                picture.putpixel((int(x) + step, int(y)), 0)
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return picture


def test_static_names_carry_the_hash_of_their_content() -> None:
    assert re.fullmatch(r"/static/app\.[0-9a-f]{12}\.css", static_url("app.css"))
    with pytest.raises(KeyError):
        static_url("../secret")


def test_styles_know_no_left_and_right() -> None:
    style = (FOLDER / "app.css").read_text()
    assert not re.search(
        r"(margin|padding|border|inset)-(left|right|top|bottom)|[{;\s](left|right|top|bottom)\s*:", style
    )
    assert "text-align: left" not in style


def test_scripts_write_text_only_and_stay_short() -> None:
    for path in FOLDER.glob("*.js"):
        script = path.read_text()
        assert len(script.splitlines()) < 120
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function", script)


def test_T72_templates_have_no_style_attribute_and_no_inline_script() -> None:
    for path in (FOLDER.parent / "templates").rglob("*.html"):
        page = path.read_text()
        assert not re.search(r'\sstyle="|<style|\son[a-z]+="|javascript:|\|\s*safe\b', page), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), path


def test_a_page_without_its_values_is_an_error() -> None:
    with pytest.raises(Exception, match="undefined"):
        render("public/help.html", {})
