"""An application comes in: read, told apart from one sent before, opened as a case or as a renewal (S01, S05)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from did.errors import IdError
from idservice import limits
from idservice.database import reading, transaction
from idservice.problems import Refused
from idservice.service import Service

from . import cases, examine, holder, renewal, rows
from .application import Application, SignedApplication, open_application, read_application

MISSES: Final = 100
WINDOW: Final = timedelta(minutes=10)
NEW: Final = 300
NEW_WINDOW: Final = timedelta(hours=1)
"""How many applications one source may open: anybody can sign one, and each is kept with its photo (T67)."""


def submit(service: Service, text: str, *, dpop: str | None, path: str, source: str) -> cases.Submitted:
    """Take an application. The same form again gets the same case, even when its `iat` is too old by now (T86).

    Raises an IdError: what `application.py` refuses, `conflict`, `not_found`, `unauthenticated`, `rate_limited`.
    """
    signed = _open(service, text, source=source)
    with reading(service.engine) as db:
        known = cases.sent_before(db, service, signed)
    if known is not None:
        return cases.Submitted(case=known)
    application = _read(service, signed, source=source)
    renews = application.renews is not None
    proof = holder.prove(service, dpop, method="POST", path=path) if renews else None
    limits.hit(service, f"applied:{source}", limit=NEW, window=NEW_WINDOW)
    with transaction(service.engine) as db:
        if renews or application.renewal_code is not None:
            return renewal.submit(db, service, application, proof=proof)
        return cases.submit(db, service, application)


def answer(service: Service, case_id: str, text: str, *, source: str) -> rows.CaseRow:
    """Take a new signed form for a case. It proves its key itself, so it needs no other proof.

    Raises an IdError: as `submit`, and `not_found` when the case is not that key's (T66).
    """
    signed = _open(service, text, source=source)
    with reading(service.engine) as db:
        known = cases.sent_before(db, service, signed)
    if known is not None and known.id == case_id:
        return known
    application = _read(service, signed, source=source)
    with transaction(service.engine) as db:
        case = holder.own_case(db, service, case_id, signed.auth_jkt, source=source)
        return examine.answer(db, service, case, application)


def _open(service: Service, text: str, *, source: str) -> SignedApplication:
    limits.check(service, _key(source), limit=MISSES, window=WINDOW)
    try:
        return open_application(text, audience=service.base_url)
    except IdError:
        limits.miss(service, _key(source), window=WINDOW)
        raise


def _read(service: Service, signed: SignedApplication, *, source: str) -> Application:
    try:
        return read_application(signed, now=service.clock.now())
    except Refused:
        limits.miss(service, _key(source), window=WINDOW)
        raise


def _key(source: str) -> str:
    return f"application:{source}"
