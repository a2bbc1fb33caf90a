"""Resolve DIDs, dereference DID URLs, and find the key that may be used for a purpose.

DID Resolution 1.0 (resolve, dereference and their metadata), DID Core 1.1, and CID 1.0 3.3 for keys.
Two faces: `resolve` and `dereference` answer with metadata as the standard shapes it; `read_document`
and `resolve_key` raise, for code that needs the thing itself. Caching is left to the `Fetch`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from did.document import DidDocument, Relationship
from did.errors import (
    Deactivated,
    DidError,
    FetchFailed,
    IdError,
    InvalidDid,
    InvalidDidUrl,
    InvalidOptions,
    MethodNotSupported,
    NotFound,
)
from did.keys import PublicKey
from did.methods import METHODS
from did.methods.base import Context, DidMethod, Fetch, Fetched, Options, Resolved
from did.times import parse_time
from did.url import ParsedDidUrl, parse_did, parse_did_url

__all__ = [
    "DereferencingResult",
    "Options",
    "ResolutionResult",
    "dereference",
    "options_from",
    "read_document",
    "read_resource",
    "resolve",
    "resolve_key",
]

MEDIA_TYPE = "application/did"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionResult:
    """The three results of DID resolution; `error` is what `metadata["error"]` was made from."""

    document: DidDocument | None
    metadata: Mapping[str, Any]
    document_metadata: Mapping[str, Any] = field(default_factory=dict)
    error: IdError | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the result object of DID Resolution 1.0, media type `application/did-resolution`."""
        return {
            "didResolutionMetadata": dict(self.metadata),
            "didDocument": None if self.document is None else self.document.to_json(),
            "didDocumentMetadata": dict(self.document_metadata),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DereferencingResult:
    """The three results of dereferencing; `content` is a JSON object, or a URL for `text/uri-list`."""

    content: Any
    metadata: Mapping[str, Any]
    content_metadata: Mapping[str, Any] = field(default_factory=dict)
    error: IdError | None = None


def read_document(
    did: str,
    *,
    fetch: Fetch | None,
    now: datetime,
    methods: Mapping[str, DidMethod] = METHODS,
    options: Options | None = None,
) -> Resolved:
    """Return document and metadata of `did`; a deactivated DID is returned too, marked so.

    Raises DidError (InvalidDid, MethodNotSupported, NotFound, InvalidDidDocument, …), or FetchFailed.
    """
    parsed = parse_did(did)
    method = methods.get(parsed.method)
    if method is None:
        raise MethodNotSupported(f"DID method {parsed.method!r} is not supported here")
    return method.resolve(parsed, Context(fetch=fetch, now=now, options=options or Options()))


def resolve(
    did: str,
    *,
    fetch: Fetch | None,
    now: datetime,
    methods: Mapping[str, DidMethod] = METHODS,
    options: Options | None = None,
) -> ResolutionResult:
    """Return the result of resolving `did` in the shape of the standard; errors are metadata, not raised.

    A deactivated DID has no document (a version before that has), and `deactivated` in its document
    metadata (DID Resolution 1.0, 4).
    """
    try:
        resolved = read_document(did, fetch=fetch, now=now, methods=methods, options=options)
    except (DidError, FetchFailed) as exc:
        return ResolutionResult(document=None, metadata={"error": error_json(exc)}, error=exc)
    document = None if resolved.withheld else resolved.document
    return ResolutionResult(
        document=document, metadata={"contentType": MEDIA_TYPE}, document_metadata=resolved.metadata
    )


def error_json(error: IdError) -> dict[str, str]:
    """Return the `error` object of resolution metadata (RFC 9457 members)."""
    if isinstance(error, DidError):
        return {"type": error.type_url, "title": error.title, "detail": error.detail}
    return {"type": DidError.type_url, "title": DidError.title, "detail": error.detail}


def options_from(params: Mapping[str, str]) -> Options:
    """Return the version options among DID URL parameters; raises InvalidOptions for more than one or bad values."""
    names = [name for name in ("versionId", "versionTime", "versionNumber") if name in params]
    if len(names) > 1:
        raise InvalidOptions("only one of versionId, versionTime, versionNumber may be asked for")
    if "versionTime" in params:
        try:
            return Options(version_time=parse_time(params["versionTime"]))
        except ValueError as exc:
            raise InvalidOptions("versionTime is not a date and time with zone") from exc
    if "versionNumber" in params:
        text = params["versionNumber"]
        if not (text.isascii() and text.isdigit() and len(text) < 10 and text[0] != "0"):
            raise InvalidOptions("versionNumber is not a whole number from 1")
        return Options(version_number=int(text))
    return Options(version_id=params.get("versionId"))


def resolve_key(
    did_url: str,
    *,
    relationship: Relationship,
    fetch: Fetch | None,
    now: datetime,
    methods: Mapping[str, DidMethod] = METHODS,
) -> PublicKey:
    """Return the key that `did_url` (with a fragment) names, if it may be used for `relationship` at `now`.

    Raises DidError (Deactivated, NotFound, KeyNotAuthorized, …), KeyInvalid for key types that cannot
    sign, or FetchFailed. CID 1.0, 3.3; parameters such as versions are refused here.
    """
    url = parse_did_url(did_url)
    if url.fragment is None or url.path or url.query is not None:
        raise InvalidDidUrl("a key is named by a DID and a fragment, nothing else")
    resolved = read_document(url.did, fetch=fetch, now=now, methods=methods)
    if resolved.deactivated:
        raise Deactivated("the DID has been deactivated")
    return resolved.document.method(did_url, relationship=relationship).public_key(now=now)


def dereference(
    did_url: str,
    *,
    fetch: Fetch | None,
    now: datetime,
    relationship: Relationship | None = None,
    methods: Mapping[str, DidMethod] = METHODS,
) -> DereferencingResult:
    """Return what `did_url` points at: the document, a method or service in it, or the URL of a service.

    With `relationship`, a method must be listed under it. Errors are metadata, not raised
    (DID Resolution 1.0, 5).
    """
    try:
        return _dereference(parse_did_url(did_url), fetch, now, relationship, methods)
    except (DidError, FetchFailed) as exc:
        return DereferencingResult(content=None, metadata={"error": error_json(exc)}, error=exc)


def read_resource(
    did_url: str,
    *,
    fetch: Fetch,
    now: datetime,
    methods: Mapping[str, DidMethod] = METHODS,
    max_bytes: int = 1 << 20,
) -> Fetched:
    """Return the file behind a DID URL with a path or service, such as `<did>/whois`.

    Nothing about the file is verified. Raises DidError, NotFound where the web has no such file, or
    FetchFailed (did:webvh 1.0, "DID URL Path Resolution" and "WHOIS Resolution").
    """
    result = dereference(did_url, fetch=fetch, now=now, methods=methods)
    if result.error is not None:
        raise result.error
    if not isinstance(result.content, str) or not result.content.startswith(("https://", "http://")):
        raise InvalidDid("DID URL does not lead to a place on the web")
    accept = "application/vp" if parse_did_url(did_url).path == "/whois" else "*/*"
    answer = fetch(result.content.partition("#")[0], accept=accept, max_bytes=max_bytes)
    if answer.status in (404, 410):
        raise NotFound("the web has no file for this DID URL")
    if answer.status != 200:
        raise FetchFailed(f"the source of the file answered {answer.status}")
    return answer


def _dereference(
    url: ParsedDidUrl,
    fetch: Fetch | None,
    now: datetime,
    relationship: Relationship | None,
    methods: Mapping[str, DidMethod],
) -> DereferencingResult:
    resolved = read_document(url.did, fetch=fetch, now=now, methods=methods, options=options_from(url.params))
    if resolved.withheld or (relationship is not None and resolved.deactivated):
        raise Deactivated("the DID has been deactivated")
    document = resolved.document
    service_id, relative = url.params.get("service"), url.params.get("relativeRef", "")
    if url.path:
        # did:webvh gives every DID these two services; other methods have them if they say so.
        service_id, relative = ("whois", "") if url.path == "/whois" else ("files", url.path)
    if service_id is not None:
        endpoint = _endpoint(document, service_id, relative)
        target = endpoint if url.fragment is None else f"{endpoint}#{url.fragment}"
        return DereferencingResult(content=target, metadata={"contentType": "text/uri-list"})
    if url.fragment is None:
        return DereferencingResult(
            content=document.to_json(), metadata={"contentType": MEDIA_TYPE}, content_metadata=resolved.metadata
        )
    wanted = f"{document.id}#{url.fragment}"
    if relationship is not None or wanted in document.methods:
        content = {**document.method(wanted, relationship=relationship).data, "id": wanted}
    else:
        content = dict(document.service(url.fragment).data)
    return DereferencingResult(content=content, metadata={"contentType": MEDIA_TYPE})


def _endpoint(document: DidDocument, service_id: str, relative: str) -> str:
    """Return the URL of a service, with `relative` resolved against it (RFC 3986, 5)."""
    endpoint = document.service(service_id).endpoint
    if not isinstance(endpoint, str):
        raise NotFound("service has no single URL as its endpoint")
    if not relative:
        return endpoint
    # A reference may not leave the endpoint: no scheme or authority of its own, no way upwards.
    safe = quote(relative.lstrip("/"), safe="/?&=%:@!$'()*+,;~-._")
    path = unquote(safe.partition("?")[0]).split("/")
    if not endpoint.startswith(("https://", "http://")) or {".", ".."} & set(path) or ":" in path[0]:
        raise InvalidDidUrl("relativeRef leads outside its service")
    return f"{endpoint.rstrip('/')}/{safe}"
