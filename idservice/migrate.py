"""Bring a database to the tables of this release. `serve` does it before it starts a worker; a worker never does."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from idservice.database import transaction

_LOCK = 0x1D5E7B1CE
"""Any number that nobody else uses for an advisory lock of PostgreSQL."""


def upgrade(engine: Engine) -> None:
    """Run every migration that is missing, in one transaction; two at a time wait for each other."""
    with transaction(engine) as db:
        if db.dialect.name == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(alembic_config(db), "head")


def alembic_config(db: Connection) -> Config:
    """Return Alembic's configuration for one open connection."""
    config = Config()
    config.set_main_option("script_location", "idservice:migrations")
    config.attributes["connection"] = db
    return config
