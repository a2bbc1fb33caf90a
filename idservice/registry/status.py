"""Status lists: random indexes handed out once, statuses that only move forward, lists published for all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.engine import Connection

from idservice.service import Service

StatusName = Literal["valid", "suspended", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """One place in a list: `id` for our rows, `uri` and `index` for the credential."""

    id: str
    uri: str
    index: int


def allocate(db: Connection, service: Service, count: int, *, until: datetime) -> list[StatusEntry]:
    """Take `count` places at random, each never given out before (T38); `until` is the copy's `exp`."""
    raise NotImplementedError


def set_status(db: Connection, service: Service, entry_ids: Collection[str], value: StatusName) -> int:
    """Set the status of these places in the caller's transaction; return how many changed.

    Revoked is never undone: such places keep their value and are not counted (T87). Call `publish_now` after the
    transaction.
    """
    raise NotImplementedError


def statuses(db: Connection, entry_ids: Collection[str]) -> dict[str, StatusName]:
    """Return the present status of each place."""
    raise NotImplementedError


def publish_now(service: Service) -> int:
    """Publish every list that changed; return how many. In a transaction of its own, after the act's has ended."""
    raise NotImplementedError
