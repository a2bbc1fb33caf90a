"""The first officer's half of an act that needs two: a proposal over one exact content (S01, S05, T74).

The content says everything that will be issued or done and holds 128 random bits, so that its hash
tells nobody a name or a personal code (T84). `content_hash` is what the second officer decides on.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.engine import Connection, Row

from did.encoding import jcs
from idservice.problems import Refused
from idservice.registry import personal_code
from idservice.service import Service

from . import cases, checks, desk_rows, events, rows, sealed
from .reasons import legal_reason
from .states import next_state

GOOD_FOR: Final = timedelta(days=7)
EXTEND_DAYS: Final = 30
ASSURANCE_LEVELS: Final = ("low", "substantial", "high")

ACTIONS: Final[Mapping[str, frozenset[str]]] = {
    # action: the members that `data` may have
    "approve": frozenset({"assurance_level", "personal_code"}),
    "refuse": frozenset(),
    "revoke": frozenset(),
    "reinstate": frozenset({"identity_checked", "document_seen"}),
    "extend": frozenset({"days"}),
}
"""Every act of this room that takes two officers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A new proposal, as its author gets it back."""

    id: str
    content_hash: str
    expires_at: Any


def propose(
    db: Connection,
    service: Service,
    case: rows.CaseRow,
    *,
    action: str,
    reason: str | None,
    data: Mapping[str, Any],
    officer: str,
    staff_id: str,
) -> Proposed:
    """Write a proposal on a case; good for 7 days, or until the case is edited.

    `reason` is a legal reason's code for `refuse` and `revoke`, words for `reinstate` and `extend`.

    Raises Refused: `malformed`, `conflict` (state, or a proposal is open), `policy_not_met` (checks),
    `four_eyes_required` (own case), `personal_code_invalid`.
    """
    cases.not_the_applicant(db, case, staff_id=staff_id)
    unknown = set(data) - ACTIONS[action]
    if unknown:
        raise Refused("malformed", f"{action} takes no such data", hint=f"members: {sorted(ACTIONS[action])}")
    # The reinstated state depends on whether it was collected; either needs a suspended case.
    next_state(action, case.state)
    reason = _reason(action, reason)
    acts = {"approve": _approve, "reinstate": _reinstate, "extend": _extend}
    case, effect = acts[action](db, service, case, data, officer) if action in acts else (case, {})
    content = {
        "v": 1,
        "action": action,
        "case": case.number,
        "type": case.type,
        "kind": case.kind,
        "reason": reason,
        "effect": effect,
        "salt": secrets.token_urlsafe(16),
    }
    return _write(db, service, case, action, content, officer=officer)


def base_hash(db: Connection, case: rows.CaseRow, action: str) -> str:
    """Return the hash of what a proposal rests on: signed form, person, deadline, earlier grant, check results.

    Marks and the state are left out: the second officer's marks are part of deciding, and a wrong state is refused
    by the transition table. Check results count for the decision on an application only: the monthly re-check must
    not undo a proposal to revoke.
    """
    basis = {
        "case": case.id,
        "application": cases.application_hash(db, case),
        "checks": [row.id for row in desk_rows.checks(db, case.id)] if action in ("approve", "refuse") else [],
        "person": case.person_id,
        "due": case.decision_due.isoformat(),
        "grant": case.grant_id,
    }
    return sealed.sha256_of(jcs(basis))


def content_of(service: Service, proposal: Row[Any]) -> dict[str, Any]:
    """Return the content of a proposal, and see that it is the one that was hashed.

    Raises Refused (`unavailable`) when the row was tampered with.
    """
    content = sealed.unseal(service, "case_proposals", proposal.id, proposal.sealed)
    if sealed.sha256_of(jcs(content)) != proposal.content_hash:
        raise Refused("unavailable", "the proposal is not what was hashed", hint="tell the operator; propose anew")
    return content


def _write(
    db: Connection, service: Service, case: rows.CaseRow, action: str, content: Mapping[str, Any], *, officer: str
) -> Proposed:
    now = service.clock.now()
    stale = desk_rows.open_proposal(db, case.id)
    if stale is not None and stale.expires_at <= now:
        lapse(db, service, case)
    proposal_id = rows.new_id()
    content_hash = sealed.sha256_of(jcs(dict(content)))
    values = {
        "id": proposal_id,
        "case_id": case.id,
        "open_case_id": case.id,
        "action": action,
        "base_hash": base_hash(db, case, action),
        "content_hash": content_hash,
        "sealed": sealed.seal(service, "case_proposals", proposal_id, content),
        "author": officer,
        "at": now,
        "expires_at": now + GOOD_FOR,
        "state": "open",
    }
    if not desk_rows.add_proposal(db, values):
        raise Refused("conflict", "a proposal is open on this case", hint="decide it first, or edit the case")
    data = {"proposal": proposal_id, "action": action, "content_hash": content_hash}
    events.record(db, service, case, "proposal.made", actor=officer, data=data)
    return Proposed(id=proposal_id, content_hash=content_hash, expires_at=now + GOOD_FOR)


def lapse(db: Connection, service: Service, case: rows.CaseRow) -> None:
    """End a proposal that has run out."""
    ended = desk_rows.close_proposal(db, case.id, state="expired", now=service.clock.now())
    if ended is not None:
        data = {"proposal": ended.id, "action": ended.action}
        events.record(db, service, case, "proposal.expired", actor=events.SERVICE, data=data)


def _reason(action: str, reason: str | None) -> str | None:
    if action in ("refuse", "revoke"):
        return legal_reason(action, reason)
    if action in ("extend", "reinstate") and not reason:
        raise Refused("malformed", f"{action} needs a reason", hint="say why in a sentence")
    return reason


Effect = tuple[rows.CaseRow, dict[str, Any]]


def _approve(db: Connection, service: Service, case: rows.CaseRow, data: Mapping[str, Any], officer: str) -> Effect:
    """Return what an approval would issue: every claim, to which keys, on which checks."""
    cases.previous_stands(db, case)
    if data.get("personal_code") is not None:
        case = _adopt_code(db, service, case, data["personal_code"])
    obstacles = checks.obstacles(db, case, officer=officer)
    if obstacles:
        hint = "put right what the checks found, mark those that need a look, then propose again"
        raise Refused("policy_not_met", f"this case cannot be approved: {'; '.join(obstacles)}", hint=hint)
    level = data.get("assurance_level", "high")
    if level not in ASSURANCE_LEVELS:
        raise Refused("malformed", "assurance_level is not known", hint=f"one of: {', '.join(ASSURANCE_LEVELS)}")
    results = [
        {"name": row.name, "result": row.result, "source": row.source, "at": row.at.isoformat(), "officer": row.officer}
        for row in desk_rows.checks(db, case.id)
    ]
    effect = {
        "items": _items(db, service, case, level),
        "auth_jkt": case.auth_jkt,
        "sign_jkt": case.sign_jkt,
        "application": cases.application_hash(db, case),
        "checks": results,
        "replaces": case.previous_case_id,
    }
    return case, effect


def _items(db: Connection, service: Service, case: rows.CaseRow, level: str) -> dict[str, dict[str, Any]]:
    form = cases.form_of(db, service, case)
    today = service.clock.now().date()
    name = {
        "personal_administrative_number": checks.code_of(db, service, case),
        "family_name": form.family_name,
        "given_name": form.given_name,
    }
    given = {
        **name,
        "birthdate": form.birthdate.isoformat(),
        "nationalities": list(form.nationalities),
        "assurance_level": level,
    }
    if form.email is not None:
        given["email"] = form.email
    residency = service.types.get("e-residency").complete(given, today=today)
    signing = {**name, "date_of_expiry": residency["date_of_expiry"]}
    return {"e-residency": residency, "signing": service.types.get("signing").complete(signing, today=today)}


def _adopt_code(db: Connection, service: Service, case: rows.CaseRow, code: object) -> rows.CaseRow:
    """Give the case the personal code that the person has already, in place of the one made by the checks.

    Raises Refused: `personal_code_invalid`, `policy_not_met` when the code is another person's.
    """
    if not isinstance(code, str):
        raise Refused("malformed", "personal_code must be text", hint="eleven digits")
    form = cases.form_of(db, service, case)
    if personal_code.birthdate(code) != form.birthdate:
        raise Refused("policy_not_met", "the code holds another birthdate than the form", hint="check both")
    known = rows.person_by_code(db, sealed.code_mac(service, code))
    if known is not None and known.person_mac != case.person_mac:
        raise Refused("policy_not_met", "the code belongs to another person", hint="check name and birthdate")
    if case.previous_case_id is not None and (known is None or known.id != case.person_id):
        raise Refused("policy_not_met", "a renewal keeps its personal code", hint="leave personal_code out")
    person_id = checks.add_person(db, service, case, code) if known is None else known.id
    return rows.edit(db, case.id, now=service.clock.now(), person_id=person_id)


def _reinstate(
    _db: Connection, _service: Service, case: rows.CaseRow, data: Mapping[str, Any], _officer: str
) -> Effect:
    if data.get("identity_checked") is not True:
        raise Refused(
            "policy_not_met",
            "a suspension is lifted only after the person was seen",
            hint='compare passport and person, then send "data": {"identity_checked": true}',
        )
    return case, {"identity_checked": True, "document_seen": data.get("document_seen")}


def _extend(_db: Connection, _service: Service, case: rows.CaseRow, data: Mapping[str, Any], _officer: str) -> Effect:
    days = data.get("days")
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= EXTEND_DAYS:
        raise Refused("malformed", f"days must be 1 to {EXTEND_DAYS}", hint='send "data": {"days": 14}')
    due = case.decision_due + timedelta(days=days)
    return case, {"days": days, "decision_due": due.isoformat()}
