"""Status lists as the world reads them: signed, in a row, never older than the one before (T87)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, insert, or_, select, update
from sqlalchemy.engine import Connection

from credentials.status.token_status_list import StatusList, build_token
from idservice.database import reading, transaction
from idservice.registry.rows import status_entries, status_lists, status_tokens
from idservice.service import Service

BITS = 2
LIFETIME = timedelta(hours=24)
RENEWED = timedelta(hours=1)
"""How old a token may become before it is signed anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedList:
    """A status list token and when it was signed."""

    token: str
    issued_at: datetime


_STAMP = select(status_tokens.c.version, status_tokens.c.issued_at).where(
    status_tokens.c.list_id == bindparam("list_id")
)
_KEPT: dict[str, tuple[tuple[int, datetime], PublishedList]] = {}
_MOST_KEPT = 64


def list_uri(service: Service, list_id: str) -> str:
    """Return the address of a list, as credentials name it."""
    return service.url(f"/status-lists/{list_id}")


def ttl(service: Service) -> timedelta:
    """Return how long a verifier may keep a list: 5 min, in dev 5 s."""
    return timedelta(seconds=5 if service.settings.dev else 300)


def publish_now(service: Service) -> int:
    """Publish every list that changed or grew old; return how many. Call it with no transaction open."""
    with reading(service.engine) as db:
        due = [row.id for row in db.execute(_due(service))]
    return sum(_publish(service, list_id) for list_id in due)


def published(service: Service, list_id: str) -> PublishedList | None:
    """Return the token of a list, signed anew first when it is old; None when there is no such list."""
    with reading(service.engine) as db:
        row = _row(db, list_id)
        known = row is not None or db.execute(select(status_lists.c.id).where(status_lists.c.id == list_id)).first()
    if known and (row is None or row.issued_at + RENEWED <= service.clock.now()):
        _publish(service, list_id)
        with reading(service.engine) as db:
            row = _row(db, list_id)
    return row


def _row(db: Connection, list_id: str) -> PublishedList | None:
    """Return the published token; its text is read once for each version, its version each time."""
    stamp = db.execute(_STAMP, {"list_id": list_id}).one_or_none()
    if stamp is None:
        return None
    kept = _KEPT.get(list_id)
    if kept is None or kept[0] != tuple(stamp):
        found = db.execute(select(status_tokens).where(status_tokens.c.list_id == list_id)).one()
        kept = (found.version, found.issued_at), PublishedList(token=found.token, issued_at=found.issued_at)
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[list_id] = kept
    return kept[1]


def _due(service: Service) -> Select[tuple[str]]:
    behind = status_lists.c.version > status_tokens.c.version
    old = status_tokens.c.issued_at <= service.clock.now() - RENEWED
    joined = status_lists.outerjoin(status_tokens, status_tokens.c.list_id == status_lists.c.id)
    return select(status_lists.c.id).select_from(joined).where(or_(status_tokens.c.list_id.is_(None), behind, old))


def _publish(service: Service, list_id: str) -> bool:
    """Sign the list as it stands and replace the published token by the newer one."""
    with transaction(service.engine) as db:
        # The row is held until the commit: no place changes while the list is read, no one else publishes it.
        found = db.execute(
            select(status_lists).where(status_lists.c.id == list_id).with_for_update(key_share=True)
        ).one()
        before = db.execute(select(status_tokens).where(status_tokens.c.list_id == list_id)).one_or_none()
        now = service.clock.now()
        if before is not None:
            if before.version == found.version and before.issued_at + RENEWED > now:
                return False
            now = max(now, before.issued_at)
        statuses = StatusList.empty(BITS, found.size)
        marked = (status_entries.c.list_id == list_id) & (status_entries.c.value != 0)
        for row in db.execute(select(status_entries.c.place, status_entries.c.value).where(marked)):
            statuses.set(row.place, row.value)
        token = build_token(
            statuses,
            uri=list_uri(service, list_id),
            signer=service.keys.signer("status"),
            x5c=service.keys.x5c("status"),
            issued_at=now,
            expires_at=now + LIFETIME,
            ttl=ttl(service),
        )
        values = {"version": found.version, "token": token, "issued_at": now}
        if before is None:
            db.execute(insert(status_tokens).values(list_id=list_id, **values))
        else:
            db.execute(update(status_tokens).where(status_tokens.c.list_id == list_id).values(**values))
    return True
