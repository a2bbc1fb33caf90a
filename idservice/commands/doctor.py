"""`idservice doctor`: what an operator would look at first, one line each."""

import sys
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from did.errors import IdError
from idservice.database import reading, transaction
from idservice.migrate import alembic_config
from idservice.opening import open_service
from idservice.problems import Refused
from idservice.service import Service


def run(data: Path) -> int:
    """Print one line for each check; return 0 when all passed, else 1."""
    try:
        service = open_service(data)
    except IdError as error:
        return _say(False, "data folder, keys, settings, types", f"{error.detail}. {error.hint}")
    _say(True, "data folder, keys, settings, types", f"{len(service.types)} types, {service.base_url}")
    checks = (("database", _database), ("migrations", _migrations), ("clock and certificates", _keys))
    failures = 0
    for name, check in checks:
        try:
            failures += _say(True, name, check(service))
        except IdError as error:
            failures += _say(False, name, f"{error.detail}. {error.hint}")
    return 1 if failures else 0


def _database(service: Service) -> str:
    with reading(service.engine) as db:
        db.execute(text("SELECT 1"))
    return service.engine.dialect.name


def _migrations(service: Service) -> str:
    with transaction(service.engine) as db:
        found = MigrationContext.configure(db).get_current_revision()
        head = ScriptDirectory.from_config(alembic_config(db)).get_current_head()
    if found != head:
        raise Refused(
            "unavailable", f"the database is at {found}, the code at {head}", hint="Start serve: it migrates."
        )
    return f"at {head}"


def _keys(service: Service) -> str:
    service.keys.check()
    return f"{service.clock.now():%Y-%m-%dT%H:%M:%SZ}"


def _say(passed: bool, name: str, words: str) -> int:
    sys.stdout.write(f"{'ok  ' if passed else 'FAIL'} {name}: {words}\n")
    return 0 if passed else 1
