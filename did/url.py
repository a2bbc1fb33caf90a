"""Syntax of DIDs and DID URLs (DID Core 1.1, 3.1 and 3.2): parse, resolve a relative reference.

Syntax only: whether a method accepts the identifier is for `did.methods`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from did.errors import InvalidDid, InvalidDidUrl

MAX_DID_CHARS = 4096
"""Longest DID we read: a did:jwk with an RSA key needs about 1500."""
MAX_DID_URL_CHARS = 8192

_PCT = "%[0-9A-Fa-f]{2}"
_IDCHAR = f"(?:[A-Za-z0-9._-]|{_PCT})"
_DID = re.compile(rf"did:([a-z0-9]+):((?:{_IDCHAR}*:)*{_IDCHAR}+)")
_PCHAR = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|{_PCT})"
_REST = re.compile(rf"((?:/{_PCHAR}*)*)(?:\?((?:{_PCHAR}|[/?])*))?(?:#((?:{_PCHAR}|[/?])*))?")


@dataclass(frozen=True, slots=True)
class ParsedDid:
    """A DID in its parts: `did` is the whole text, `id` what follows `did:<method>:`."""

    did: str
    method: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDidUrl:
    """A DID URL in its parts; `params` are the decoded query parameters, `None` marks an absent part."""

    did: str
    method: str
    path: str
    query: str | None
    params: Mapping[str, str]
    fragment: str | None

    @property
    def without_fragment(self) -> str:
        """The DID URL up to its fragment."""
        return self.did + self.path + (f"?{self.query}" if self.query is not None else "")


def parse_did(text: str) -> ParsedDid:
    """Return the parts of the DID `text`; raises InvalidDid (DID Core 3.1)."""
    if not isinstance(text, str) or len(text) > MAX_DID_CHARS:
        raise InvalidDid(f"DID is not text of at most {MAX_DID_CHARS} characters")
    match = _DID.fullmatch(text)
    if match is None:
        raise InvalidDid("text does not have the form did:<method>:<id>")
    return ParsedDid(text, match[1], match[2])


def parse_did_url(text: str) -> ParsedDidUrl:
    """Return the parts of the DID URL `text`; raises InvalidDidUrl, also for a doubled parameter (DID Core 3.2)."""
    if not isinstance(text, str) or len(text) > MAX_DID_URL_CHARS:
        raise InvalidDidUrl(f"DID URL is not text of at most {MAX_DID_URL_CHARS} characters")
    head = re.split("[/?#]", text, maxsplit=1)[0]
    try:
        did = parse_did(head)
    except InvalidDid as exc:
        raise InvalidDidUrl(f"DID URL does not begin with a DID: {exc.detail}") from exc
    match = _REST.fullmatch(text, len(head))
    if match is None:
        raise InvalidDidUrl("DID URL has characters that must be percent-encoded")
    path, query, fragment = match.groups()
    return ParsedDidUrl(
        did=did.did, method=did.method, path=path, query=query, params=_params(query), fragment=fragment
    )


def _params(query: str | None) -> Mapping[str, str]:
    params: dict[str, str] = {}
    for part in (query or "").split("&") if query else ():
        name, _, value = part.partition("=")
        try:
            name, value = unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()
        except UnicodeDecodeError as exc:
            raise InvalidDidUrl("DID URL query is not UTF-8") from exc
        if name in params:
            raise InvalidDidUrl("DID URL has a query parameter twice")
        params[name] = value
    return MappingProxyType(params)


def absolute(reference: str, *, base: str) -> str:
    """Return `reference` as an absolute DID URL: `#key-1` is one of the DID `base` (DID Core 3.2.2).

    Only a fragment, path or query may be relative; raises InvalidDidUrl.
    """
    url = base + reference if reference[:1] in ("#", "/", "?") else reference
    parse_did_url(url)
    return url
