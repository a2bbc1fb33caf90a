"""The context documents that we hold, and which of them a caller allows.

They lie beside this file as published, each checked against the SHA-256 in `data/index.json` when it
is first read; nothing is ever fetched (T29). Contexts that give a meaning to every term defeat the
search for undefined ones (T30) and must be asked for by name.
"""

import json
from collections.abc import Collection
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from credentials.jsonld.active import ActiveContext
from credentials.jsonld.errors import ContextRefused
from did.encoding import json_object

CREDENTIALS_V1: Final = "https://www.w3.org/2018/credentials/v1"
CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
DATA_INTEGRITY_V2: Final = "https://w3id.org/security/data-integrity/v2"
_DATA: Final = Path(__file__).with_name("data")
_MAX_COMPILED: Final = 2048


@cache
def _index() -> dict[str, dict[str, Any]]:
    index: dict[str, dict[str, Any]] = json.loads((_DATA / "index.json").read_text("utf-8"))
    return index


@cache
def _document(url: str) -> Any:
    entry = _index()[url]
    data = (_DATA / entry["file"]).read_bytes()
    if sha256(data).hexdigest() != entry["sha256"]:
        raise ContextRefused("a context of this installation is not the published one", hint="Install again.")
    return json_object(data).get("@context")


def bundled() -> frozenset[str]:
    """Return the URLs of every context that we hold."""
    return frozenset(_index())


def standard() -> frozenset[str]:
    """Return the URLs that are allowed unless a caller says otherwise: all but the catch-all ones."""
    return frozenset(url for url, entry in _index().items() if not entry.get("catch_all"))


class Contexts:
    """An allow-list of contexts and the compiled forms of those in use.

    `inline` allows context objects inside documents: for vectors and the VC-API face only (T29). What
    documents bring along is compiled anew each time; what we hold is compiled once.
    """

    def __init__(self, *, allow: Collection[str] | None = None, inline: bool = False) -> None:
        """Raises ContextRefused when `allow` names a context that we do not hold."""
        self.allow = standard() if allow is None else frozenset(allow)
        self.inline = inline
        if unknown := self.allow - bundled():
            raise ContextRefused(f"no context is held for {min(unknown)}")
        self._root = ActiveContext()
        self._compiled = 0

    @property
    def root(self) -> ActiveContext:
        """The initial context, from which compiled ones hang."""
        return self._root

    def document(self, url: str) -> Any:
        """Return the value of `@context` in the document at `url`. Raises ContextRefused."""
        if url not in self.allow:
            raise ContextRefused("the document names a context that is not allowed here")
        return _document(url)

    def count_compiled(self) -> None:
        """Note one more compiled context; far beyond what honest documents need, all are let go."""
        self._compiled += 1
        if self._compiled > _MAX_COMPILED:
            self._root, self._compiled = ActiveContext(), 0


@cache
def default_contexts() -> Contexts:
    """Return the shared `Contexts` of the standard allow-list, without inline contexts."""
    return Contexts()
