"""Links and URLs from outside: what starts an exchange, and where it may lead (T43, T96).

`openid4vp://`, `haip-vp://`, `openid-credential-offer://`, `haip-vci://`. A link only fills in a question; nothing
here fetches. Unknown schemes are refused.
"""

from collections.abc import Collection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from credentials.errors import ProtocolError
from credentials.openid.wire import parse_form

MAX_LINK_CHARS: Final = 8192
MAX_URL_CHARS: Final = 2048
LOOPBACK: Final[frozenset[str]] = frozenset({"localhost", "127.0.0.1", "::1"})
_HINT: Final = "Scan or open the link again, from the page that shows it."


def link_parameters(link: str, *, schemes: Collection[str]) -> dict[str, str]:
    """Return the query parameters of a link under one of `schemes`, or under https.

    Raises ProtocolError `invalid_request` for another scheme, control characters, a fragment, a doubled parameter,
    or more than 8 KiB.
    """
    if len(link) > MAX_LINK_CHARS:
        raise _refused("the link is too long", code="too_large")
    parts = _split(link, "the link")
    if parts.scheme not in schemes and parts.scheme != "https":
        raise _refused("the link is of another kind than these: " + ", ".join(f"{scheme}://" for scheme in schemes))
    if parts.fragment:
        raise _refused("the link has a fragment")
    return parse_form(parts.query)


def check_url(url: str, *, what: str, dev: bool = False, query: bool = True, fragment: bool = False) -> str:
    """Return an absolute https URL without user part, unchanged; `query` and `fragment` say whether it may have them.

    `what` names it in messages. `dev` allows http on loopback names. Raises ProtocolError `invalid_request`.
    """
    if len(url) > MAX_URL_CHARS:
        raise _refused(f"{what} is too long", code="too_large")
    parts = _split(url, what)
    local = dev and parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or local) or not parts.hostname:
        raise _refused(f"{what} is not an https URL")
    if "@" in parts.netloc or (not fragment and "#" in url) or (not query and "?" in url):
        raise _refused(f"{what} has a user part, a fragment or a query that does not belong there")
    return url


def origin(url: str) -> str:
    """Return scheme, host and port of a checked URL as `https://host[:port]`: lower case, default port left out."""
    parts = _split(url, "the URL")
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if parts.port in (None, default) else f":{parts.port}")


def _split(text: str, what: str) -> SplitResult:
    """Split a URL of visible ASCII only: the library would drop tabs and newlines on its own."""
    if not text.isascii() or any(char <= " " or char in '\x7f\\"<>^`{|}' for char in text):
        raise _refused(f"{what} has characters that no URL has")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as exc:
        raise _refused(f"{what} is not a URL") from exc
    return parts


def _refused(detail: str, *, code: str = "malformed") -> ProtocolError:
    return ProtocolError("invalid_request", detail, code=code, hint=_HINT)
