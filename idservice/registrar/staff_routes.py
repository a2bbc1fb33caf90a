"""HTTP of the registrar API, on the staff listener. Who may do what is the table in `matrix.py`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.engine import Connection

from idservice.access import StaffMember
from idservice.database import reading, transaction
from idservice.http import RawBody
from idservice.idempotency import Answer
from idservice.problems import Refused
from idservice.service import Service

from . import audit_trail, decide, events, examine, followup, models, office, proposals, rows, views
from .desk import case_of, on_case, on_desk
from .matrix import officer
from .states import STATES

Number = str
Limit = Annotated[int, Query(ge=1, le=100)]
Word = Annotated[str | None, Query(pattern=r"^[\x21-\x7e]{1,120}$")]
"""A name in a query: visible ASCII, so that no text reaches the database that it cannot compare."""
_NO_STORE = {"Cache-Control": "no-store"}


def staff_router(service: Service) -> APIRouter:
    """Return the registrar API."""
    router = APIRouter(tags=["cases"])
    _reading(router, service)
    _examining(router, service)
    _deciding(router, service)
    _holding(router, service)
    return router


def _reading(router: APIRouter, service: Service) -> None:
    @router.get("/v1/cases")
    def list_cases(request: Request, state: str | None = None, limit: Limit = 20, after: Word = None) -> Response:
        """The queue, by deadline: numbers, states and flags, no names. `after` is the last number seen."""
        if state is not None and state not in STATES:
            raise Refused("malformed", "there is no such state", hint=f"one of: {', '.join(STATES)}")
        with transaction(service.engine) as db:
            officer(service, request, db)
            office.settle_some(db, service)
            page = rows.page(db, states=[state] if state else [], after=after, limit=limit)
            listed = views.for_list(db, service, page)
        following = page[-1].number if len(page) == limit else None
        return JSONResponse({"cases": listed, "next": following}, headers=_NO_STORE)

    @router.get("/v1/cases/{number}")
    def read_case(request: Request, number: Number) -> Response:
        """One case file; every reading is an audit row."""
        with transaction(service.engine) as db:
            member = officer(service, request, db)
            case = case_of(db, service, number)
            events.record(db, service, case, "case.viewed", actor=member.actor)
            file = views.case_file(db, service, case, member)
        return JSONResponse(file, headers=_NO_STORE)

    @router.get("/v1/cases/{number}/photo")
    def read_photo(request: Request, number: Number) -> Response:
        """The applicant's photo as a data URL; every reading is an audit row."""
        with transaction(service.engine) as db:
            member = officer(service, request, db)
            case = case_of(db, service, number)
            photo = office.photo(db, service, case, officer=member.actor)
        return JSONResponse({"photo": photo}, headers=_NO_STORE)

    @router.get("/v1/followups")
    def list_followups(request: Request) -> Response:
        """Open hits of the 30-day re-check: numbers and names of checks."""
        with reading(service.engine) as db:
            officer(service, request, db)
            listed = views.followup_list(db)
        return JSONResponse({"followups": listed}, headers=_NO_STORE)

    @router.get("/v1/audit")
    def read_audit(
        request: Request,
        after: Word = None,
        limit: Limit = 100,
        actor: Word = None,
        act: Word = None,
        case: Word = None,
    ) -> Response:
        """The audit trail, oldest first, by officer, act or case number. `after` is the id of the last row seen."""
        with reading(service.engine) as db:
            officer(service, request, db)
            listed = audit_trail.page(db, after=after, limit=limit, actor=actor, act=act, case=case)
        following = listed[-1]["id"] if len(listed) == limit else None
        return JSONResponse({"rows": listed, "next": following}, headers=_NO_STORE)


def _examining(router: APIRouter, service: Service) -> None:
    @router.post("/v1/cases/{number}/payment")
    def pay(request: Request, number: Number, body: models.Payment, raw: RawBody) -> Response:
        """Record that the fee has arrived."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            return _state(examine.pay(db, service, case, body.receipt, officer=member.actor))

        return on_case(service, request, number, raw, work)

    @router.post("/v1/cases/{number}/checks")
    def run_checks(request: Request, number: Number, raw: RawBody, body: models.Empty | None = None) -> Response:  # noqa: ARG001
        """Run every check, again if need be."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            return office.checked(db, service, case, member)

        return on_case(service, request, number, raw, work)

    @router.post("/v1/cases/{number}/checks/{name}")
    def check_by_hand(request: Request, number: Number, name: str, body: models.CheckByHand, raw: RawBody) -> Response:
        """Write a result that an officer found, or mark one that needs a look."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            return office.check_by_hand(db, service, case, name, body, member)

        return on_case(service, request, number, raw, work)

    @router.post("/v1/cases/{number}/question")
    def ask(request: Request, number: Number, body: models.Question, raw: RawBody) -> Response:
        """Ask the applicant for more."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            return _state(examine.ask(db, service, case, body.question, officer=member.actor))

        return on_case(service, request, number, raw, work)

    @router.post("/v1/cases/{number}/followup")
    def close_followup(request: Request, number: Number, body: models.FollowUp, raw: RawBody) -> Response:
        """Close a follow-up that was looked into."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            followup.close(db, service, case, body.note, officer=member.actor)
            return _state(case)

        return on_case(service, request, number, raw, work)


def _deciding(router: APIRouter, service: Service) -> None:
    @router.post("/v1/cases/{number}/proposals", status_code=201)
    def propose(request: Request, number: Number, body: models.Proposal, raw: RawBody) -> Response:
        """Propose an act that needs a second officer."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            made = proposals.propose(
                db,
                service,
                case,
                action=body.action,
                reason=body.reason,
                data=body.data,
                officer=member.actor,
                staff_id=member.id,
            )
            answer = {"id": made.id, "content_hash": made.content_hash, "expires_at": views.stamp(made.expires_at)}
            return Answer(status=201, body=answer)

        return on_case(service, request, number, raw, work)

    @router.get("/v1/proposals")
    def list_proposals(request: Request, limit: Limit = 20) -> Response:
        """What waits for a second officer, oldest first; no names."""
        with reading(service.engine) as db:
            officer(service, request, db)
            listed = views.proposal_list(db, service, limit=limit)
        return JSONResponse({"proposals": listed}, headers=_NO_STORE)

    @router.get("/v1/proposals/{id}")
    def read_proposal(request: Request, id: str) -> Response:
        """One proposal with the exact content that its hash is over; every reading is an audit row."""
        with transaction(service.engine) as db:
            member = officer(service, request, db)
            file = office.proposal_file(db, service, id, officer=member.actor)
        return JSONResponse(file, headers=_NO_STORE)

    @router.post("/v1/proposals/{id}/decision")
    def decide_proposal(request: Request, id: str, body: models.Decision, raw: RawBody) -> Response:
        """Decide, as another officer, on exactly the content with this hash."""

        def work(db: Connection, member: StaffMember) -> Answer:
            case = decide.decide(
                db,
                service,
                id,
                decision=body.decision,
                content_hash=body.content_hash,
                reason=body.reason,
                officer=member.actor,
                staff_id=member.id,
            )
            return Answer(status=200, body={"state": case.state, "number": case.number, "decision": body.decision})

        def first(db: Connection, member: StaffMember) -> None:
            decide.not_the_author(db, id, officer=member.actor)

        return on_desk(service, request, raw, work, first=first)


def _holding(router: APIRouter, service: Service) -> None:
    @router.post("/v1/cases/{number}/offer", status_code=201)
    def release(request: Request, number: Number, body: models.PickUp, raw: RawBody) -> Response:
        """Release the one-time offer to the person who stands there with the document."""
        if not body.identity_checked:
            return office.turn_away(service, request, number, body)

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            return office.released(db, service, case, body, member)

        return on_case(service, request, number, raw, work)

    @router.post("/v1/cases/{number}/suspend")
    def suspend_case(request: Request, number: Number, body: models.Reason, raw: RawBody) -> Response:
        """Suspend a case by the office."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            return office.suspended(db, service, case, "office_suspended", body.reason, member)

        return on_case(service, request, number, raw, work)

    @router.post("/v1/cases/{number}/freeze")
    def freeze_case(request: Request, number: Number, body: models.Reason, raw: RawBody) -> Response:
        """Freeze a case for a holder who called."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            return office.suspended(db, service, case, "holder_frozen", body.reason, member)

        return on_case(service, request, number, raw, work)

    @router.post("/v1/cases/{number}/renewal", status_code=201)
    def renew(request: Request, number: Number, body: models.Renewal, raw: RawBody) -> Response:
        """Open a renewal and hand out the code that the new application must carry."""

        def work(db: Connection, case: rows.CaseRow, member: StaffMember) -> Answer:
            return office.renewal_opened(db, service, case, body.reason, member)

        return on_case(service, request, number, raw, work)

    @router.post("/v1/staff/keys", status_code=201)
    def declare_key(request: Request, body: models.StaffKey, raw: RawBody) -> Response:
        """Declare a key of one's own wallet, so that one is never let near a case of one's own."""

        def work(db: Connection, member: StaffMember) -> Answer:
            return office.key_declared(db, service, body.thumbprint, member)

        return on_desk(service, request, raw, work)


def _state(case: rows.CaseRow) -> Answer:
    return Answer(status=200, body={"number": case.number, "state": case.state})
