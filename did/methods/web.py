"""did:web: a document at a place on the web, fetched over https by the `Fetch` that the edge passes in.

The `id` of the document must equal the DID; a place that answers 404 or 410 has no such DID (T39).
Update and deactivation mean replacing or removing the file, which is the host's affair.
"""

from dataclasses import dataclass

from did.document import parse_document
from did.encoding import json_object
from did.errors import FeatureNotSupported, FetchFailed, InvalidDid, InvalidDidDocument, Malformed, NotFound
from did.location import Location, domain_component, locate
from did.methods.base import Context, Fetched, Resolved
from did.url import ParsedDid, parse_did

ACCEPT = "application/did, application/did+json, application/did+ld+json, application/json;q=0.9"
_MEDIA_TYPES = frozenset(
    {"application/did", "application/did+json", "application/did+ld+json", "application/json", "application/ld+json"}
)
_MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WebMethod:
    """did:web; with `allow_http_loopback` (dev mode) loopback names are reached by plain http."""

    allow_http_loopback: bool = False
    name: str = "web"

    def create(self, base_url: str, *path: str) -> str:
        """Return the did:web for a document under `base_url`, at further path segments `path`; raises InvalidDid."""
        domain, segments = domain_component("/".join((base_url.rstrip("/"), *path)))
        return ":".join(("did:web", domain, *segments))

    def url(self, did: ParsedDid) -> str:
        """Return where the document of `did` lies; raises InvalidDid (did:web "Read")."""
        return self._location(did).url("did.json")

    def resolve(self, did: ParsedDid, context: Context) -> Resolved:
        """Return the document that the web serves for `did`.

        Raises InvalidDid, NotFound, InvalidDidDocument, or FetchFailed if the source did not answer.
        """
        if context.options.versioned:
            raise FeatureNotSupported("did:web has no versions")
        url = self.url(did)
        if context.fetch is None:
            raise FetchFailed("did:web cannot be resolved without the network")
        answer = context.fetch(url, accept=ACCEPT, max_bytes=_MAX_BYTES)
        return Resolved(document=parse_document(read_json(answer), did=did.did))

    def _location(self, did: ParsedDid) -> Location:
        domain, *path = did.id.split(":")
        return locate(domain, path, allow_http_loopback=self.allow_http_loopback)


def read_json(answer: Fetched) -> dict[str, object]:
    """Return the JSON object of a DID document's answer; raises NotFound, FetchFailed or InvalidDidDocument."""
    if answer.status in (404, 410):
        raise NotFound("the web has no document for this DID")
    if answer.status != 200:
        raise FetchFailed(f"the source of the DID document answered {answer.status}")
    if answer.content_type.partition(";")[0].strip().lower() not in _MEDIA_TYPES:
        raise InvalidDidDocument("the DID document was served with a media type that is not JSON")
    try:
        return json_object(answer.body, max_bytes=_MAX_BYTES)
    except Malformed as exc:
        raise InvalidDidDocument(f"DID document: {exc.detail}") from exc


def document_url(did: str, *, allow_http_loopback: bool = False) -> str:
    """Return where the document of the did:web `did` lies; raises InvalidDid."""
    parsed = parse_did(did)
    if parsed.method != "web":
        raise InvalidDid("DID is not a did:web")
    return WebMethod(allow_http_loopback=allow_http_loopback).url(parsed)
