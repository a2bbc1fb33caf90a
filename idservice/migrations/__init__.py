"""Alembic migrations, dated file names, and the one place that knows every room's tables."""

from pathlib import Path

from sqlalchemy import MetaData

from idservice import access, audit, background, idempotency, limits, single_use
from idservice.database import metadata
from idservice.issuer import tables as issuer
from idservice.registrar import tables as registrar
from idservice.registry import rows as registry
from idservice.verifier import rows as verifier

FOLDER = Path(__file__).parent
HOLDERS = (access, audit, background, idempotency, limits, single_use, registry, issuer, verifier, registrar)
"""The modules that define tables; importing one puts its tables into the metadata."""


def all_tables() -> MetaData:
    """Return the metadata with every table of the service."""
    return metadata
