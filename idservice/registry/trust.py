"""Whom this service trusts, for its own verifier: itself, by its own types and roots."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy.engine import Connection

from credentials.errors import StatusUnavailable
from credentials.status.token_status_list import MEDIA_TYPE, parse_token
from credentials.trust import TrustedIssuer, TrustPolicy
from credentials.verify import FetchedStatusList, StatusSource
from did.errors import IdError
from idservice.outbound import MAX_STATUS_BYTES
from idservice.registry import publication
from idservice.service import Service

_KEPT = 256
"""Lists of other issuers that a worker keeps at most."""


def policy(service: Service, db: Connection) -> TrustPolicy:  # noqa: ARG001 (the trust issue reads issuers from rows)
    """Return which issuers may issue which types: this service, its own types.

    The same object as long as nothing changes: it keeps what it has parsed.
    """
    root = service.keys.roots()["service"]
    key = (service.types, service.base_url, root)
    if _POLICY.get("key") != key:
        _POLICY.update(key=key, policy=_policy(service, root))
    made: TrustPolicy = _POLICY["policy"]
    return made


_POLICY: dict[str, Any] = {}


def _policy(service: Service, root: bytes) -> TrustPolicy:
    ourselves = TrustedIssuer(
        id=service.base_url,
        name=service.settings.issuing_authority,
        types=frozenset(kind.vct for kind in service.types),
        anchors=(root,),
        leaf_names=frozenset({service.base_url}),
        dids=frozenset({service.did}),
        status_anchors=(root,),
        status_leaf_names=frozenset({service.base_url}),
    )
    return TrustPolicy(
        issuers=(ourselves,),
        label="this service",
        metadata={kind.vct: kind.metadata for kind in service.types},
    )


def status_source(service: Service) -> StatusSource:
    """Return where verdicts get status lists: our own from the rows, others by the guarded fetch and cached."""
    return _Source(service)


class _Source:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._prefix = publication.list_uri(service, "")

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Return the token published at `uri`. Raises StatusUnavailable or FetchFailed when there is none."""
        if uri.startswith(self._prefix):
            found = publication.published(self._service, uri.removeprefix(self._prefix))
            if found is None:
                raise StatusUnavailable("there is no such status list here")
            return FetchedStatusList(found.token, now)
        return _CACHE.get(self._service, uri, now)


class _Cache:
    """Lists of other issuers, while their `ttl` runs; a failed fetch falls back on a copy that is still fresh."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, FetchedStatusList] = OrderedDict()
        self._lock = Lock()

    def get(self, service: Service, uri: str, now: datetime) -> FetchedStatusList:
        with self._lock:
            held = self._held.get(uri)
        if held is not None and held.fetched_at <= now < held.fetched_at + (
            _ttl(held.token) or publication.ttl(service)
        ):
            return held
        try:
            answer = service.fetch(uri, accept=MEDIA_TYPE, max_bytes=MAX_STATUS_BYTES)
            if answer.status != 200:
                raise StatusUnavailable("the status list is not where the credential says")
            token = answer.body.decode("ascii").strip()
        except (IdError, UnicodeDecodeError) as error:
            if held is not None:
                return held  # whoever reads it sees by `fetched_at` whether it is still fresh
            if isinstance(error, IdError):
                raise
            raise StatusUnavailable("the status list is not a token") from error
        fetched = FetchedStatusList(token, now)
        with self._lock:
            self._held[uri] = fetched
            self._held.move_to_end(uri)
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)
        return fetched


_CACHE = _Cache()


def _ttl(token: str) -> timedelta | None:
    try:
        return parse_token(token).ttl
    except IdError:
        return None
