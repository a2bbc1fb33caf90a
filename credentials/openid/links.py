"""Links that start an exchange: `openid4vp://`, `haip-vp://`, `openid-credential-offer://`, `haip-vci://` (T96).

A link only fills in a question; nothing here fetches. Unknown schemes are refused.
"""

from collections.abc import Collection
from typing import Final

SCHEMES: Final = frozenset()


def link_parameters(link: str, *, schemes: Collection[str]) -> dict[str, str]:
    """Return the query parameters of a link under one of `schemes`, or under https. Raises ProtocolError
    `invalid_request` for another scheme, control characters, a doubled parameter, or more than 8 KiB."""
    raise NotImplementedError


def check_url(url: str, *, what: str, dev: bool = False, query: bool = True) -> str:
    """Return an absolute https URL without fragment or user part, unchanged. `dev` allows http on loopback names.

    Raises ProtocolError `invalid_request`.
    """
    raise NotImplementedError


def origin(url: str) -> str:
    """Return scheme, host and port of a URL as `https://host[:port]`, default port left out."""
    raise NotImplementedError
