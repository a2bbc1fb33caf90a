"""What applicants and officers see of a case, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection, Row

from idservice.access import StaffMember
from idservice.issuer import offers
from idservice.service import Service

from . import cases, checks, desk_rows, events, proposals, reasons, rows
from .application import photo_of
from .matrix import EXAMINE
from .states import ENDED, INFO_REQUESTED, READY, SUSPENDED


def stamp(moment: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def for_applicant(db: Connection, service: Service, case: rows.CaseRow) -> dict[str, Any]:
    """Return the case as its applicant follows it: state, question, legal reason; never what a check found."""
    reason = case.reason if case.state in ENDED or case.state == SUSPENDED else None
    members = {
        "id": case.id,
        "number": case.number,
        "type": case.type,
        "kind": case.kind,
        "state": case.state,
        "decision_due": stamp(case.decision_due),
        "reason": reason,
        "reason_text": reasons.ALL.get(reason) if reason is not None else None,
        "date_of_expiry": case.date_of_expiry.isoformat() if case.date_of_expiry else None,
    }
    if case.state == INFO_REQUESTED:
        questions = [note for note in desk_rows.notes(db, case.id) if note.kind == "question"]
        members["question"] = events.note_text(service, questions[-1])
    if case.state == READY and case.offer_id is not None:
        members["offer"] = offers.get(db, service, case.offer_id).uri
    return _present(members)


def for_list(db: Connection, service: Service, page: Sequence[rows.CaseRow]) -> list[dict[str, Any]]:
    """Return a page of the queue: numbers, states, deadlines and flags, no names."""
    ids = [case.id for case in page]
    now = service.clock.now()
    flagged, proposed, followups = (
        desk_rows.flagged(db, ids),
        desk_rows.proposed(db, ids),
        desk_rows.open_followups(db, ids),
    )
    listed = []
    for case in page:
        flags = sorted(flagged.get(case.id, set()))
        flags += ["overdue"] if cases.overdue(case, now) else []
        flags += ["second_approval"] if case.id in proposed else []
        flags += ["followup"] if case.id in followups else []
        listed.append(
            {
                "number": case.number,
                "type": case.type,
                "kind": case.kind,
                "state": case.state,
                "decision_due": stamp(case.decision_due),
                "created_at": stamp(case.created_at),
                "flags": flags,
            }
        )
    return listed


def case_file(db: Connection, service: Service, case: rows.CaseRow, member: StaffMember) -> dict[str, Any]:
    """Return the whole file for an officer; list hits and notes only to one who may examine."""
    examines = member.level >= EXAMINE
    previous = rows.by_id(db, case.previous_case_id) if case.previous_case_id else None
    members = {
        "id": case.id,
        "number": case.number,
        "type": case.type,
        "kind": case.kind,
        "state": case.state,
        "decision_due": stamp(case.decision_due),
        "created_at": stamp(case.created_at),
        "reason": case.reason,
        "previous": previous.number if previous is not None else None,
        "date_of_expiry": case.date_of_expiry.isoformat() if case.date_of_expiry else None,
        "paid": case.receipt_by is not None,
        "checks": check_list(db, service, case, member),
        "proposals": [_proposal(row, case.number) for row in desk_rows.proposals(db, case.id)],
        "followup": desk_rows.open_followups(db, [case.id]).get(case.id),
    }
    if case.application_id is not None:
        members["application"] = {"sha256": cases.application_hash(db, case), "auth_jkt": case.auth_jkt}
        members["form"] = cases.form_of(db, service, case).to_json(photo=False)
        members["photo"] = photo_of(cases.signed_form(db, service, case)) is not None
    if case.person_id is not None:
        members["personal_code"] = checks.code_of(db, service, case)
    if case.grant_id is not None:
        members["granted"] = _granted(db, service, case)
    if case.offer_id is not None:
        members["offer"] = {"id": case.offer_id, "state": offers.state(db, service, case.offer_id)}
    if examines:
        members["notes"] = [
            {"kind": row.kind, "officer": row.officer, "at": stamp(row.at), "text": events.note_text(service, row)}
            for row in desk_rows.notes(db, case.id)
        ]
    return _present(members)


def _granted(db: Connection, service: Service, case: rows.CaseRow) -> dict[str, Any]:
    """Return what two officers decided to issue, as far as the form does not say it."""
    grant = desk_rows.proposal(db, case.grant_id)
    claims = {} if grant is None else proposals.content_of(service, grant)["effect"]["items"]["e-residency"]
    shown = ("document_number", "date_of_issuance", "date_of_expiry", "assurance_level")
    return {name: claims[name] for name in shown if name in claims}


def proposal_list(db: Connection, service: Service, *, limit: int) -> list[dict[str, Any]]:
    """Return what waits for a second officer; no names."""
    return [_proposal(row, row.number) for row in desk_rows.open_proposals(db, now=service.clock.now(), limit=limit)]


def proposal_file(service: Service, proposal: Row[Any], case: rows.CaseRow) -> dict[str, Any]:
    """Return a proposal with the exact content that its hash is over."""
    return {**_proposal(proposal, case.number), "content": proposals.content_of(service, proposal)}


def followup_list(db: Connection) -> list[dict[str, Any]]:
    """Return the open follow-ups; no names and no hits."""
    return [
        {"number": row.number, "checks": row.checks, "opened_at": stamp(row.opened_at)}
        for row in desk_rows.list_followups(db, limit=100)
    ]


def _proposal(row: Row[Any], number: str) -> dict[str, Any]:
    return _present(
        {
            "id": row.id,
            "case": number,
            "action": row.action,
            "state": row.state,
            "author": row.author,
            "at": stamp(row.at),
            "expires_at": stamp(row.expires_at),
            "base_hash": row.base_hash,
            "content_hash": row.content_hash,
            "decided_by": row.decided_by,
            "decided_at": stamp(row.decided_at),
        }
    )


def check_list(db: Connection, service: Service, case: rows.CaseRow, member: StaffMember) -> list[dict[str, Any]]:
    """Return the results in force. Another officer's mark shows only beside one's own: each judges alone first."""
    results = desk_rows.checks(db, case.id)
    marks = desk_rows.marks(db, [row.id for row in results])
    own = {mark.check_id for mark in marks if mark.officer == member.actor}
    shown = []
    for row in results:
        members = {
            "name": row.name,
            "result": row.result,
            "source": row.source,
            "at": stamp(row.at),
            "officer": row.officer,
            "details": checks.details_of(service, row) or None if member.level >= EXAMINE else None,
        }
        seen = [mark for mark in marks if mark.check_id == row.id and row.id in own]
        members["marks"] = [{"officer": mark.officer, "mark": mark.mark, "at": stamp(mark.at)} for mark in seen] or None
        shown.append(_present(members))
    return shown
