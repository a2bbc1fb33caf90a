"""What the issuer room forgets, and what it must keep (T65)."""

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Table, func, select

from idservice.database import transaction
from idservice.issuer.jobs import jobs, purge
from idservice.issuer.tables import copies, credentials, issues, offers, tokens
from idservice.service import Service

from .wallet import Wallet, direct, new_key, of_case, resident


def count(service: Service, table: Table, **equal: Any) -> int:
    with transaction(service.engine) as db:
        statement = select(func.count()).select_from(table)
        for name, value in equal.items():
            statement = statement.where(table.c[name] == value)
        return db.execute(statement).scalar_one()


def datasets(service: Service) -> int:
    with transaction(service.engine) as db:
        return len(db.execute(select(credentials.c.id).where(credentials.c.dataset.is_not(None))).all())


def test_there_is_one_job(service: Service) -> None:
    assert [job.name for job in jobs(service)] == ["issuer.purge"]


def test_what_is_open_stays(service: Service, client: TestClient) -> None:
    direct(service)
    Wallet(service, client).redeem(direct(service))
    purge(service)
    assert datasets(service) == 2
    assert count(service, tokens) == 1


def test_a_direct_offer_is_forgotten_with_its_token(service: Service, client: TestClient, later: Any) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    assert wallet.credential(token, [new_key()], configuration="official-role").status_code == 200
    direct(service)
    later(timedelta(minutes=11))
    purge(service)
    assert datasets(service) == 0
    assert count(service, tokens) == 0
    with transaction(service.engine) as db:
        assert db.execute(select(offers.c.sealed)).scalars().all() == [None, None]
    assert count(service, copies) == 1


def test_the_dataset_of_a_case_stays_for_its_refreshes(service: Service, client: TestClient, later: Any) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    refresh = wallet.redeem(of_case(service, who))["refresh_token"]
    later(timedelta(days=400))
    purge(service)
    token = wallet.refresh(refresh).json()["access_token"]
    assert wallet.credential(token, [new_key()], configuration="e-residency").status_code == 200


def test_lapsed_copies_go_in_the_end(service: Service, client: TestClient, later: Any) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    answer = wallet.redeem(of_case(service, who))
    wallet.credential(answer["access_token"], [new_key(), new_key()], configuration="e-residency")
    later(timedelta(days=43))
    purge(service)
    assert (count(service, copies), count(service, issues)) == (2, 1)
    token = wallet.refresh(answer["refresh_token"]).json()["access_token"]
    wallet.credential(token, [new_key()], configuration="e-residency")
    later(timedelta(days=46))
    purge(service)
    assert (count(service, copies), count(service, issues)) == (1, 1)


def test_after_the_last_day_nothing_is_issued_or_kept(service: Service, client: TestClient, later: Any) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    refresh = wallet.redeem(of_case(service, who))["refresh_token"]
    later(timedelta(days=6 * 365))
    assert wallet.refresh(refresh).json()["error"] == "invalid_grant"
    purge(service)
    assert datasets(service) == 0
