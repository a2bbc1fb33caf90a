"""The service is killed while it issues: nothing lost, nothing doubled, nothing unlogged, retries hold (T86)."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from credentials.formats import FORMATS
from did.keys import PrivateKey
from idservice.app import create_public_app
from idservice.audit import audit_rows
from idservice.database import transaction
from idservice.issuer.tables import copies
from idservice.opening import open_service
from idservice.registry.rows import status_entries
from idservice.service import Service
from idservice.settings import Options
from tests.factories import BASE_URL, FixedClock
from tests.paths import ROOT
from tests.unit.idservice.issuer.wallet import Wallet

KILLS = {"sqlite": 50, "postgresql": 10}
ANSWERS_BEFORE_KILL = 5

CHILD = """
import json, sys
from pathlib import Path
from fastapi.testclient import TestClient
from concurrent.futures import ThreadPoolExecutor
from idservice.app import create_public_app
from idservice.opening import open_service
from idservice.settings import Options
from tests.factories import BASE_URL, FixedClock
from tests.unit.idservice.issuer.wallet import Wallet, direct, new_key

data, url = sys.argv[1], sys.argv[2]
service = open_service(Path(data), options=Options.model_validate({"database_url": url}), clock=FixedClock())
client = TestClient(create_public_app(service), base_url=BASE_URL)

def say(**what):
    sys.stdout.write(json.dumps(what) + "\\n")
    sys.stdout.flush()

def work(_):
    wallet = Wallet(service, client)
    while True:
        access, key = wallet.redeem(direct(service))["access_token"], new_key()
        say(asked=key.public_key.thumbprint(), access=access, key=key.export_jwk())
        answer = wallet.credential(access, [key], configuration="official-role")
        say(answered=key.public_key.thumbprint(), status=answer.status_code)

with ThreadPoolExecutor(3) as pool:
    list(pool.map(work, range(3)))
"""


def run_until_killed(data: Path, database_url: str) -> list[dict[str, Any]]:
    """Issue in a process of its own, kill it without warning, and return what it said."""
    command = [sys.executable, "-c", CHILD, str(data), database_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        said: list[dict[str, Any]] = []
        assert child.stdout is not None
        for line in child.stdout:
            said.append(json.loads(line))
            if sum("answered" in one for one in said) == ANSWERS_BEFORE_KILL:
                child.send_signal(signal.SIGKILL)
                break
        rest = child.stdout.read().splitlines()
        child.wait(30)
    # The last line may have been cut off by the kill.
    return said + [json.loads(line) for line in rest if line.endswith("}")]


def counts(service: Service) -> tuple[int, int, int]:
    with transaction(service.engine) as db:
        audited = select(func.count()).select_from(audit_rows).where(audit_rows.c.act == "credential.issued")
        taken = select(func.count()).select_from(status_entries).where(status_entries.c.kind == "copy")
        issued = select(func.count()).select_from(copies)
        return db.execute(issued).scalar_one(), db.execute(audited).scalar_one(), db.execute(taken).scalar_one()


def place(service: Service, thumbprint: str) -> tuple[str, int] | None:
    with transaction(service.engine) as db:
        row = db.execute(select(copies).where(copies.c.thumbprint == thumbprint)).one_or_none()
    return None if row is None else (row.status_uri, row.status_index)


def test_T86_a_kill_loses_and_doubles_nothing(service: Service, database_url: str) -> None:
    kills = KILLS[service.engine.dialect.name]
    said = [one for _ in range(kills) for one in run_until_killed(service.settings.data, database_url)]
    assert {one["status"] for one in said if "answered" in one} == {200}
    assert sum("answered" in one for one in said) >= kills * ANSWERS_BEFORE_KILL
    options = Options.model_validate({"database_url": database_url})
    survived = open_service(service.settings.data, options=options, clock=FixedClock())
    try:
        issued, audited, taken = counts(survived)
        assert issued == audited == taken
        for one in said:
            if "answered" in one:
                assert place(survived, one["answered"]) is not None
        _retry_all(survived, [one for one in said if "asked" in one])
    finally:
        survived.engine.dispose()


def _retry_all(service: Service, asked: list[dict[str, Any]]) -> None:
    """Prove the same keys again, as a wallet does that got no answer: each has one copy, at the place it had."""
    client = TestClient(create_public_app(service), base_url=BASE_URL)
    wallet = Wallet(service, client)
    for one in asked:
        before = place(service, one["asked"])
        answer = wallet.credential(one["access"], [PrivateKey.from_jwk(one["key"])], configuration="official-role")
        assert answer.status_code == 200, answer.text
        status = FORMATS["dc+sd-jwt"].parse(answer.json()["credentials"][0]["credential"]).status
        assert status is not None
        assert before in (None, (status.uri, status.index))
    issued, audited, taken = counts(service)
    assert issued == audited == taken == len({one["asked"] for one in asked})
