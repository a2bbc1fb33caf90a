"""Write the first migration anew from the tables in the code. Only while nothing has been released.

    python -m tools.remake_first_migration            write the file
    python -m tools.remake_first_migration --check    fail when the file differs from what would be written

Run it after changing a table in any `rows.py`. It refuses once a second migration exists.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from alembic.operations.ops import CreateTableOp
from sqlalchemy import MetaData, create_engine

from idservice.database import UtcDateTime
from idservice.migrations import FOLDER, all_tables

FIRST = FOLDER / "versions" / "2026_11_22_first.py"
HEAD = '''"""The first tables."""
# ruff: noqa: E501  (statements of triggers stand in one line)

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from idservice.database import UtcDateTime

revision: str = "2026_11_22_first"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
'''


def render_item(kind: str, value: object, _context: AutogenContext) -> str | Literal[False]:
    """Name our own column type by its class; everything else as Alembic does."""
    return "UtcDateTime()" if kind == "type" and isinstance(value, UtcDateTime) else False


def render(metadata: MetaData) -> str:
    """Return the text of the first migration, formatted."""
    options: dict[str, Any] = {"render_item": render_item, "target_metadata": metadata}
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        operations = produce_migrations(context, metadata).upgrade_ops
        if operations is None:
            raise SystemExit("there are no tables")
        for each in operations.ops:
            if isinstance(each, CreateTableOp):
                each.info = {}  # the triggers in it are written below
        body = render_python_code(operations, render_item=render_item, migration_context=context)
    lines = [line for line in body.splitlines() if not line.strip().startswith("#")]
    text = HEAD + "    " + "\n".join(lines).strip() + "\n" + triggers(metadata)
    ruff = Path(sys.executable).with_name("ruff")
    formatted = subprocess.run(  # noqa: S603
        [ruff, "format", "--stdin-filename", str(FIRST), "-"], input=text, capture_output=True, text=True, check=True
    )
    return formatted.stdout


def triggers(metadata: MetaData) -> str:
    """Return the statements that tables keep in `info["triggers"]`, by dialect: rules no CHECK can say."""
    lines: list[str] = []
    for table in metadata.sorted_tables:
        for dialect, statements in sorted(table.info.get("triggers", {}).items()):
            lines += ["", f'    if op.get_bind().dialect.name == "{dialect}":']
            lines += [f"        op.execute({statement!r})" for statement in statements]
    return "\n".join(["", *lines, ""])


def main() -> int:
    """Write or compare the file; return the exit code."""
    others = [path.name for path in FIRST.parent.glob("*.py") if path != FIRST]
    if others:
        sys.stderr.write(f"there are later migrations ({', '.join(others)}): write a new one instead\n")
        return 1
    text = render(all_tables())
    if "--check" in sys.argv[1:]:
        same = FIRST.exists() and FIRST.read_text(encoding="utf-8") == text
        sys.stderr.write("" if same else f"{FIRST.name} is behind the tables: python -m tools.remake_first_migration\n")
        return 0 if same else 1
    FIRST.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
