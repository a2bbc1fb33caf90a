"""Who is calling: staff and agencies by bearer token, stored hashed; roles; the source address (T73).

Deny by default: an endpoint that is not public calls `staff` or `agency` first, inside its transaction, and then
checks that the object belongs to who called.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, String, Table
from sqlalchemy.engine import Connection
from starlette.requests import HTTPConnection

from credentials.claims import ClaimPath

from idservice.database import UtcDateTime, metadata
from idservice.service import Service

ROLES = ("registrar", "approver", "auditor", "admin")

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
    Column("name", String(120), nullable=False),
    Column("purposes", JSON, nullable=False),
    Column("redirect_uris", JSON, nullable=False),
    Column("webhook_url", String(500)),
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
    retention: str
    """How long the agency keeps what it gets: an ISO 8601 duration, `PT0S` for not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A registered verifier."""

    id: str
    name: str
    did: str
    purposes: Mapping[str, Purpose]
    redirect_uris: tuple[str, ...]
    """Where the same-device flow may send a browser; compared exactly."""
    webhook_url: str | None

    @property
    def actor(self) -> str:
        """How audit rows name this agency."""
        return f"agency:{self.id}"


def staff(service: Service, request: HTTPConnection, db: Connection, *, roles: Collection[str] = ()) -> StaffMember:
    """Return who is calling the staff API; any of `roles` is enough, and no `roles` means any role.

    Raises Refused: `unauthenticated` (no token, or an unknown one) or `role_missing`.
    """
    raise NotImplementedError


def agency(service: Service, request: HTTPConnection, db: Connection) -> Agency:
    """Return the agency that is calling. Raises Refused (`unauthenticated`)."""
    raise NotImplementedError


def agency_by_id(service: Service, db: Connection, agency_id: str) -> Agency:
    """Return one agency for work done in its name. Raises Refused (`not_found`)."""
    raise NotImplementedError


def source(service: Service, request: HTTPConnection) -> str:
    """Return the address a request came from (IPv6 by its /64), as a key for limits; never logged."""
    raise NotImplementedError


def token_hash(token: str) -> bytes:
    """Return what is stored of a bearer token. Tokens are 256 random bits, so a plain hash is enough."""
    return sha256(token.encode()).digest()
