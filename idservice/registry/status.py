"""Status lists: random places handed out once, statuses that only move forward, lists published for all.

Token Status List (draft-ietf-oauth-status-list): two bits an entry, 2^17 entries a list. Places are drawn at random
and kept apart by a unique constraint; a list is closed when half full, and decoys among its places hide how many
credentials there are and when one was revoked (T38; 13.2, 13.3 there).
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from idservice.problems import Refused
from idservice.registry.publication import list_uri, publish_now, published
from idservice.registry.rows import status_entries, status_lists
from idservice.service import Service

__all__ = [
    "StatusEntry",
    "StatusName",
    "allocate",
    "ensure_open_list",
    "list_uri",
    "move_decoys",
    "publish_now",
    "published",
    "purge",
    "set_status",
    "statuses",
]

StatusName = Literal["valid", "suspended", "revoked"]
VALUES: dict[StatusName, int] = {"valid": 0, "revoked": 1, "suspended": 2}
NAMES: dict[int, StatusName] = {value: name for name, value in VALUES.items()}

SIZE = 1 << 17
FULL = SIZE // 2
"""Places taken at which a list is closed: a draw then needs two tries on average."""
DECOYS = 1024
_ROUNDS = 40
_KEPT = timedelta(days=1)
"""How long the place of a copy that has expired stays taken: longer than any clock is off."""

_TAKE = {
    name: insert_into(status_entries).on_conflict_do_nothing().returning(status_entries.c.id, status_entries.c.place)
    for name, insert_into in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """One place in a list: `id` for our rows, `uri` and `index` for the credential."""

    id: str
    uri: str
    index: int


def allocate(db: Connection, service: Service, count: int, *, until: datetime) -> list[StatusEntry]:
    """Take `count` places at random, each never given out before (T38); `until` is the copy's `exp`.

    Raises Refused (`unavailable`) when no open list has room.
    """
    list_id = _open_list(db)
    taken: list[StatusEntry] = []
    for _ in range(_ROUNDS):
        missing = count - len(taken)
        if missing <= 0:
            return taken
        rows = [
            {
                "id": secrets.token_urlsafe(16),
                "list_id": list_id,
                "place": place,
                "value": 0,
                "kind": "copy",
                "until": until,
            }
            for place in _draw(missing)
        ]
        uri = list_uri(service, list_id)
        taken += [StatusEntry(id=row.id, uri=uri, index=row.place) for row in db.execute(_TAKE[db.dialect.name], rows)]
    raise Refused("unavailable", "no status list has room", retry_after=10)


def set_status(db: Connection, service: Service, entry_ids: Collection[str], value: StatusName) -> int:  # noqa: ARG001
    """Set the status of these places in the caller's transaction; return how many changed.

    Revoked is never undone: such places keep their value and are not counted (T87). Call `publish_now` after the
    transaction.
    """
    wanted = status_entries.c.id.in_(list(entry_ids))
    lists = select(status_entries.c.list_id).where(wanted)
    # The lists first: whoever publishes one holds its row, so a list is never read half changed.
    db.execute(update(status_lists).where(status_lists.c.id.in_(lists)).values(version=status_lists.c.version + 1))
    movable = wanted & (status_entries.c.value != VALUES["revoked"]) & (status_entries.c.value != VALUES[value])
    return db.execute(update(status_entries).where(movable).values(value=VALUES[value])).rowcount


def statuses(db: Connection, entry_ids: Collection[str]) -> dict[str, StatusName]:
    """Return the present status of each place."""
    found = select(status_entries.c.id, status_entries.c.value).where(status_entries.c.id.in_(list(entry_ids)))
    return {row.id: NAMES[row.value] for row in db.execute(found)}


# --- upkeep ---------------------------------------------------------------------------------------


def ensure_open_list(db: Connection, service: Service) -> None:
    """See that a list with room is open; close those half full. Called at start and by the upkeep job."""
    lists = db.execute(select(status_lists.c.id).where(status_lists.c.open == 1)).scalars().all()
    with_room = 0
    for list_id in lists:
        used = select(func.count()).select_from(status_entries).where(status_entries.c.list_id == list_id)
        if db.execute(used).scalar_one() >= FULL:
            db.execute(update(status_lists).where(status_lists.c.id == list_id).values(open=0))
        else:
            with_room += 1
    if not with_room:
        _new_list(db, service)


def purge(db: Connection, *, now: datetime) -> int:
    """Forget the rows of copies that expired unharmed. Revoked and suspended places stay as published."""
    old = (status_entries.c.value == 0) & (status_entries.c.kind == "copy") & (status_entries.c.until < now - _KEPT)
    spare = select(status_lists.c.id).where(status_lists.c.open == 0)
    # Only in closed lists: a place in an open one must not be drawn a second time.
    return db.execute(delete(status_entries).where(old, status_entries.c.list_id.in_(spare))).rowcount


def move_decoys(db: Connection, service: Service) -> None:
    """Change a few decoys now and then, so that a change in a list need not be a person's."""
    for list_id in db.execute(select(status_lists.c.id).where(status_lists.c.open == 1)).scalars().all():
        alive = (
            (status_entries.c.list_id == list_id) & (status_entries.c.kind == "decoy") & (status_entries.c.value != 1)
        )
        rows = db.execute(select(status_entries.c.id, status_entries.c.value).where(alive)).all()
        for row in secrets.SystemRandom().sample(rows, min(len(rows), secrets.randbelow(4))):
            changed: StatusName = secrets.choice(("suspended", "suspended", "suspended", "revoked"))
            set_status(db, service, [row.id], "valid" if row.value else changed)


def _open_list(db: Connection) -> str:
    ids: list[str] = [row.id for row in db.execute(select(status_lists.c.id).where(status_lists.c.open == 1))]
    if not ids:
        raise Refused("unavailable", "no status list is open", retry_after=10)
    return secrets.choice(ids)


def _draw(count: int) -> set[int]:
    places: set[int] = set()
    while len(places) < count:
        places.add(secrets.randbelow(SIZE))
    return places


def _new_list(db: Connection, service: Service) -> str:
    now = service.clock.now()
    list_id = secrets.token_urlsafe(16)
    db.execute(insert(status_lists).values(id=list_id, size=SIZE, open=1, version=1, created_at=now))
    decoys = [
        {
            "id": secrets.token_urlsafe(16),
            "list_id": list_id,
            "place": place,
            "value": secrets.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, 2)),
            "kind": "decoy",
            "until": now,
        }
        for place in _draw(DECOYS)
    ]
    db.execute(insert(status_entries), decoys)
    return list_id
