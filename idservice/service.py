"""What every room is given: settings, database, clock, keys, types, the guarded fetch and the log."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from idservice.catalogue import TypeCatalogue
from idservice.clock import Clock
from idservice.keystore import KeyStore
from idservice.settings import Settings

if TYPE_CHECKING:
    from did.methods.base import Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One running service; the same value for every request of a worker."""

    settings: Settings
    engine: Engine
    clock: Clock
    keys: KeyStore
    types: TypeCatalogue
    fetch: "Fetch"
    log: logging.Logger

    @property
    def base_url(self) -> str:
        """Public base URL, without a slash at its end."""
        return self.settings.base_url

    @property
    def did(self) -> str:
        """The service's own did:web, made from the base URL."""
        raise NotImplementedError

    def now(self) -> datetime:
        """The time as an aware UTC value."""
        return self.clock.now()

    def url(self, path: str) -> str:
        """Return an absolute URL below the base URL; `path` begins with a slash (T97: never from a request)."""
        return self.settings.base_url + path
