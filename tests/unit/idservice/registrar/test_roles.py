"""The role matrix: one test per route and role, deny by default (T73)."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute

from idservice.registrar.matrix import ACTS
from idservice.registrar.routes import staff_router

from .office import STAFF, Office

BODIES: dict[str, Any] = {
    "POST /v1/cases/{number}/payment": {"receipt": "R-5"},
    "POST /v1/cases/{number}/checks": {},
    "POST /v1/cases/{number}/checks/{name}": {"mark": "accepted"},
    "POST /v1/cases/{number}/question": {"question": "Why?"},
    "POST /v1/cases/{number}/proposals": {"action": "refuse", "reason": "no_answer"},
    "POST /v1/cases/{number}/offer": {"identity_checked": True, "document_seen": "passport"},
    "POST /v1/cases/{number}/suspend": {"reason": "why"},
    "POST /v1/cases/{number}/freeze": {"reason": "why"},
    "POST /v1/cases/{number}/renewal": {},
    "POST /v1/cases/{number}/followup": {"note": "looked"},
    "POST /v1/proposals/{id}/decision": {"decision": "approve", "content_hash": "A" * 43},
    "POST /v1/staff/keys": {"thumbprint": "A" * 43},
}


def routes(office: Office) -> set[str]:
    found = set()
    for route in staff_router(office.service).routes:
        assert isinstance(route, APIRoute)
        found |= {f"{method} {route.path}" for method in route.methods or ()}
    return found


def test_T73_the_table_names_every_staff_route_and_no_other(office: Office) -> None:
    assert routes(office) == set(ACTS)


def allowed(act: str, who: str) -> bool:
    roles, level = STAFF[who]
    return bool(ACTS[act].roles & set(roles)) and level >= ACTS[act].level


@pytest.mark.parametrize("act", sorted(ACTS))
@pytest.mark.parametrize("who", [*STAFF, "nobody", "stranger"])
def test_T73_each_route_lets_in_exactly_the_roles_of_the_table(office: Office, act: str, who: str) -> None:
    _, number = office.apply()
    method, _, template = act.partition(" ")
    path = template.replace("{number}", number).replace("{name}", "interview").replace("{id}", "A" * 22)
    office.tokens["stranger"] = "not-a-token"
    reply = office.call(method, path, None if who == "nobody" else who, BODIES.get(act))
    if who in ("nobody", "stranger"):
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")
    elif allowed(act, who):
        assert reply.status_code not in (401, 403), reply.text
        assert reply.status_code < 500
    else:
        assert (reply.status_code, reply.json()["code"]) == (403, "role_missing")


def test_T73_no_role_of_its_own_crosses_over(office: Office) -> None:
    for act, right in ACTS.items():
        assert "admin" not in right.roles, act
        assert ("auditor" in right.roles) == (act == "GET /v1/audit")
        if act.startswith("POST") and not act.endswith(("/checks/{name}", "/decision", "/staff/keys")):
            assert right.roles == {"registrar"}, act


def test_T73_a_resident_has_no_way_into_the_staff_api(office: Office) -> None:
    mari, number = office.apply()
    for path in ("/v1/cases", f"/v1/cases/{number}", "/v1/audit"):
        reply = office.resident(mari, "GET", path)
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")


def test_T73_an_approver_writes_no_result(office: Office) -> None:
    _, number = office.apply()
    reply = office.call(
        "POST", f"/v1/cases/{number}/checks/document", "approver", {"result": "passed", "source": "call"}
    )
    assert (reply.status_code, reply.json()["code"]) == (403, "role_missing")
