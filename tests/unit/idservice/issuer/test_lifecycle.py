"""Suspend, reinstate, revoke: all copies in one transaction, revoked for good (S05, T87)."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Table, select, update
from sqlalchemy.exc import DBAPIError

from idservice.audit import audit_rows
from idservice.database import transaction
from idservice.issuer import lifecycle, offers
from idservice.issuer.tables import copies as copy_rows
from idservice.issuer.tables import credentials as credential_rows
from idservice.issuer.tables import offers as offer_rows
from idservice.issuer.tables import tokens as token_rows
from idservice.problems import Refused
from idservice.registry import status
from idservice.service import Service

from .wallet import Resident, Wallet, new_key, of_case, resident


def collect(service: Service, client: TestClient, who: Resident) -> Wallet:
    """Issue ten e-residency copies and one signing copy to a resident."""
    wallet = Wallet(service, client, who.auth)
    token = wallet.redeem(of_case(service, who))["access_token"]
    answer = wallet.credential(token, [new_key() for _ in range(10)], configuration="e-residency")
    assert answer.status_code == 200
    assert wallet.credential(token, [who.sign], configuration="signing").status_code == 200
    return wallet


def statuses(service: Service, who: Resident) -> list[str]:
    with transaction(service.engine) as db:
        found = select(copy_rows.c.status_id).join(credential_rows, credential_rows.c.id == copy_rows.c.credential_id)
        ids = list(db.execute(found.where(credential_rows.c.case_id == who.case_id)).scalars())
        return sorted(status.statuses(db, ids).values())


def act(service: Service, name: str, **arguments: Any) -> lifecycle.Changed:
    with transaction(service.engine) as db:
        changed: lifecycle.Changed = getattr(lifecycle, name)(db, service, actor="staff:test", **arguments)
    return changed


def state(service: Service, who: Resident) -> str | None:
    with transaction(service.engine) as db:
        return lifecycle.state(db, who.case_id)


def test_a_case_is_suspended_and_reinstated_with_all_its_copies(service: Service, client: TestClient) -> None:
    who, other = resident(), resident()
    collect(service, client, who)
    collect(service, client, other)
    assert state(service, who) == "valid"
    changed = act(service, "suspend", case_id=who.case_id, reason="holder_request")
    assert (changed.credentials, changed.copies) == (2, 11)
    assert statuses(service, who) == ["suspended"] * 11
    assert statuses(service, other) == ["valid"] * 11
    assert state(service, who) == "suspended"
    assert act(service, "suspend", case_id=who.case_id).copies == 0
    assert act(service, "reinstate", case_id=who.case_id).copies == 11
    assert statuses(service, who) == ["valid"] * 11
    assert state(service, who) == "valid"


def test_revoked_is_never_undone(service: Service, client: TestClient) -> None:
    who = resident()
    collect(service, client, who)
    assert act(service, "revoke", case_id=who.case_id, reason="death").copies == 11
    assert statuses(service, who) == ["revoked"] * 11
    for name in ("reinstate", "suspend"):
        with pytest.raises(Refused) as refused:
            act(service, name, case_id=who.case_id)
        assert refused.value.code == "conflict"
    assert act(service, "revoke", case_id=who.case_id).copies == 0
    assert statuses(service, who) == ["revoked"] * 11
    assert state(service, who) == "revoked"


def test_one_credential_of_a_case_can_be_revoked_alone(service: Service, client: TestClient) -> None:
    who = resident()
    collect(service, client, who)
    with transaction(service.engine) as db:
        rows = db.execute(select(credential_rows).where(credential_rows.c.case_id == who.case_id)).all()
    signing = next(row.id for row in rows if row.type == "signing")
    assert act(service, "revoke", credential_ids=[signing]).copies == 1
    assert statuses(service, who) == ["revoked"] + ["valid"] * 10
    assert act(service, "suspend", case_id=who.case_id).copies == 10
    assert act(service, "reinstate", case_id=who.case_id).copies == 10
    with pytest.raises(Refused):
        act(service, "reinstate", credential_ids=[signing])
    assert statuses(service, who) == ["revoked"] + ["valid"] * 10


def test_each_act_writes_one_audit_row(service: Service, client: TestClient) -> None:
    who = resident()
    collect(service, client, who)
    for name in ("suspend", "suspend", "reinstate", "revoke"):
        act(service, name, case_id=who.case_id, reason="holder_request")
    with transaction(service.engine) as db:
        found = select(audit_rows.c.act, audit_rows.c.data).where(audit_rows.c.subject == f"case:{who.case_id}")
        rows = db.execute(found).all()
    assert sorted(row.act for row in rows) == ["credential.reinstated", "credential.revoked", "credential.suspended"]
    assert all(row.data["copies"] == 11 and row.data["reason"] == "holder_request" for row in rows)


def test_a_suspension_before_pick_up_holds_for_the_first_copy(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    offer = of_case(service, who)
    act(service, "suspend", case_id=who.case_id)
    token = wallet.redeem(offer)["access_token"]
    answer = wallet.credential(token, [new_key()], configuration="e-residency")
    assert answer.json()["error"] == "credential_request_denied"


def test_revoking_cancels_the_open_offer(service: Service) -> None:
    who = resident()
    offer = of_case(service, who)
    act(service, "revoke", case_id=who.case_id)
    with transaction(service.engine) as db:
        assert offers.state(db, service, offer.id) == "cancelled"


def test_what_is_unknown_is_not_found(service: Service) -> None:
    for arguments in ({"case_id": "no-such-case"}, {"credential_ids": ["nothing"]}):
        with pytest.raises(Refused) as refused:
            act(service, "revoke", **arguments)
        assert refused.value.code == "not_found"
    with pytest.raises(Refused) as refused:
        act(service, "revoke")
    assert refused.value.code == "malformed"
    with transaction(service.engine) as db:
        assert lifecycle.state(db, "no-such-case") is None


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (credential_rows, {"state": "valid"}),
        (offer_rows, {"state": "waiting"}),
        (token_rows, {"revoked_at": None}),
    ],
)
def test_T87_the_database_itself_lets_nothing_come_back(
    service: Service, client: TestClient, table: Table, change: dict[str, Any]
) -> None:
    who = resident()
    collect(service, client, who)
    act(service, "revoke", case_id=who.case_id)
    with transaction(service.engine) as db:
        lifecycle.end(db, service, case_id=who.case_id, actor="staff:test")
    with pytest.raises(DBAPIError), transaction(service.engine) as db:
        db.execute(update(table).values(**change))
