"""Pick-up: an officer sees the person and the passport, and releases a one-time offer (S02)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from idservice.issuer import lifecycle, offers
from idservice.problems import Refused
from idservice.service import Service

from . import cases, desk_rows, events, proposals, rows
from .settle import settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the officer states: the person in front of them is the one in the document."""

    identity_checked: bool
    document_seen: str


def turn_away(db: Connection, service: Service, case: rows.CaseRow, seen: Seen, *, officer: str) -> None:
    """Keep a note that somebody else tried to collect, or that the identity was not proven.

    It must outlive the refusal that follows, so the caller commits before raising it.
    """
    note = events.note(
        db, service, case, "pickup.refused", seen.document_seen or "identity not checked", officer=officer
    )
    events.record(db, service, case, "pickup.refused", actor=officer, data={"note": note})


def turned_away() -> Refused:
    """Return the refusal after `turn_away`."""
    return Refused(
        "policy_not_met",
        "the offer is released only to the person, whose identity an officer has checked",
        hint="a representative cannot collect; ask the person to come with the travel document",
    )


def release(
    db: Connection, service: Service, case: rows.CaseRow, seen: Seen, *, officer: str, staff_id: str
) -> offers.CreatedOffer:
    """Release the offer of an approved case: e-residency and signing, redeemable by the case's auth key only.

    Releasing again ends the offer before, and what was redeemed with it but never issued. The claims are those
    that two officers decided on.

    Raises Refused: `conflict` (not approved, or collected already), `four_eyes_required` (own case).
    """
    cases.not_the_applicant(db, case, staff_id=staff_id)
    cases.previous_stands(db, case)
    case = settle(db, service, case)
    now = service.clock.now()
    case = rows.move(db, case, "release", now=now)
    if case.offer_id is not None:
        lifecycle.end(db, service, case_id=case.id, actor=officer)
        if offers.state(db, service, case.offer_id) == "issued":
            raise Refused("conflict", "the offer was collected at this moment", hint="read the case again")
    grant = desk_rows.proposal(db, case.grant_id)
    if grant is None:
        raise Refused("unavailable", "the decision on this case cannot be found", hint="tell the operator")
    effect = proposals.content_of(service, grant)["effect"]
    items = [
        offers.OfferItem(type_name="e-residency", claims=effect["items"]["e-residency"], row_ref=case.id),
        offers.OfferItem(
            type_name="signing",
            claims=effect["items"]["signing"],
            holder_thumbprint=effect["sign_jkt"],
            row_ref=case.id,
        ),
    ]
    created = offers.create_offer(
        db,
        service,
        items=items,
        case_id=case.id,
        tx_code=True,
        holder_jkt=effect["auth_jkt"],
        created_by=officer,
    )
    rows.edit(db, case.id, now=now, offer_id=created.id)
    note = events.note(db, service, case, "pickup.document", seen.document_seen, officer=officer)
    events.record(db, service, case, "offer.released", actor=officer, data={"offer": created.id, "note": note})
    return created
