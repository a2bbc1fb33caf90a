"""A fixed time, and a web in memory for the tests of DIDs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from did.errors import FetchFailed
from did.methods.base import Fetched

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Web:
    """A `Fetch` over a dict of URLs; `asked` lists what was fetched. Unknown URLs answer 404, None fails."""

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self.pages = dict(pages)
        self.asked: list[str] = []
        self.media_type = "application/did+json"

    def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        self.asked.append(url)
        page = self.pages.get(url, 404)
        if page is None:
            raise FetchFailed("the source did not answer")
        if isinstance(page, int):
            return Fetched(page, "text/plain", b"")
        if isinstance(page, Fetched):
            return page
        body = page if isinstance(page, bytes) else json.dumps(page).encode()
        return Fetched(200, self.media_type, body)
