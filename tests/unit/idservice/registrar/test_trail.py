"""The audit trail: in the act's own transaction, complete, and without a personal value (T65, T76, T84)."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from did.signing import LocalSigner
from idservice import audit
from idservice.audit import audit_rows
from idservice.database import metadata, transaction
from idservice.service import Service

from .issued import collect
from .office import Office
from .people import another, form
from .test_form import picture

PLANTED = {
    "family_name": "Zwetschgenbaum",
    "given_name": "Quirinalia",
    "document": "QX7654321",
    "purpose": "Plantedpurposeword to trade in plums",
    "email": "planted.address@plums.example",
    "pick_up": "Plantedtown",
    "receipt": "PLANTED-RECEIPT-1",
    "question": "Plantedquestionword about plums?",
    "note": "Plantednoteword: looked tired",
    "reason": "Plantedreasonword: stolen in a train",
    "document_seen": "Planteddocumentword QX7654321",
    "decision": "Planteddecisionword",
}


def planted_form(**changes: Any) -> dict[str, Any]:
    return form(
        family_name=PLANTED["family_name"],
        given_name=PLANTED["given_name"],
        document={"number": PLANTED["document"], "issuing_country": "BR", "date_of_expiry": "2035-01-31"},
        purpose=PLANTED["purpose"],
        email=PLANTED["email"],
        pick_up=PLANTED["pick_up"],
        fee_receipt=PLANTED["receipt"],
        **changes,
    )


def a_life(office: Office) -> str:
    """Take one person through everything that can happen, and return what secrets the way brought up."""
    put_on_list(office)
    mari, number = office.apply(planted_form(photo=picture()))
    path = f"/v1/cases/{number}"
    office.post(f"{path}/payment", "registrar", {"receipt": PLANTED["receipt"]}, key="planted-key-1")
    office.post(f"{path}/checks", "registrar")
    by_hand = {"result": "passed", "source": "video", "note": PLANTED["note"]}
    office.post(f"{path}/checks/interview", "registrar", by_hand)
    office.post(f"{path}/question", "registrar", {"question": PLANTED["question"]})
    better = mari.application(office.now, planted_form(photo=picture()))
    office.call("POST", f"/v1/applications/{mari.id}/answer", json={"application": better})
    for who in ("registrar", "approver"):
        office.post(f"{path}/checks/sanctions", who, {"mark": "other_person"})
    proposal = office.propose(number, "approve", reason=PLANTED["reason"])
    office.get(f"/v1/proposals/{proposal['id']}", "approver")
    office.get(path, "approver")
    office.get(f"{path}/photo", "approver")
    body = {"decision": "approve", "content_hash": proposal["content_hash"], "reason": PLANTED["decision"]}
    office.post(f"/v1/proposals/{proposal['id']}/decision", "approver", body)
    turned_away = {"identity_checked": False, "document_seen": PLANTED["document_seen"]}
    office.post(f"{path}/offer", "registrar", turned_away, expect=422)
    seen = {"identity_checked": True, "document_seen": PLANTED["document_seen"]}
    offer = office.post(f"{path}/offer", "registrar", seen, expect=201, key="planted-key-2")
    collect(office, number)
    code = office.get(path, "registrar")["personal_code"]
    office.post(f"{path}/freeze", "registrar", {"reason": PLANTED["reason"]})
    lifted = office.propose(number, "reinstate", reason=PLANTED["reason"], identity_checked=True)
    office.decide(lifted)
    office.freeze(mari, by=LocalSigner(mari.sign))
    renewal = office.post(f"{path}/renewal", "registrar", {"reason": "key_loss"}, expect=201)
    office.decide(office.propose(number, "revoke", reason="death"))
    return "\n".join([code, offer["tx_code"], offer["offer"], renewal["renewal_code"]])


def put_on_list(office: Office) -> None:
    folder = office.service.settings.data / "lists"
    folder.mkdir()
    line = f"1,{PLANTED['given_name']} {PLANTED['family_name']},1968-05-28,\n"
    (folder / "un.csv").write_text("entry,name,birthdate,aliases\n" + line, encoding="utf-8")


def everything(db: Connection, *, without: tuple[str, ...] = ()) -> bytes:
    """Return every value of every row of every table, one after the other."""
    found = []
    for table in metadata.sorted_tables:
        if table.name in without:
            continue
        for row in db.execute(select(table)):
            found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(found)


def test_T65_no_personal_value_lies_in_the_open_anywhere(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        secrets = a_life(office)
    planted = [*PLANTED.values(), *secrets.split("\n"), "1968-05-28", "un/1", "planted-key"]
    with transaction(office.service.engine) as db:
        trail = " ".join(str(tuple(row)) for row in db.execute(select(audit_rows)))
        stored = everything(db)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    for value in planted:
        for word in {value, value.split(" ")[0]}:
            assert word not in trail
            assert word not in logged
            assert word.encode() not in stored
    assert b"case.approved" in stored


def test_T65_the_search_hashes_are_keyed(office: Office) -> None:
    """The same person in another service has another hash: nobody can try all names without the key."""
    office.apply()
    with transaction(office.service.engine) as db:
        row = db.execute(select(metadata.tables["cases"])).one()
    assert len(row.person_mac) == 32
    assert row.person_mac == office.service.keys.mac("case-search", b'["person","mari tamm","1968-05-28"]')


def acts(office: Office) -> list[str]:
    return [row["act"] for row in office.audit() if not row["act"].startswith(("offer.", "credential."))]


def test_T76_every_act_has_its_row(office: Office) -> None:
    a_life(office)
    wanted = {
        "case.submitted",
        "case.paid",
        "case.checked",
        "case.checked_by_hand",
        "case.asked",
        "case.answered",
        "check.marked",
        "proposal.made",
        "proposal.viewed",
        "case.viewed",
        "evidence.opened",
        "proposal.decided",
        "case.approved",
        "pickup.refused",
        "case.activated",
        "case.suspended",
        "case.reinstated",
        "renewal.opened",
        "case.revoked",
    }
    assert wanted <= set(acts(office))
    assert "offer.released" in {row["act"] for row in office.audit()}


def test_T76_each_reading_of_a_case_file_is_a_row_with_its_officer(office: Office) -> None:
    _, number = office.apply()
    for who in ("registrar", "approver", "viewer"):
        office.get(f"/v1/cases/{number}", who)
    office.get("/v1/cases", "registrar")
    viewed = office.audit(act="case.viewed", case=number)
    assert {row["actor"] for row in viewed} == {
        f"staff:{office.ids[who]}" for who in ("registrar", "approver", "viewer")
    }
    assert {row["subject"] for row in viewed} == {f"case:{number}"}


def test_T76_no_row_no_act(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is written in the act's own transaction: when it cannot be, nothing was done."""
    _, number = office.apply()
    office.examine(number)
    proposal = office.propose(number, "approve")

    def full(db: Connection, service: Service, **_: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audit, "record", full)
    assert office.decide(proposal).status_code == 503
    monkeypatch.undo()
    assert office.state(number) == "checks"
    assert office.decide(proposal).json()["state"] == "approved"


def test_T76_a_refused_act_leaves_no_row(office: Office) -> None:
    _, number = office.apply()
    with transaction(office.service.engine) as db:
        before = db.execute(select(func.count()).select_from(audit_rows)).scalar_one()
    office.post(f"/v1/cases/{number}/proposals", "registrar", {"action": "approve"}, expect=409)
    office.post(f"/v1/cases/{number}/suspend", "registrar", {"reason": "why"}, expect=409)
    with transaction(office.service.engine) as db:
        assert db.execute(select(func.count()).select_from(audit_rows)).scalar_one() == before


def test_the_trail_is_read_page_by_page_and_filtered(office: Office) -> None:
    numbers = [office.apply(another(n))[1] for n in range(5)]
    listed = office.audit(act="case.submitted")
    assert {row["subject"] for row in listed} == {f"case:{number}" for number in numbers}
    first = office.get("/v1/audit?limit=2&act=case.submitted", "auditor")
    rest = office.get(f"/v1/audit?limit=10&act=case.submitted&after={first['next']}", "auditor")
    assert {row["id"] for row in [*first["rows"], *rest["rows"]]} == {row["id"] for row in listed}
    assert len(first["rows"]) + len(rest["rows"]) == 5
    assert set(first["rows"][0]) == {"id", "at", "act", "actor", "subject", "data"}
    one = office.get(f"/v1/audit?case={numbers[2]}", "auditor")["rows"]
    assert {row["subject"] for row in one} == {f"case:{numbers[2]}"}
