"""Who may do what in the registrar API, as one table; everything else is refused (T73, ui.md 3c).

`ACTS` names every staff route of this room. A test walks the router and this table and fails on
a route that is in one and not in the other, then tries every role on every route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.engine import Connection
from starlette.requests import Request

from idservice.access import StaffMember, staff
from idservice.problems import Refused
from idservice.service import Service

REGISTRAR: Final = "registrar"
APPROVER: Final = "approver"
AUDITOR: Final = "auditor"
ADMIN: Final = "admin"

VIEW: Final = 1
EXAMINE: Final = 2
APPROVE: Final = 3
"""Training levels (S29)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Any of `roles` at training `level` or above."""

    roles: frozenset[str]
    level: int


def _right(level: int, *roles: str) -> Right:
    return Right(roles=frozenset(roles), level=level)


ACTS: Final[dict[str, Right]] = {
    "GET /v1/cases": _right(VIEW, REGISTRAR, APPROVER),
    "GET /v1/cases/{number}": _right(VIEW, REGISTRAR, APPROVER),
    "GET /v1/cases/{number}/photo": _right(VIEW, REGISTRAR, APPROVER),
    "POST /v1/cases/{number}/payment": _right(EXAMINE, REGISTRAR),
    "POST /v1/cases/{number}/checks": _right(EXAMINE, REGISTRAR),
    "POST /v1/cases/{number}/checks/{name}": _right(EXAMINE, REGISTRAR, APPROVER),
    "POST /v1/cases/{number}/question": _right(EXAMINE, REGISTRAR),
    "POST /v1/cases/{number}/proposals": _right(EXAMINE, REGISTRAR),
    "POST /v1/cases/{number}/offer": _right(EXAMINE, REGISTRAR),
    "POST /v1/cases/{number}/suspend": _right(EXAMINE, REGISTRAR),
    "POST /v1/cases/{number}/freeze": _right(EXAMINE, REGISTRAR),
    "POST /v1/cases/{number}/renewal": _right(EXAMINE, REGISTRAR),
    "GET /v1/followups": _right(VIEW, REGISTRAR, APPROVER),
    "POST /v1/cases/{number}/followup": _right(EXAMINE, REGISTRAR),
    "GET /v1/proposals": _right(VIEW, REGISTRAR, APPROVER),
    "GET /v1/proposals/{id}": _right(VIEW, REGISTRAR, APPROVER),
    "POST /v1/proposals/{id}/decision": _right(APPROVE, APPROVER),
    "GET /v1/audit": _right(VIEW, AUDITOR),
    "POST /v1/staff/keys": _right(VIEW, REGISTRAR, APPROVER),
}

_NOBODY: Final = _right(APPROVE + 1)
"""No role and a level that does not exist: what a route gets that the table does not name."""


def officer(service: Service, request: Request, db: Connection) -> StaffMember:
    """Return who is calling, if the table lets them do what this route does. A route outside the table is refused.

    Raises Refused: `unauthenticated`, or `role_missing` for the role and for the training level alike.
    """
    member = staff(service, request, db)
    require(member, request)
    return member


def require(member: StaffMember, request: Request) -> None:
    """See that the table lets a member of staff do what this route does. Raises Refused (`role_missing`)."""
    right = ACTS.get(f"{request.method} {request.scope['route'].path}", _NOBODY)
    if not right.roles & member.roles:
        raise Refused("role_missing", f"this needs the role {' or '.join(sorted(right.roles)) or 'of nobody'}")
    if member.level < right.level:
        raise Refused(
            "role_missing",
            f"this needs training level {right.level}",
            hint="pass the training module of that level, or ask a colleague who has it",
        )
