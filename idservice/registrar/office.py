"""What the staff routes answer: each function does one act and says what the officer gets back."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from sqlalchemy.engine import Connection

from idservice import audit
from idservice.access import StaffMember
from idservice.database import transaction
from idservice.idempotency import Answer
from idservice.problems import Refused
from idservice.service import Service

from . import cases, checks, desk_rows, events, examine, models, pickup, renewal, rows, suspend, views
from .application import photo_of
from .desk import case_of
from .matrix import REGISTRAR, officer
from .settle import settle
from .states import READY

SETTLED_AT_ONCE = 100


def settle_some(db: Connection, service: Service) -> None:
    """Settle collected cases, so that a list shows them as active; the background job does the rest."""
    for case in rows.with_offer(db, READY, after="", limit=SETTLED_AT_ONCE):
        settle(db, service, case)


def photo(db: Connection, service: Service, case: rows.CaseRow, *, officer: str) -> str:
    """Return the photo of a case and record that it was opened. Raises Refused (`not_found`)."""
    found = photo_of(cases.signed_form(db, service, case))
    if found is None:
        raise Refused("not_found", "the application has no photo", hint="compare the person with the document")
    events.record(db, service, case, "evidence.opened", actor=officer, data={"evidence": "photo"})
    return found


def proposal_file(db: Connection, service: Service, proposal_id: str, *, officer: str) -> dict[str, Any]:
    """Return a proposal and record that it was read. Raises Refused (`not_found`)."""
    proposal = desk_rows.proposal(db, proposal_id)
    case = None if proposal is None else rows.by_id(db, proposal.case_id)
    if proposal is None or case is None:
        raise Refused("not_found", "there is no such proposal", hint="see the list of proposals")
    events.record(db, service, case, "proposal.viewed", actor=officer, data={"proposal": proposal_id})
    return views.proposal_file(service, proposal, case)


def checked(db: Connection, service: Service, case: rows.CaseRow, member: StaffMember) -> Answer:
    """Run the checks and answer the results."""
    case = examine.run_checks(db, service, case, officer=member.actor)
    body = {"number": case.number, "state": case.state, "checks": views.check_list(db, service, case, member)}
    return Answer(status=200, body=body)


def check_by_hand(
    db: Connection, service: Service, case: rows.CaseRow, name: str, body: models.CheckByHand, member: StaffMember
) -> Answer:
    """Write a result, or a mark, or both. An approver marks; only a registrar writes results.

    Raises Refused: `malformed` when neither is given, `role_missing`, and what `checks.py` refuses.
    """
    if body.result is None and body.mark is None:
        raise Refused("malformed", "send a result, or a mark, or both", hint="see the API description")
    current = next((row for row in desk_rows.checks(db, case.id) if row.name == name), None)
    only_mark = body.mark is not None and (current is not None and body.result in (None, current.result))
    if not only_mark and body.result is not None:
        if REGISTRAR not in member.roles:
            raise Refused("role_missing", "only a registrar writes results", hint="send your mark alone")
        outcome = checks.Outcome(name=name, result=body.result, source=body.source or "officer")
        checks.put_by_hand(db, service, case, outcome, note=body.note, officer=member.actor)
    if body.mark is not None:
        checks.mark(db, service, case, name, body.mark, officer=member.actor)
        if only_mark:
            events.note(db, service, case, f"mark.{name}"[:24], body.note, officer=member.actor)
    found = rows.by_id(db, case.id)
    assert found is not None
    body_out = {"number": case.number, "state": found.state, "checks": views.check_list(db, service, found, member)}
    return Answer(status=200, body=body_out)


def turn_away(service: Service, request: Request, number: str, body: models.PickUp) -> Response:
    """Keep a case note that somebody could not collect, then refuse. The note outlives the refusal."""
    with transaction(service.engine) as db:
        member = officer(service, request, db)
        case = case_of(db, service, number)
        seen = pickup.Seen(identity_checked=False, document_seen=body.document_seen)
        pickup.turn_away(db, service, case, seen, officer=member.actor)
    raise pickup.turned_away()


def released(db: Connection, service: Service, case: rows.CaseRow, body: models.PickUp, member: StaffMember) -> Answer:
    """Release the offer; its link and its code are shown once. Raises Refused (`malformed`) without a document."""
    if not body.document_seen:
        raise Refused("malformed", "document_seen must say which document you saw", hint="its kind and number")
    seen = pickup.Seen(identity_checked=True, document_seen=body.document_seen)
    made = pickup.release(db, service, case, seen, officer=member.actor, staff_id=member.id)
    answer = {
        "id": made.id,
        "offer": made.uri,
        "handle": made.handle,
        "tx_code": made.tx_code,
        "expires_at": views.stamp(made.expires_at),
    }
    return Answer(status=201, body=answer, secret_until=made.expires_at)


def suspended(
    db: Connection, service: Service, case: rows.CaseRow, cause: suspend.Cause, words: str, member: StaffMember
) -> Answer:
    """Suspend a case, by the office or for a holder who called."""
    case = suspend.suspend(db, service, case, cause=cause, words=words, actor=member.actor)
    return Answer(status=200, body={"number": case.number, "state": case.state})


def renewal_opened(db: Connection, service: Service, case: rows.CaseRow, reason: str, member: StaffMember) -> Answer:
    """Open a renewal; its code is shown once."""
    draft, code = renewal.open_draft(db, service, case, reason=reason, officer=member.actor)
    answer = {
        "id": draft.id,
        "number": draft.number,
        "state": draft.state,
        "renewal_code": code,
        "decision_due": views.stamp(draft.decision_due),
    }
    return Answer(status=201, body=answer)


def key_declared(db: Connection, service: Service, thumbprint: str, member: StaffMember) -> Answer:
    """Keep a key as the caller's own."""
    if desk_rows.add_staff_key(db, staff_id=member.id, thumbprint=thumbprint, now=service.clock.now()):
        data = {"thumbprint": thumbprint}
        audit.record(db, service, act="staff.key_declared", actor=member.actor, subject=member.actor, data=data)
    return Answer(status=201, body={"thumbprint": thumbprint})
