"""did:webvh 1.0: fetch the log, verify all of it, and give the version that was asked for.

The rules live in `did.webvh`; here are the two fetches, the watchers asked when the source is silent,
and the memory of heads that stops a source from going back (T40).
"""

from dataclasses import dataclass
from typing import Protocol

from did.document import parse_document
from did.errors import FetchFailed, InvalidLog, NotFound
from did.methods.base import Context, Fetch, Fetched, Resolved
from did.url import ParsedDid
from did.webvh.history import (
    MAX_LOG_BYTES,
    Head,
    History,
    check_head,
    check_log,
    check_witnesses,
    needs_witnesses,
    parse_log,
)
from did.webvh.identifier import WebvhDid, parse_webvh
from did.webvh.services import watcher_log_url, watcher_witness_url, with_implicit_services
from did.webvh.witness import MAX_FILE_BYTES, WitnessFile, parse_witness_file

_LOG_TYPES = "text/jsonl, application/jsonl;q=0.9, application/octet-stream;q=0.5, text/plain;q=0.5"


class Heads(Protocol):
    """The edge's memory of logs: what was last seen of each SCID."""

    def get(self, scid: str) -> Head | None:
        """Return the head last seen of `scid`, or None."""

    def put(self, head: Head) -> None:
        """Remember `head`; never go back to a lower number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebvhMethod:
    """did:webvh. `heads` remembers logs across calls; `watchers` are asked where the source has no log."""

    allow_http_loopback: bool = False
    heads: Heads | None = None
    watchers: tuple[str, ...] = ()
    name: str = "webvh"

    def resolve(self, did: ParsedDid, context: Context) -> Resolved:
        """Return the version of `did` that `context.options` ask for, with the method's metadata.

        Raises InvalidDid, InvalidLog, LogRolledBack, NotFound, InvalidDidDocument, or FetchFailed.
        """
        history = self.history(did, context)
        options = context.options
        version = history.select(
            version_id=options.version_id, number=options.version_number, time=options.version_time
        )
        state = with_implicit_services(version.state, version.did)
        return Resolved(
            document=parse_document(state, did=version.did.did),
            metadata=history.metadata(version),
            withheld=version.parameters.deactivated,
        )

    def history(self, did: ParsedDid, context: Context) -> History:
        """Return the verified history of `did`, witnesses and remembered head included."""
        webvh = parse_webvh(did.did, allow_http_loopback=self.allow_http_loopback)
        if context.fetch is None:
            raise FetchFailed("did:webvh cannot be resolved without the network")
        places = [(webvh.log_url, webvh.witness_url)]
        places += [(watcher_log_url(url, webvh.scid), watcher_witness_url(url, webvh.scid)) for url in self.watchers]
        silence: FetchFailed | NotFound | None = None
        for log_url, witness_url in places:
            try:
                return self._read(webvh, log_url, witness_url, context, context.fetch)
            except (FetchFailed, NotFound) as exc:
                silence = silence or exc
        raise silence or NotFound("DID has no log")

    def _read(self, did: WebvhDid, log_url: str, witness_url: str, context: Context, fetch: Fetch) -> History:
        body = _body(fetch(log_url, accept=_LOG_TYPES, max_bytes=MAX_LOG_BYTES))
        history = check_log(parse_log(body), did=did, now=context.now, allow_http_loopback=self.allow_http_loopback)
        if needs_witnesses(history):
            history = check_witnesses(history, _witness_file(witness_url, fetch))
        if self.heads is not None:
            check_head(history, self.heads.get(did.scid))
            if history.error is None:
                self.heads.put(history.head)
        return history


def _witness_file(url: str, fetch: Fetch) -> WitnessFile | None:
    try:
        return parse_witness_file(_body(fetch(url, accept="application/json", max_bytes=MAX_FILE_BYTES)))
    except NotFound:
        return None


def _body(answer: Fetched) -> bytes:
    if answer.status in (404, 410):
        raise NotFound("the web has no log for this DID")
    if answer.status != 200:
        raise FetchFailed(f"the source of the DID log answered {answer.status}")
    if answer.content_type.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml"):
        raise InvalidLog("the DID log was served as a web page")
    return answer.body
