"""What every room is given: settings, database, clock, keys, types, the guarded way out and the log."""

import logging
from dataclasses import dataclass

from sqlalchemy import Engine

from did.methods.base import Fetch, Fetched
from idservice.catalogue import TypeCatalogue
from idservice.clock import Clock
from idservice.keystore import KeyStore, did_web
from idservice.outbound import Outbound
from idservice.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One running service; the same value for every request of a worker."""

    settings: Settings
    engine: Engine
    clock: Clock
    keys: KeyStore
    types: TypeCatalogue
    outbound: Outbound
    log: logging.Logger

    @property
    def fetch(self) -> Fetch:
        """The guarded GET that libraries take (T98)."""
        return self.outbound

    def post(self, url: str, *, body: bytes, content_type: str, max_bytes: int = 4096) -> Fetched:
        """POST through the same guard, for webhooks. Raises FetchFailed."""
        return self.outbound.post(url, body=body, content_type=content_type, max_bytes=max_bytes)

    @property
    def base_url(self) -> str:
        """Public base URL, without a slash at its end."""
        return self.settings.base_url

    @property
    def did(self) -> str:
        """The service's own did:web, made from the base URL."""
        return did_web(self.keys.installation)

    def agency_did(self, agency_id: str) -> str:
        """The did:web of an agency, hosted here."""
        return did_web(self.keys.installation, "dids", "agencies", agency_id)

    def url(self, path: str) -> str:
        """Return an absolute URL below the base URL; `path` begins with a slash (T97: never from a request)."""
        return self.settings.base_url + path
