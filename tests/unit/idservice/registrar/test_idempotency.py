"""`Idempotency-Key`: the same request again gets the same answer, and has one effect (contract.md 6, T86)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select

from idservice import idempotency
from idservice.database import transaction
from idservice.idempotency import Answer, idempotency_answers
from idservice.registrar.tables import case_proposals

from .office import Office
from .people import another


def kept(office: Office) -> int:
    with transaction(office.service.engine) as db:
        return db.execute(select(func.count()).select_from(idempotency_answers)).scalar_one()


def ready(office: Office) -> str:
    _, number = office.apply()
    office.examine(number)
    return number


def test_T86_the_same_request_again_gets_the_same_answer_and_no_second_effect(office: Office) -> None:
    path = f"/v1/cases/{ready(office)}/proposals"
    first = office.post(path, "registrar", {"action": "approve"}, expect=201, key="k1")
    assert office.post(path, "registrar", {"action": "approve"}, expect=201, key="k1") == first
    with transaction(office.service.engine) as db:
        assert db.execute(select(func.count()).select_from(case_proposals)).scalar_one() == 1


def test_a_key_belongs_to_one_request_of_one_caller(office: Office) -> None:
    number = ready(office)
    office.post(f"/v1/cases/{number}/payment", "registrar", {"receipt": "R-8"}, key="k1")
    other = office.post(f"/v1/cases/{number}/payment", "registrar", {"receipt": "R-9"}, expect=409, key="k1")
    assert other["code"] == "conflict"
    assert office.post(f"/v1/cases/{number}/checks", "registrar", expect=409, key="k1")["code"] == "conflict"
    office.post(f"/v1/cases/{number}/checks", "registrar2", key="k1")


def test_a_refusal_is_not_kept(office: Office) -> None:
    _, number = office.apply()
    path = f"/v1/cases/{number}/proposals"
    office.post(path, "registrar", {"action": "approve"}, expect=409, key="k1")
    office.examine(number)
    office.post(path, "registrar", {"action": "approve"}, expect=201, key="k1")


def test_a_key_is_short_visible_ascii(office: Office) -> None:
    number = ready(office)
    for key in ("", "x" * 201, "a b"):
        assert office.post(f"/v1/cases/{number}/checks", "registrar", expect=400, key=key)["code"] == "malformed"


def test_a_kept_answer_ends_with_the_secret_in_it(office: Office, later: Callable[[timedelta], None]) -> None:
    _, number = office.approved()
    body = {"identity_checked": True, "document_seen": "passport"}
    path = f"/v1/cases/{number}/offer"
    first = office.post(path, "registrar", body, expect=201, key="k1")
    assert office.post(path, "registrar", body, expect=201, key="k1") == first
    later(timedelta(minutes=16))
    second = office.post(path, "registrar", body, expect=201, key="k1")
    assert second["id"] != first["id"]


def test_a_kept_answer_ends_after_24_hours(office: Office, later: Callable[[timedelta], None]) -> None:
    number = ready(office)
    office.post(f"/v1/cases/{number}/checks", "registrar", key="k1")
    later(timedelta(hours=23, minutes=59))
    with transaction(office.service.engine) as db:
        assert idempotency.purge(db, now=office.now) == 0
    later(timedelta(hours=24))
    with transaction(office.service.engine) as db:
        assert idempotency.purge(db, now=office.now) == 1
    assert kept(office) == 0


def test_T65_kept_answers_are_sealed_and_keys_are_not_stored(office: Office) -> None:
    _, number = office.approved(another(1))
    body = {"identity_checked": True, "document_seen": "passport"}
    made = office.post(f"/v1/cases/{number}/offer", "registrar", body, expect=201, key="planted-key")
    with transaction(office.service.engine) as db:
        row = db.execute(select(idempotency_answers)).one()
    stored = repr(tuple(row)).encode() + row.body
    assert made["tx_code"].encode() not in row.body
    assert b"planted-key" not in stored
    assert b"passport" not in stored


def test_without_a_key_nothing_is_kept(office: Office) -> None:
    calls = []
    with transaction(office.service.engine) as db:
        for _ in range(2):
            idempotency.answer(
                db,
                office.service,
                key=None,
                actor="agency:bank",
                operation="POST /v1/presentation-requests",
                body=b"{}",
                act=lambda: calls.append(1) or Answer(status=201, body={}),  # type: ignore[func-returns-value]
            )
    assert len(calls) == 2
    assert kept(office) == 0
