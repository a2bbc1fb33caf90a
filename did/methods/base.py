"""What every DID method has in common, and the `Fetch` that the network edge passes in.

A method turns a DID into a checked document. How identifiers are created differs from method to
method (from a key, from a place on the web, from a log), so `create` functions live beside each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from did.document import DidDocument
from did.url import ParsedDid


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to one GET: HTTP status, media type as sent, and the body."""

    status: int
    content_type: str
    body: bytes


class Fetch(Protocol):
    """One guarded GET (T98): the edge decides about addresses, redirects, time and size.

    Raises `did.errors.FetchFailed` when the source does not answer; any HTTP status is an answer.
    """

    def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        """Return what `url` answers, at most `max_bytes` of body, asked for with `Accept: accept`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Resolution options (DID Resolution 1.0, 4.1): which version is wanted, if not the latest."""

    version_id: str | None = None
    version_time: datetime | None = None
    version_number: int | None = None

    @property
    def versioned(self) -> bool:
        """Tell whether any version was asked for."""
        return self.version_id is not None or self.version_time is not None or self.version_number is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the world knows, as arguments: the network, the time, and which version is wanted."""

    fetch: Fetch | None
    now: datetime
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A document and the metadata that the method knows about it (`deactivated`, `versionId`, …).

    `withheld` marks the document of a version that deactivates: a resolver must not show it.
    """

    document: DidDocument
    metadata: Mapping[str, Any] = field(default_factory=dict)
    withheld: bool = False

    @property
    def deactivated(self) -> bool:
        """Tell whether the DID has been deactivated: its keys must not verify anything new."""
        return self.metadata.get("deactivated") is True


class DidMethod(Protocol):
    """One DID method: its name, and how its identifiers resolve."""

    @property
    def name(self) -> str:
        """The method name, as in `did:<name>:`."""

    def resolve(self, did: ParsedDid, context: Context) -> Resolved:
        """Return the checked document of `did`. Raises DidError, or FetchFailed if a source did not answer."""
