"""Cases: opened by a signed application, read by officers and by the applicant, asked and answered (S01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Connection

from idservice.problems import Refused
from idservice.service import Service

from . import desk_rows, events, rows, sealed
from .application import TYPE, Application, SignedApplication
from .form import Form, restore_form
from .states import DRAFT, ENDED, INFO_REQUESTED, REVOKED, SUBMITTED

DECISION_CLOCK: Final = timedelta(days=30)
APPLICATION: Final = "application"
RENEWAL: Final = "renewal"

_KEY_IN_USE: Final = "this auth key has a case that has not ended"
_KEY_HINT: Final = "follow that case, or apply with a new key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a sent application answers: the case, now or as it was opened by the same form before."""

    case: rows.CaseRow

    def to_json(self) -> dict[str, Any]:
        """Return the answer of `POST /v1/applications`."""
        case = self.case
        due = case.decision_due.isoformat().replace("+00:00", "Z")
        return {"id": case.id, "number": case.number, "state": case.state, "decision_due": due}


def sent_before(db: Connection, service: Service, signed: SignedApplication) -> rows.CaseRow | None:
    """Return the case that this very form opened or was added to before (T86).

    Raises Refused (`conflict`) when the same key sent another form under this `jti`.
    """
    kept = rows.application_by_jti(db, jkt=signed.auth_jkt, jti=sealed.jti_mac(service, signed.jti))
    if kept is None:
        return None
    if kept.payload_mac != sealed.payload_mac(service, signed.payload):
        raise Refused("conflict", "this jti came with another form before", hint="draw a fresh jti for each form")
    return rows.by_id(db, kept.case_id)


def submit(
    db: Connection, service: Service, application: Application, *, previous: rows.CaseRow | None = None
) -> Submitted:
    """Open a case for an application; `previous` is the case that it renews.

    Raises Refused (`conflict`) when the auth key has a case that has not ended.
    """
    now = service.clock.now()
    case_id = rows.new_id()
    values = {
        "id": case_id,
        "number": rows.next_number(db, year=now.year),
        "type": TYPE,
        "kind": APPLICATION if previous is None else RENEWAL,
        "state": SUBMITTED,
        "version": 0,
        "previous_case_id": None if previous is None else previous.id,
        "person_id": None if previous is None else previous.person_id,
        "decision_due": now + DECISION_CLOCK,
        "created_at": now,
        "updated_at": now,
        **_of_form(service, application),
    }
    if not rows.add_case(db, values):
        # The same form sent twice at once waits here for the first, and gets its answer.
        same = sent_before(db, service, application.signed)
        if same is None:
            raise Refused("conflict", _KEY_IN_USE, hint=_KEY_HINT)
        return Submitted(case=same)
    case = _keep(db, service, case_id, application, now=now)
    data = {"kind": case.kind, "application": _sha256(db, case)}
    events.record(db, service, case, "case.submitted", actor=events.RESIDENT, data=data)
    return Submitted(case=case)


def fill_draft(db: Connection, service: Service, draft: rows.CaseRow, application: Application) -> Submitted:
    """Put an application into the draft that an officer opened for a renewal, and end its renewal code."""
    now = service.clock.now()
    values = {**_of_form(service, application), "renewal_code": None, "decision_due": now + DECISION_CLOCK}
    with rows.or_conflict(db, _KEY_IN_USE, hint=_KEY_HINT):
        case = rows.move(db, draft, "submit", now=now, **values)
    case = _keep(db, service, case.id, application, now=now)
    data = {"kind": case.kind, "application": _sha256(db, case)}
    events.record(db, service, case, "case.submitted", actor=events.RESIDENT, data=data)
    return Submitted(case=case)


def answer(db: Connection, service: Service, case: rows.CaseRow, application: Application) -> rows.CaseRow:
    """Take a new signed form as the answer to an officer's question and return the case, in state `checks`.

    Raises Refused: `conflict` when nothing was asked, `malformed` when the new form names another sign key
    than the case's, or claims to be a renewal.
    """
    if case.state != INFO_REQUESTED:
        raise Refused("conflict", "no question is open on this case", hint="wait until an officer asks")
    if application.sign_jkt != case.sign_jkt or application.renews or application.renewal_code:
        raise Refused("malformed", "an answer keeps the keys of the case", hint="sign with the same wallet")
    now = service.clock.now()
    case = rows.move(db, case, "answer", now=now, **_of_form(service, application))
    case = _keep(db, service, case.id, application, now=now)
    data = {"application": _sha256(db, case)}
    events.record(db, service, case, "case.answered", actor=events.RESIDENT, data=data)
    return case


def ask(db: Connection, service: Service, case: rows.CaseRow, question: str, *, officer: str) -> rows.CaseRow:
    """Ask the applicant for more; the question is what the applicant reads."""
    case = rows.move(db, case, "ask", now=service.clock.now())
    note = events.note(db, service, case, "question", question, officer=officer)
    events.record(db, service, case, "case.asked", actor=officer, data={"note": note})
    return case


def pay(db: Connection, service: Service, case: rows.CaseRow, receipt: str, *, officer: str) -> rows.CaseRow:
    """Record that an officer saw the fee arrive. Raises Refused (`conflict`) for a receipt of another case."""
    digest = sealed.receipt_mac(service, receipt)
    with rows.or_conflict(db, "this receipt belongs to another case", hint="find the payment of this case"):
        case = rows.move(db, case, "pay", now=service.clock.now(), receipt_mac=digest, receipt_by=officer)
    events.record(db, service, case, "case.paid", actor=officer)
    return case


def form_of(db: Connection, service: Service, case: rows.CaseRow) -> Form:
    """Return the form in force, without its photo. Raises Refused (`conflict`) for a draft without one."""
    return restore_form(_opened(db, service, case)["form"])


def signed_form(db: Connection, service: Service, case: rows.CaseRow) -> str:
    """Return the application in force as it was signed."""
    return str(_opened(db, service, case)["application"])


def application_hash(db: Connection, case: rows.CaseRow) -> str | None:
    """Return the SHA-256 of the signed application in force, base64url; None for a draft."""
    return None if case.application_id is None else _sha256(db, case)


def keys_of_person(db: Connection, case: rows.CaseRow) -> set[str]:
    """Return the thumbprints of every key that this person used in this case or another."""
    known = [case, *(rows.same_person(db, case) if case.person_mac is not None else ())]
    return {jkt for row in known for jkt in (row.auth_jkt, row.sign_jkt) if jkt is not None}


def not_the_applicant(db: Connection, case: rows.CaseRow, *, staff_id: str) -> None:
    """Refuse an officer who is the applicant (S01). Raises Refused (`four_eyes_required`)."""
    if desk_rows.has_staff_key(db, staff_id=staff_id, thumbprints=keys_of_person(db, case)):
        raise Refused("four_eyes_required", "nobody acts on a case of their own", hint="leave it to a colleague")


def previous_stands(db: Connection, case: rows.CaseRow) -> None:
    """See that what this case renews was not revoked meanwhile. Raises Refused (`policy_not_met`)."""
    previous = None if case.previous_case_id is None else rows.by_id(db, case.previous_case_id)
    if previous is not None and previous.state == REVOKED and case.activated_at is None:
        raise Refused("policy_not_met", "the case that this one renews was revoked", hint="the person must apply anew")


def overdue(case: rows.CaseRow, now: datetime) -> bool:
    """Whether the decision clock has run out on a case that is not decided."""
    return case.state not in ENDED and case.grant_id is None and case.decision_due < now and case.state != DRAFT


def _opened(db: Connection, service: Service, case: rows.CaseRow) -> Mapping[str, Any]:
    if case.application_id is None:
        raise Refused("conflict", "no application has come for this case yet", hint="wait for the applicant")
    kept = rows.application(db, case.application_id)
    return sealed.unseal(service, "case_applications", kept.id, kept.sealed)


def _of_form(service: Service, application: Application) -> dict[str, Any]:
    jkt = application.signed.auth_jkt
    return {
        "auth_jkt": jkt,
        "live_auth_jkt": jkt,
        "sign_jkt": application.sign_jkt,
        "person_mac": sealed.person_mac(service, application.form),
        "document_mac": sealed.document_mac(service, application.form),
    }


def _keep(db: Connection, service: Service, case_id: str, application: Application, *, now: datetime) -> rows.CaseRow:
    """Keep the signed form, sealed, and make it the one in force."""
    signed = application.signed
    row_id = rows.new_id()
    content = {"application": signed.compact, "form": application.form.to_json(photo=False)}
    row = {
        "id": row_id,
        "case_id": case_id,
        "jkt": signed.auth_jkt,
        "jti": sealed.jti_mac(service, signed.jti),
        "payload_mac": sealed.payload_mac(service, signed.payload),
        "sha256": sealed.sha256_of(signed.compact.encode()),
        "sealed": sealed.seal(service, "case_applications", row_id, content),
        "received_at": now,
    }
    if not rows.add_application(db, row):
        raise Refused("conflict", "this form was sent twice at once", hint="send it again")
    return rows.edit(db, case_id, now=now, application_id=row_id)


def _sha256(db: Connection, case: rows.CaseRow) -> str:
    return str(rows.application(db, case.application_id).sha256)
