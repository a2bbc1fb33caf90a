"""QR codes as inline SVG: level M, four modules of white around them in light and in dark mode."""

import io

import segno
from markupsafe import Markup

QUIET_MODULES = 4


def qr_svg(content: str, *, label: str) -> Markup:
    """Return `content` as an SVG image that a screen reader calls `label`.

    It has no size of its own (the stylesheet gives it one) and no style attribute (the content policy forbids them).
    """
    code = segno.make(content, error="m", micro=False, boost_error=False)
    image = io.BytesIO()
    options = {"xmldecl": False, "svgns": False, "omitsize": True, "svgclass": None, "lineclass": None, "nl": False}
    code.save(image, kind="svg", border=QUIET_MODULES, dark="#000", light="#fff", **options)
    drawn = image.getvalue().decode("ascii")
    head, _, rest = drawn.partition(">")
    if not head.startswith("<svg"):
        raise ValueError("the QR writer gave something that is not an SVG image")
    # Safe as Markup: the writer's own tags hold numbers and path letters only, and format() escapes the label.
    opening = Markup('{} class="id-qr" role="img" aria-label="{}" focusable="false">').format(Markup(head), label)  # noqa: S704
    return opening + Markup(rest)  # noqa: S704
