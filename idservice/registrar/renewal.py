"""Renewal: new keys and a new signed form for the same person and personal code (S05).

From 90 days before the date of expiry the holder renews alone, proving the old key; at any time an officer
opens a renewal for changed data or lost keys and hands out a one-time code. A renewal is a case of its
own, with all checks and two officers; the old one ends when the new credentials are collected.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy.engine import Connection

from credentials.openid.oauth import DpopProof
from idservice.problems import Refused
from idservice.registry import personal_code
from idservice.service import Service

from . import cases, checks, events, rows, sealed
from .application import TYPE, Application
from .states import DRAFT, HOLDING, REVOKED

OPENS: Final = timedelta(days=90)
REASONS: Final = ("expiry", "changed_data", "key_loss")


def open_draft(
    db: Connection, service: Service, case: rows.CaseRow, *, reason: str, officer: str
) -> tuple[rows.CaseRow, str]:
    """Open a renewal as a draft; return it and the one-time code that the new application must carry.

    Raises Refused (`conflict`): nothing to renew, too early for `expiry`, or a renewal is open.
    """
    renewable(db, service, case, early=reason != "expiry")
    now = service.clock.now()
    code = secrets.token_urlsafe(16)
    case_id = rows.new_id()
    values = {
        "id": case_id,
        "number": rows.next_number(db, year=now.year),
        "type": TYPE,
        "kind": cases.RENEWAL,
        "state": DRAFT,
        "version": 0,
        "previous_case_id": case.id,
        "person_id": case.person_id,
        "renewal_code": sealed.renewal_mac(service, code),
        "decision_due": now + cases.DECISION_CLOCK,
        "created_at": now,
        "updated_at": now,
    }
    rows.add_case(db, values)
    draft = rows.by_id(db, case_id)
    assert draft is not None
    data = {"reason": reason, "renewal": draft.number}
    events.record(db, service, case, "renewal.opened", actor=officer, data=data)
    return draft, code


def submit(db: Connection, service: Service, application: Application, *, proof: DpopProof | None) -> cases.Submitted:
    """Take an application that renews: by the code from an officer, or by proof of the old auth key.

    Raises Refused: `not_found` (no such draft, or not the case of that key: one answer, T66),
    `unauthenticated`, `conflict`, `malformed` (old keys, or another birthdate).
    """
    if application.renewal_code is not None:
        draft = rows.by_renewal_code(db, sealed.renewal_mac(service, application.renewal_code))
        if draft is None:
            raise Refused("not_found", "this renewal code is not open", hint="ask the office for a new one")
        previous = rows.by_id(db, draft.previous_case_id, lock=True)
        assert previous is not None
        _same_person_new_keys(db, service, previous, application)
        return cases.fill_draft(db, service, draft, application)
    if proof is None:
        raise Refused("unauthenticated", "a renewal needs proof of the old auth key", hint="send it as DPoP header")
    previous = rows.by_id(db, application.renews or "", lock=True)
    if previous is None or previous.auth_jkt != proof.jkt:
        raise Refused("not_found", "this key has no such case", hint="use the wallet that holds the old key")
    renewable(db, service, previous, early=False)
    _same_person_new_keys(db, service, previous, application)
    return cases.submit(db, service, application, previous=previous)


def renewable(db: Connection, service: Service, case: rows.CaseRow, *, early: bool) -> None:
    """See that a case can be renewed now. Raises Refused (`conflict`)."""
    if case.state not in HOLDING or case.date_of_expiry is None:
        raise Refused("conflict", f"a case in state {case.state} cannot be renewed", hint="apply anew")
    opens = case.date_of_expiry - OPENS
    if not early and service.clock.now().date() < opens:
        raise Refused("conflict", f"renewal opens on {opens.isoformat()}", hint="come back on that day")
    running = rows.renewal_of(db, case.id)
    if running is not None:
        raise Refused("conflict", f"a renewal is open: {running.number}", hint="go on with that case")


def _same_person_new_keys(db: Connection, service: Service, previous: rows.CaseRow, application: Application) -> None:
    if previous.state == REVOKED:
        raise Refused("conflict", "the case to renew was revoked", hint="apply anew")
    old = {previous.auth_jkt, previous.sign_jkt}
    if application.signed.auth_jkt in old or application.sign_jkt in old:
        raise Refused("malformed", "a renewal needs new keys for auth and sign", hint="make two new keys")
    code = checks.code_of(db, service, previous)
    if personal_code.birthdate(code) != application.form.birthdate:
        raise Refused(
            "malformed", "the birthdate is not the one in the personal code", hint="correct it, or apply anew"
        )
