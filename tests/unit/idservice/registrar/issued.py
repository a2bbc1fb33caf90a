"""Collecting an offer without a wallet, for tests below the wallet protocol: its rows say that it was issued."""

from __future__ import annotations

from sqlalchemy import update

from idservice.database import transaction
from idservice.issuer.tables import offers
from idservice.registrar import rows

from .office import Office


def collect(office: Office, number: str) -> None:
    """Make the issuer say that the first credential of the case's offer was issued."""
    with transaction(office.service.engine) as db:
        case = rows.by_number(db, number)
        assert case is not None
        changed = db.execute(update(offers).where(offers.c.id == case.offer_id).values(state="issued"))
        assert changed.rowcount == 1
