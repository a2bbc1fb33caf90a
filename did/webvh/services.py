"""What did:webvh adds to a document: implicit services, the parallel did:web, and addresses of watchers.

did:webvh 1.0, "DID URL Resolution", "Publishing a Parallel did:web DID", "Watcher HTTP API Operations".
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from did.webvh.identifier import WebvhDid, replaced

_WHOIS_CONTEXT = "https://identity.foundation/linked-vp/contexts/v1"


def with_implicit_services(state: Mapping[str, Any], did: WebvhDid) -> dict[str, Any]:
    """Return the document `state` with the services `#files` and `#whois`, unless it has its own."""
    services = state.get("service", [])
    if not isinstance(services, list):
        return dict(state)
    have = {service.get("id") for service in services if isinstance(service, dict)}
    added: list[dict[str, Any]] = []
    if not have & {"#files", f"{did.did}#files"}:
        added.append({"id": f"{did.did}#files", "type": "relativeRef", "serviceEndpoint": did.files_url})
    if not have & {"#whois", f"{did.did}#whois"}:
        added.append(
            {
                "@context": _WHOIS_CONTEXT,
                "id": f"{did.did}#whois",
                "type": "LinkedVerifiablePresentation",
                "serviceEndpoint": f"{did.files_url}whois.vp",
            }
        )
    return {**state, "service": [*services, *added]}


def parallel_web(state: Mapping[str, Any], did: WebvhDid) -> dict[str, Any]:
    """Return the did:web document to publish as `did.json` beside the log of `did`."""
    document: dict[str, Any] = replaced(with_implicit_services(state, did), f"did:webvh:{did.scid}:", "did:web:")
    names = [name for name in document.get("alsoKnownAs", []) if name != did.web_did]
    document["alsoKnownAs"] = list(dict.fromkeys([*names, did.did]))
    return document


def watcher_log_url(watcher: str, scid: str) -> str:
    """Return where `watcher` serves the log of `scid`."""
    return f"{watcher.rstrip('/')}/log?scid={quote(scid, safe='')}"


def watcher_witness_url(watcher: str, scid: str) -> str:
    """Return where `watcher` serves the witness file of `scid`."""
    return f"{watcher.rstrip('/')}/witness?scid={quote(scid, safe='')}"


def watcher_notice_url(watcher: str, did: str) -> str:
    """Return where to POST that the log of `did` has a new entry."""
    return f"{watcher.rstrip('/')}/log?did={quote(did, safe='')}"


def watcher_resource_url(watcher: str, scid: str, path: str) -> str:
    """Return where `watcher` serves the resource at `path` of `scid`."""
    return f"{watcher.rstrip('/')}/resource?scid={quote(scid, safe='')}&path={quote(path, safe='')}"
