"""Text from outside on its way into a page: normalised, its hidden marks made visible, its direction isolated.

Jinja escapes everything; this adds what escaping does not do (T71, T72): a right-to-left override in the name of an
agency must not turn the sentence around it, and two names that look alike must not be told apart by nothing.
"""

import unicodedata

from markupsafe import Markup, escape

MAX_SHOWN = 300
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, max_length: int = MAX_SHOWN) -> str:
    """Return `text` in NFC, cut to `max_length`, with control, format and bidi marks written out as `<U+202E>`."""
    normal = unicodedata.normalize("NFC", text[: max_length + 1])
    shown = normal[:max_length] + ("…" if len(normal) > max_length else "")
    return "".join(
        f"<U+{ord(letter):04X}>" if unicodedata.category(letter) in _HIDDEN_CATEGORIES else letter for letter in shown
    )


def outside(text: str) -> Markup:
    """Return text from outside as an escaped, direction-isolated piece of HTML."""
    return Markup("<bdi>{}</bdi>").format(visible(text))


def number(text: object) -> Markup:
    """Return a code, number, date, hash or address as HTML that reads left to right in every language."""
    return Markup('<bdi dir="ltr" class="id-num">{}</bdi>').format(escape(visible(str(text), max_length=2000)))
