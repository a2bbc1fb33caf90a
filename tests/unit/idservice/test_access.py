from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from starlette.requests import Request as StarletteRequest

from idservice import access, answers
from idservice.access import Agency, StaffMember
from idservice.database import reading, transaction
from idservice.guard import Guard
from idservice.problems import Refused
from idservice.purposefile import PurposeEntry
from idservice.service import Service
from idservice.source import source
from tests.factories import AGENCY_TOKEN, BASE_URL, DEV_PURPOSES, STAFF, FixedClock


def request(token: str | None = None, *, peer: str = "192.0.2.7", **headers: str) -> StarletteRequest:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if token is not None:
        raw.append((b"authorization", token.encode()))
    return StarletteRequest({"type": "http", "headers": raw, "client": (peer, 1234), "method": "GET", "path": "/"})


def as_staff(service: Service, token: str | None, *roles: str) -> StaffMember:
    with transaction(service.engine) as db:
        return access.staff(service, request(token), db, roles=roles)


def as_agency(service: Service, token: str | None) -> Agency:
    with transaction(service.engine) as db:
        return access.agency(service, request(token), db)


def test_staff_are_known_by_their_token(service: Service) -> None:
    member = as_staff(service, f"Bearer {STAFF['registrar'][1]}", "registrar", "approver")
    assert (member.name, member.roles, member.level) == ("registrar", frozenset({"registrar"}), 3)
    assert member.actor == f"staff:{member.id}"
    assert as_staff(service, f"bearer {STAFF['auditor'][1]}").name == "auditor"


@pytest.mark.parametrize(
    "token", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", AGENCY_TOKEN, f"Bearer {AGENCY_TOKEN}"]
)
def test_T73_nobody_else_is_staff(service: Service, token: str | None) -> None:
    with pytest.raises(Refused) as refused:
        as_staff(service, token)
    assert refused.value.code == "unauthenticated"


@pytest.mark.parametrize("role", ["approver", "admin"])
def test_T73_a_role_is_not_another(service: Service, role: str) -> None:
    with pytest.raises(Refused) as refused:
        as_staff(service, f"Bearer {STAFF['registrar'][1]}", role)
    assert refused.value.code == "role_missing"


def test_T73_staff_tokens_open_no_agency(service: Service) -> None:
    with pytest.raises(Refused):
        as_agency(service, f"Bearer {STAFF['admin'][1]}")


def test_an_account_that_was_ended_is_unknown(service: Service) -> None:
    with transaction(service.engine) as db:
        db.execute(update(access.staff_members).values(active=False))
    with pytest.raises(Refused):
        as_staff(service, f"Bearer {STAFF['registrar'][1]}")


def test_T79_tokens_are_stored_hashed(service: Service) -> None:
    with reading(service.engine) as db:
        rows = str(db.execute(select(access.staff_members)).all()) + str(db.execute(select(access.agencies)).all())
    assert AGENCY_TOKEN not in rows
    assert all(token not in rows for _, token in STAFF.values())


def test_an_agency_and_its_purposes(service: Service) -> None:
    bank = as_agency(service, f"Bearer {AGENCY_TOKEN}")
    assert (bank.id, bank.name, bank.did) == ("bank", "Test bank", "did:web:localhost%3A8000:dids:agencies:bank")
    assert set(bank.purposes) == {"login", "kyc", "any"}
    login, kyc, everything = (bank.purposes[name] for name in ("login", "kyc", "any"))
    vct = f"{BASE_URL}/vct/e-residency/1"
    assert login.claims == {
        vct: {
            ("personal_administrative_number",),
            ("family_name",),
            ("given_name",),
            ("birthdate",),
            ("assurance_level",),
            ("pairwise_sub",),
        }
    }
    assert ("address", "country") in kyc.claims[f"{BASE_URL}/vct/pid/1"]
    assert ("picture",) not in kyc.claims[f"{BASE_URL}/vct/pid/1"]
    assert set(everything.claims) == {kind.vct for kind in service.types}
    assert everything.everything
    assert login.query is not None
    assert login.query["credentials"][0]["meta"]["vct_values"] == [vct]


def test_an_unknown_agency_is_not_found(service: Service) -> None:
    with reading(service.engine) as db, pytest.raises(Refused) as refused:
        access.agency_by_id(service, db, "nobody")
    assert refused.value.code == "not_found"


# --- limits on guessing ---------------------------------------------------------------------------


@pytest.fixture
def asking(service: Service) -> Callable[[str], Any]:
    router = APIRouter()

    @router.get("/v1/me")
    def me(request: Request) -> dict[str, str]:
        with transaction(service.engine) as db:
            return {"name": access.staff(service, request, db).name}

    app = FastAPI()
    answers.install(app, service)
    app.include_router(router)
    client = TestClient(Guard(app, service), base_url=BASE_URL)
    return lambda token: client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})


def test_T67_guessing_tokens_is_slowed_for_the_source(
    service: Service, asking: Callable[[str], Any], clock: FixedClock
) -> None:
    for _ in range(access.TRIES):
        assert asking("wrong").status_code == 401
    answer = asking("wrong")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 301
    assert asking(STAFF["admin"][1]).status_code == 200
    clock.advance(timedelta(minutes=5))
    assert asking("wrong").status_code == 401


def test_T67_only_misses_count(asking: Callable[[str], Any]) -> None:
    assert {asking(STAFF["admin"][1]).status_code for _ in range(access.TRIES + 5)} == {200}


# --- registering ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "roles", "level", "code"),
    [
        ("new", ["king"], 0, "malformed"),
        ("new", [], 0, "malformed"),
        ("new", ["auditor"], 4, "malformed"),
        ("registrar", ["auditor"], 0, "conflict"),
    ],
)
def test_accounts_that_are_not_made(service: Service, name: str, roles: list[str], level: int, code: str) -> None:
    with pytest.raises(Refused) as refused, transaction(service.engine) as db:
        access.add_staff(db, service, name=name, roles=roles, level=level, token="t")
    assert refused.value.code == code


def purpose(**changes: Any) -> PurposeEntry:
    entry = {"name": "p", "description": {"en": "x"}, "claims": {"pid": [["family_name"]]}, "retention": "P1D"}
    return PurposeEntry.model_validate({**entry, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"claims": {"pid": [["no_such_claim"]]}},
        {"claims": {"no-such-type": [["family_name"]]}},
        {"description": {"et": "x"}},
        {"query": {"credentials": [{"id": "!"}]}},
    ],
)
def test_purposes_that_are_not_registered(service: Service, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused, transaction(service.engine) as db:
        access.add_agency(db, service, agency_id="x", names={"en": "X"}, purposes=[purpose(**changes)], token="t")
    assert refused.value.code == "malformed"


def test_T61_everything_is_a_purpose_of_development_only(service: Service) -> None:
    object.__setattr__(service, "settings", service.settings.model_copy(update={"dev": False}))
    with pytest.raises(Refused, match="development"), transaction(service.engine) as db:
        entries = [PurposeEntry.model_validate(DEV_PURPOSES[2])]
        access.add_agency(db, service, agency_id="x", names={"en": "X"}, purposes=entries, token="t")


def test_an_agency_is_registered_once(service: Service) -> None:
    with pytest.raises(Refused, match="this id"), transaction(service.engine) as db:
        access.add_agency(db, service, agency_id="bank", names={"en": "X"}, purposes=[purpose()], token="t")


# --- where a request comes from ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_sources(service: Service, peer: str, expected: str) -> None:
    assert source(service, request(peer=peer)) == expected


def test_T97_forwarded_addresses_are_believed_from_named_proxies_only(service: Service) -> None:
    forwarded = {"x_forwarded_for": "203.0.113.9, 10.0.0.2"}
    assert source(service, request(peer="10.0.0.1", **forwarded)) == "10.0.0.1"
    proxies = service.settings.model_copy(update={"trusted_proxies": ("10.0.0.1", "10.0.0.2")})
    object.__setattr__(service, "settings", proxies)
    assert source(service, request(peer="10.0.0.1", **forwarded)) == "203.0.113.9"
    spoofed = {"x_forwarded_for": "1.1.1.1, 203.0.113.9"}
    assert source(service, request(peer="10.0.0.1", **spoofed)) == "203.0.113.9"
    assert source(service, request(peer="192.0.2.7", **spoofed)) == "192.0.2.7"
