"""The second officer's half: decide on exactly the content that was proposed, once (S01, S05, T74, T85)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy.engine import Connection, Row

from idservice.database import transaction
from idservice.issuer import lifecycle, offers
from idservice.problems import Refused
from idservice.service import Service

from . import cases, checks, desk_rows, events, proposals, rows
from .states import next_state

Decision = Literal["approve", "refuse", "send_back"]

ENDS: Final[dict[str, str]] = {"approve": "approved", "refuse": "refused", "send_back": "sent_back"}
"""Decision -> state of the proposal. Only `approve` does what was proposed; the others leave the case as it is."""


def decide(
    db: Connection,
    service: Service,
    proposal_id: str,
    *,
    decision: Decision,
    content_hash: str,
    reason: str,
    officer: str,
    staff_id: str,
) -> rows.CaseRow:
    """Decide a proposal and return the case as it is then.

    1 the proposal and its case, locked; 2 another officer than the author, and not the applicant; 3 open and in
    time; 4 the very content the officer saw; 5 nothing edited since; 6 flagged checks marked by this officer;
    7 one conditional write takes the proposal; 8 its effect, in the same transaction.

    Raises Refused: `not_found`, `four_eyes_required`, `conflict`, `policy_not_met`.
    """
    found = desk_rows.proposal(db, proposal_id)
    if found is None:
        raise Refused("not_found", "there is no such proposal", hint="see the list of proposals")
    case = rows.by_id(db, found.case_id, lock=True)
    proposal = desk_rows.proposal(db, proposal_id)
    assert case is not None and proposal is not None
    not_the_author(db, proposal_id, officer=officer)
    cases.not_the_applicant(db, case, staff_id=staff_id)
    _still_open(service, proposal)
    if content_hash != proposal.content_hash:
        raise Refused(
            "conflict", "this is not the content that is proposed", hint="read the proposal again and decide on that"
        )
    _nothing_edited(db, service, case, proposal)
    content = proposals.content_of(service, proposal)
    if decision == "approve" and proposal.action == "approve":
        _all_marked(db, case, officer)
    taken = desk_rows.claim_proposal(
        db,
        proposal_id=proposal_id,
        content_hash=content_hash,
        state=ENDS[decision],
        officer=officer,
        now=service.clock.now(),
    )
    if not taken:
        raise Refused("conflict", "the proposal was decided at the same time", hint="read the case again")
    note = events.note(db, service, case, f"decision.{decision}", reason, officer=officer)
    data = {
        "proposal": proposal_id,
        "action": proposal.action,
        "decision": decision,
        "content_hash": content_hash,
        "author": proposal.author,
        "note": note,
    }
    events.record(db, service, case, "proposal.decided", actor=officer, data=data)
    if decision != "approve":
        return case
    return _EFFECTS[proposal.action](db, service, case, proposal, content, officer)


def not_the_author(db: Connection, proposal_id: str, *, officer: str) -> None:
    """Refuse the officer who proposed, whatever their roles. Raises Refused (`four_eyes_required`)."""
    found = desk_rows.proposal(db, proposal_id)
    if found is not None and found.author == officer:
        raise Refused("four_eyes_required", "you proposed this yourself", hint="another officer must decide")


def _still_open(service: Service, proposal: Row[Any]) -> None:
    if proposal.state != "open":
        raise Refused("conflict", f"the proposal is {proposal.state}", hint="see the case for the proposal in force")
    if proposal.expires_at <= service.clock.now():
        raise Refused("conflict", "the proposal has run out", hint="ask the first officer to propose anew")


def _nothing_edited(db: Connection, service: Service, case: rows.CaseRow, proposal: Row[Any]) -> None:
    """Refuse, and void, a proposal whose basis is another now. Every edit voids at once; this holds if one did not."""
    if proposals.base_hash(db, case, proposal.action) == proposal.base_hash:
        return

    def void() -> None:
        with transaction(service.engine) as own:
            events.void_proposal(own, service, case, actor=events.SERVICE)

    raise Refused(
        "conflict", "the case was edited after the proposal", hint="ask the first officer to propose anew", after=void
    )


def _all_marked(db: Connection, case: rows.CaseRow, officer: str) -> None:
    obstacles = checks.obstacles(db, case, officer=officer)
    if obstacles:
        hint = "mark every check that needs a look; where you differ from the first officer, send the case back"
        raise Refused("policy_not_met", f"this case cannot be approved: {'; '.join(obstacles)}", hint=hint)


# Effects, one for each action


def _approved(
    db: Connection, service: Service, case: rows.CaseRow, proposal: Row[Any], content: dict[str, Any], officer: str
) -> rows.CaseRow:
    cases.previous_stands(db, case)
    expiry = date.fromisoformat(content["effect"]["items"]["e-residency"]["date_of_expiry"])
    moved = rows.move(db, case, "approve", now=service.clock.now(), grant_id=proposal.id, date_of_expiry=expiry)
    events.record(db, service, moved, "case.approved", actor=officer, data={"proposal": proposal.id})
    return moved


def _refused(
    db: Connection, service: Service, case: rows.CaseRow, proposal: Row[Any], content: dict[str, Any], officer: str
) -> rows.CaseRow:
    moved = rows.move(db, case, "refuse", now=service.clock.now(), reason=content["reason"])
    data = {"proposal": proposal.id, "reason": content["reason"]}
    events.record(db, service, moved, "case.refused", actor=officer, data=data)
    return moved


def _revoked(
    db: Connection, service: Service, case: rows.CaseRow, proposal: Row[Any], content: dict[str, Any], officer: str
) -> rows.CaseRow:
    return revoke(db, service, case, reason=content["reason"], actor=officer, proposal_id=proposal.id)


def revoke(
    db: Connection, service: Service, case: rows.CaseRow, *, reason: str, actor: str, proposal_id: str | None = None
) -> rows.CaseRow:
    """Revoke a case and every credential of it, for good. `reason` is a code of `reasons.ALL`."""
    moved = rows.move(db, case, "revoke", now=service.clock.now(), reason=reason)
    if lifecycle.state(db, case.id) is not None:
        lifecycle.revoke(db, service, case_id=case.id, actor=actor, reason=reason)
    _end_renewal_offer(db, service, case, actor=actor)
    events.void_proposal(db, service, case, actor=actor)
    events.record(db, service, moved, "case.revoked", actor=actor, data={"proposal": proposal_id, "reason": reason})
    return moved


def _end_renewal_offer(db: Connection, service: Service, case: rows.CaseRow, *, actor: str) -> None:
    """End the offer of a renewal that was not collected: no new one is released either (`cases.previous_stands`)."""
    renewal = rows.renewal_of(db, case.id)
    if renewal is None or renewal.activated_at is not None or renewal.offer_id is None:
        return
    if offers.state(db, service, renewal.offer_id) != "issued":
        lifecycle.end(db, service, case_id=renewal.id, actor=actor)


def _reinstated(
    db: Connection, service: Service, case: rows.CaseRow, proposal: Row[Any], _content: dict[str, Any], officer: str
) -> rows.CaseRow:
    # A case that was frozen before it was collected goes back to where an offer can be released.
    act = "reinstate_uncollected" if case.activated_at is None else "reinstate"
    moved = rows.move(db, case, act, now=service.clock.now(), reason=None)
    if lifecycle.state(db, case.id) is not None:
        lifecycle.reinstate(db, service, case_id=case.id, actor=officer, reason="reinstated")
        if case.activated_at is None:
            # What was redeemed before the freeze must not issue past the counter: a new offer is due.
            lifecycle.end(db, service, case_id=case.id, actor=officer)
    events.record(db, service, moved, "case.reinstated", actor=officer, data={"proposal": proposal.id})
    return moved


def _extended(
    db: Connection, service: Service, case: rows.CaseRow, proposal: Row[Any], content: dict[str, Any], officer: str
) -> rows.CaseRow:
    next_state("extend", case.state)
    due = datetime.fromisoformat(content["effect"]["decision_due"])
    changed = rows.edit(db, case.id, now=service.clock.now(), decision_due=due)
    data = {"proposal": proposal.id, "days": content["effect"]["days"]}
    events.record(db, service, changed, "case.extended", actor=officer, data=data)
    return changed


_EFFECTS: Final = {
    "approve": _approved,
    "refuse": _refused,
    "revoke": _revoked,
    "reinstate": _reinstated,
    "extend": _extended,
}
