"""Find the key that a proof names, if its controller lists it for the proof's purpose (CID 1.0 section 3.3)."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from did.document import Relationship
from did.errors import Deactivated, InvalidDidUrl, KeyNotAuthorized
from did.keytypes import RawKey
from did.methods.base import Fetch
from did.resolver import read_document
from did.url import parse_did_url

Keys = Callable[[str, Relationship], RawKey]
"""Gives the key behind a verification method for a purpose, or raises an IdError; the DID before `#` controls it."""

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def did_keys(*, fetch: Fetch | None, now: datetime) -> Keys:
    """Return `Keys` over DIDs. Raised by it: DidError, KeyInvalid, or FetchFailed when a source did not answer."""

    def find(url: str, purpose: Relationship) -> RawKey:
        if url.startswith("did:key:"):
            return _did_key(url, purpose)
        return _find(url, purpose, fetch, now)

    return find


@lru_cache(maxsize=1024)
def _did_key(url: str, purpose: Relationship) -> RawKey:
    """Return the key of a did:key, which is the same at any time; remembered, since issuers' come again and again."""
    return _find(url, purpose, None, _EVER)


def _find(url: str, purpose: Relationship, fetch: Fetch | None, now: datetime) -> RawKey:
    parsed = parse_did_url(url)
    if parsed.fragment is None or parsed.path or parsed.query is not None:
        raise InvalidDidUrl("a key is named by a DID and a fragment, nothing else")
    resolved = read_document(parsed.did, fetch=fetch, now=now)
    if resolved.deactivated:
        raise Deactivated("the DID has been deactivated")
    method = resolved.document.method(url, relationship=purpose)
    for name, end in (("expired", method.expires), ("been revoked", method.revoked)):
        if end is not None and now >= end:
            raise KeyNotAuthorized(f"the verification method has {name}")
    return method.raw_key()
