"""Who is calling: staff and agencies by bearer token, stored hashed; roles; the source address (T73).

Deny by default: an endpoint that is not public calls `staff` or `agency` first, inside its transaction, and then
checks that the object belongs to who called.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    bindparam,
    insert,
    select,
)
from sqlalchemy.engine import Connection
from starlette.requests import HTTPConnection

from credentials.claims import ClaimPath
from idservice import limits
from idservice.catalogue import TypeCatalogue
from idservice.database import UtcDateTime, metadata
from idservice.problems import Refused
from idservice.purposefile import PurposeEntry
from idservice.service import Service
from idservice.source import source

__all__ = [
    "ROLES",
    "Agency",
    "Purpose",
    "StaffMember",
    "add_agency",
    "add_staff",
    "agency",
    "agency_by_id",
    "all_agencies",
    "new_token",
    "source",
    "staff",
]

ROLES = ("registrar", "approver", "auditor", "admin")
TRIES = 30
"""Wrong tokens from one source in a window, then it must wait."""
WINDOW = timedelta(minutes=5)

staff_members = Table(
    "staff_members",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("roles", JSON, nullable=False),
    Column("level", Integer, nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

agencies = Table(
    "agencies",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("names", JSON, nullable=False),
    Column("purposes", JSON, nullable=False),
    Column("redirect_uris", JSON, nullable=False),
    Column("webhook_url", String(1500)),
    Column("policy_url", String(1500)),
    Column("revision", String(22), nullable=False),  # drawn anew with every change of the row
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A member of staff who proved to be one."""

    id: str
    name: str
    roles: frozenset[str]
    level: int
    """Training level, 0 (none) to 3."""

    @property
    def actor(self) -> str:
        """How audit rows name this person."""
        return f"staff:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One registered purpose of an agency."""

    name: str
    description: Mapping[str, str]
    """Words for people, by language (`en` is always there)."""
    claims: Mapping[str, frozenset[ClaimPath]]
    """`vct` -> the claim paths that may be asked of that type."""
    everything: bool
    """Every claim of every type (dev only); `claims` then lists them all."""
    retention: str
    """How long the agency keeps what it gets: an ISO 8601 duration, `PT0S` for not at all."""
    query: Mapping[str, Any] | None
    """The DCQL query that a request by purpose alone sends."""
    transaction_data_types: frozenset[str]
    """Types of transaction data that this purpose may ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A registered verifier."""

    id: str
    names: Mapping[str, str]
    did: str
    purposes: Mapping[str, Purpose]
    redirect_uris: tuple[str, ...]
    """Where the same-device flow may send a browser; compared exactly."""
    webhook_url: str | None
    policy_url: str | None

    @property
    def name(self) -> str:
        """The agency's name in English."""
        return self.names["en"]

    @property
    def actor(self) -> str:
        """How audit rows name this agency."""
        return f"agency:{self.id}"


_KEY: tuple[Column[Any], ...] = (agencies.c.id, agencies.c.revision)
_STAFF = select(staff_members).where(staff_members.c.token_hash == bindparam("digest"), staff_members.c.active)
_AGENCY = select(*_KEY).where(agencies.c.token_hash == bindparam("digest"), agencies.c.active)
_KEPT: dict[tuple[TypeCatalogue, str, str, str], Agency] = {}
_MOST_KEPT = 256


# --- who is calling -------------------------------------------------------------------------------


def staff(
    service: Service, request: HTTPConnection, db: Connection, *, roles: Collection[str] = (), level: int = 0
) -> StaffMember:
    """Return who is calling the staff API; any of `roles` is enough, and no `roles` means any role.

    `level` is the training level that is due (S29: 1 to view, 2 to examine and to offer, 3 to approve).
    Raises Refused: `unauthenticated` (no token, or an unknown one), `role_missing` for the role and the level alike,
    `rate_limited`.
    """
    row = _by_token(service, request, db, _STAFF)
    member = StaffMember(id=row.id, name=row.name, roles=frozenset(row.roles), level=row.level)
    if roles and not member.roles & set(roles):
        raise Refused("role_missing", f"this needs the role {' or '.join(sorted(roles))}")
    if member.level < level:
        raise Refused("role_missing", f"this needs training level {level}", hint="Ask a colleague who has it.")
    return member


def agency(service: Service, request: HTTPConnection, db: Connection) -> Agency:
    """Return the agency that is calling. Raises Refused (`unauthenticated`, `rate_limited`)."""
    row = _by_token(service, request, db, _AGENCY)
    return _agency(service, db, row.id, row.revision)


def agency_by_id(service: Service, db: Connection, agency_id: str) -> Agency:
    """Return one agency for work done in its name. Raises Refused (`not_found`)."""
    row = db.execute(select(*_KEY).where(agencies.c.id == agency_id, agencies.c.active)).one_or_none()
    if row is None:
        raise Refused("not_found", "there is no such agency")
    return _agency(service, db, row.id, row.revision)


def all_agencies(service: Service, db: Connection) -> list[Agency]:
    """Return every registered agency."""
    rows = db.execute(select(*_KEY).where(agencies.c.active).order_by(agencies.c.id)).all()
    return [_agency(service, db, row.id, row.revision) for row in rows]


def _by_token(service: Service, request: HTTPConnection, db: Connection, wanted: Select[Any]) -> Row[Any]:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    row = None
    if scheme.lower() == "bearer" and token:
        row = db.execute(wanted, {"digest": token_hash(token.strip())}).one_or_none()
    if row is None:
        # Only misses are slowed: a good token works whatever else its source has tried.
        key = f"token:{source(service, request)}"
        limits.check_in(db, service, key, limit=TRIES, window=WINDOW)
        # Counted when the transaction is gone: the count must outlive the refusal.
        count = (lambda: _count_miss(service, key)) if token else None
        raise Refused("unauthenticated", "the bearer token is missing or not known", after=count)
    return row


def _count_miss(service: Service, key: str) -> None:
    limits.miss(service, key, window=WINDOW)


# --- registering ----------------------------------------------------------------------------------


def new_token() -> str:
    """Return a new bearer token: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is stored of a bearer token. Tokens are 256 random bits, so a plain hash is enough."""
    return sha256(token.encode()).digest()


def add_staff(db: Connection, service: Service, *, name: str, roles: Collection[str], level: int, token: str) -> str:
    """Register a member of staff and return the id. Raises Refused (`malformed`, `conflict`)."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        raise Refused(
            "malformed", f"no such role: {', '.join(unknown) or '(none)'}", hint=f"Roles: {', '.join(ROLES)}."
        )
    if not 0 <= level <= 3:
        raise Refused("malformed", "the training level is 0 to 3")
    if db.execute(select(staff_members.c.id).where(staff_members.c.name == name)).first():
        raise Refused("conflict", "a member of staff has this name already", hint="Choose another account name.")
    staff_id = secrets.token_urlsafe(9)
    row = {"id": staff_id, "name": name, "roles": sorted(roles), "level": level, "active": True}
    db.execute(insert(staff_members).values(**row, token_hash=token_hash(token), created_at=service.clock.now()))
    return staff_id


def add_agency(
    db: Connection,
    service: Service,
    *,
    agency_id: str,
    names: Mapping[str, str],
    purposes: Iterable[PurposeEntry],
    token: str,
    redirect_uris: Collection[str] = (),
    webhook_url: str | None = None,
    policy_url: str | None = None,
) -> None:
    """Register an agency. Its request key is made by `service.keys.add_agency`. Raises Refused (`conflict`)."""
    if db.execute(select(agencies.c.id).where(agencies.c.id == agency_id)).first():
        raise Refused("conflict", "an agency has this id already", hint="Choose another id.")
    entries = list(purposes)
    for entry in entries:
        entry.check(service.types)
        if entry.everything and not service.settings.dev:
            raise Refused("malformed", "a purpose that covers everything exists in development only")
    row = {
        "id": agency_id,
        "names": dict(names),
        "purposes": [entry.model_dump(mode="json") for entry in entries],
        "redirect_uris": list(redirect_uris),
        "webhook_url": webhook_url,
        "policy_url": policy_url,
        "revision": secrets.token_urlsafe(16),
        "active": True,
    }
    db.execute(insert(agencies).values(**row, token_hash=token_hash(token), created_at=service.clock.now()))


def _agency(service: Service, db: Connection, agency_id: str, revision: str) -> Agency:
    """Return an agency; reading its purposes costs more than verifying a presentation, so the last ones are kept."""
    key = (service.types, service.base_url, agency_id, revision)
    kept = _KEPT.get(key)
    if kept is None:
        kept = _read(service, db.execute(select(agencies).where(agencies.c.id == agency_id)).one())
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = kept
    return kept


def _read(service: Service, row: Row[Any]) -> Agency:
    entries = [PurposeEntry.model_validate(each) for each in row.purposes]
    return Agency(
        id=row.id,
        names=row.names,
        did=service.agency_did(row.id),
        purposes={entry.name: _purpose(service, entry) for entry in entries},
        redirect_uris=tuple(row.redirect_uris),
        webhook_url=row.webhook_url,
        policy_url=row.policy_url,
    )


def _purpose(service: Service, entry: PurposeEntry) -> Purpose:
    return Purpose(
        name=entry.name,
        description=entry.description,
        claims=entry.resolved_claims(service.types),
        everything=entry.everything,
        retention=entry.retention,
        query=entry.resolved_query(service.types),
        transaction_data_types=frozenset(entry.transaction_data_types),
    )
