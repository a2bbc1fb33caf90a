"""The ordinary way through a story, for tests that need to stand at some point of it."""

from typing import Any

from idservice.demo.people import Office, Resident
from idservice.demo.stage import Ran

PICK_UP = {"identity_checked": True, "document_seen": "passport"}


def number_of(person: Resident) -> str:
    return str(person.application["number"])


def check(office: Office, person: Resident) -> None:
    """Enter the fee and run the checks."""
    number = number_of(person)
    status, paid = office.post("registrar", f"/v1/cases/{number}/payment", {"receipt": f"R-{number}"})
    assert status == 200, paid
    status, checked = office.post("registrar", f"/v1/cases/{number}/checks", {})
    assert status == 200, checked


def propose(office: Office, person: Resident, action: str = "approve", **body: Any) -> dict[str, Any]:
    status, proposal = office.propose("registrar", number_of(person), action, **body)
    assert status == 201, proposal
    return proposal


def approve(office: Office, person: Resident) -> None:
    """Take an application to `approved` by two officers."""
    check(office, person)
    status, decided = office.decide("approver", propose(office, person))
    assert status == 200, decided


def release(office: Office, person: Resident) -> dict[str, Any]:
    status, offer = office.post("registrar", f"/v1/cases/{number_of(person)}/offer", PICK_UP)
    assert status == 201, offer
    return offer


def collect(office: Office, person: Resident) -> Ran:
    offer = release(office, person)
    ran = person.receive(offer["offer"], offer["tx_code"])
    assert ran.exit_code == 0, ran.stderr
    return ran


def refusal(ran: Ran) -> tuple[int, str | None]:
    """How a command ended: exit code and house code."""
    return ran.exit_code, ran.code
