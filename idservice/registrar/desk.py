"""What every staff POST of this room shares: who calls, which case, one transaction, the kept answer."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request, Response
from sqlalchemy.engine import Connection

from idservice.access import StaffMember, staff
from idservice.database import transaction
from idservice.idempotency import Answer, answer
from idservice.problems import Refused
from idservice.registry import status
from idservice.service import Service

from . import rows
from .matrix import require
from .settle import settle

Work = Callable[[Connection, rows.CaseRow, StaffMember], Answer]


def case_of(db: Connection, service: Service, number: str) -> rows.CaseRow:
    """Return the case with this number, locked and settled. Raises Refused (`not_found`)."""
    case = rows.by_number(db, number, lock=True)
    if case is None:
        raise Refused("not_found", "there is no case with this number", hint="numbers look like 2026-004217")
    return settle(db, service, case)


def on_case(service: Service, request: Request, number: str, body: bytes, work: Work) -> Response:
    """Do `work` on a case as the officer who calls, in one transaction, and publish statuses that it changed.

    Raises Refused: `unauthenticated`, `role_missing`, `not_found`, and what `work` refuses.
    """

    def act(db: Connection, member: StaffMember) -> Answer:
        return work(db, case_of(db, service, number), member)

    return on_desk(service, request, body, act)


def on_desk(
    service: Service,
    request: Request,
    body: bytes,
    work: Callable[[Connection, StaffMember], Answer],
    *,
    first: Callable[[Connection, StaffMember], None] | None = None,
) -> Response:
    """Do `work` as the officer who calls, in one transaction; the same Idempotency-Key gets the kept answer.

    `first` may refuse a caller before the role is asked for.
    """
    with transaction(service.engine) as db:
        member = staff(service, request, db)
        if first is not None:
            first(db, member)
        require(member, request)
        made = answer(
            db,
            service,
            key=request.headers.get("idempotency-key"),
            actor=member.actor,
            operation=f"{request.method} {request.url.path}",
            body=body,
            act=lambda: work(db, member),
        )
    # Publishes only what changed; in production the job would do it within a minute.
    status.publish_now(service)
    return made
