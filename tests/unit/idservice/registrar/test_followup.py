"""Follow-up: all active cases again each 30 days; a hit is a question, never an effect (S05)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from idservice.registrar import followup

from .issued import collect
from .office import Office
from .people import another, form

MONTH = timedelta(days=30)


def put_on_list(office: Office, line: str) -> None:
    folder = office.service.settings.data / "lists"
    folder.mkdir(exist_ok=True)
    (folder / "un.csv").write_text(f"entry,name,birthdate,aliases\n{line}\n", encoding="utf-8")


def active(office: Office, n: int | None = None) -> str:
    _, number = office.approved(form() if n is None else another(n))
    office.release(number)
    collect(office, number)
    assert office.state(number) == "active"
    return number


def test_S05_every_active_case_is_checked_each_30_days(office: Office, later: Callable[[timedelta], None]) -> None:
    numbers = [active(office, n) for n in range(4)]
    office.apply()
    later(MONTH - timedelta(hours=1))
    assert followup.run(office.service) == 0
    later(MONTH)
    assert followup.run(office.service) == 4
    assert followup.run(office.service) == 0
    later(2 * MONTH)
    assert followup.run(office.service) == 4
    assert office.get("/v1/followups", "registrar")["followups"] == []
    for number in numbers:
        assert office.checks(number)["sanctions"]["officer"] == "service"


def test_S05_a_hit_opens_a_follow_up_and_changes_nothing(office: Office, later: Callable[[timedelta], None]) -> None:
    number = active(office)
    put_on_list(office, "1,Mari Tamm,1968-05-28,")
    later(MONTH)
    followup.run(office.service)
    opened = office.get("/v1/followups", "registrar")["followups"]
    assert [(row["number"], row["checks"]) for row in opened] == [(number, ["sanctions"])]
    assert office.state(number) == "active"
    assert "followup" in office.get("/v1/cases", "registrar")["cases"][0]["flags"]
    assert office.get(f"/v1/cases/{number}", "registrar")["followup"] == ["sanctions"]
    proposal = office.propose(number, "revoke", reason="follow_up")
    assert office.decide(proposal).json()["state"] == "revoked"


def test_a_follow_up_is_closed_and_the_same_hit_does_not_open_it_again(
    office: Office, later: Callable[[timedelta], None]
) -> None:
    number = active(office)
    put_on_list(office, "1,Mari Tamm,1968-05-28,")
    later(MONTH)
    followup.run(office.service)
    later(2 * MONTH)
    followup.run(office.service)
    assert len(office.audit(act="followup.opened")) == 1
    office.post(f"/v1/cases/{number}/followup", "registrar", {"note": "Another Mari, born in Tartu"})
    office.post(f"/v1/cases/{number}/followup", "registrar", {"note": "again"}, expect=409)
    later(3 * MONTH)
    followup.run(office.service)
    assert office.get("/v1/followups", "registrar")["followups"] == []
    put_on_list(office, "1,Mari Tamm,1968-05-28,\n2,Mari Tamm,1968,")
    later(4 * MONTH)
    followup.run(office.service)
    assert [row["number"] for row in office.get("/v1/followups", "registrar")["followups"]] == [number]
    assert "Tartu" not in str(office.audit())


def test_a_document_that_runs_out_later_is_a_hit(office: Office, later: Callable[[timedelta], None]) -> None:
    active(office)
    later(timedelta(days=4 * 365))
    followup.run(office.service)
    assert office.get("/v1/followups", "registrar")["followups"][0]["checks"] == ["document"]


def test_the_follow_up_goes_through_many_batches(office: Office, later: Callable[[timedelta], None]) -> None:
    wanted = 7
    for n in range(wanted):
        active(office, n)
    later(MONTH)
    assert followup.run(office.service, batch=3) == wanted
    assert followup.run(office.service, batch=3) == 0


def test_the_job_does_not_undo_a_proposal_to_revoke(office: Office, later: Callable[[timedelta], None]) -> None:
    number = active(office)
    later(MONTH - timedelta(days=1))
    proposal = office.propose(number, "revoke", reason="wrong_issue")
    later(MONTH)
    assert followup.run(office.service) == 1
    assert office.decide(proposal).json()["state"] == "revoked"
