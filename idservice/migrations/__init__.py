"""Alembic migrations, dated file names, and the one place that knows every room's tables."""

import importlib
import pkgutil
from pathlib import Path

from sqlalchemy import MetaData

import idservice
from idservice.database import metadata

FOLDER = Path(__file__).parent
_ROOT = Path(idservice.__file__).parent


def all_tables() -> MetaData:
    """Return the metadata with the tables of the base modules and of every room's `rows.py`."""
    for module in pkgutil.iter_modules([str(_ROOT)]):
        if not module.ispkg and module.name not in ("__main__", "app"):
            importlib.import_module(f"idservice.{module.name}")
        elif (_ROOT / module.name / "rows.py").exists():
            importlib.import_module(f"idservice.{module.name}.rows")
    return metadata
