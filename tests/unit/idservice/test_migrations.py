from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from idservice import migrate
from idservice.database import make_engine, reading
from idservice.migrations import HOLDERS, all_tables
from tests.paths import ROOT
from tools.remake_first_migration import FIRST, render


def test_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables()) == []
    engine.dispose()


def test_the_first_migration_is_up_to_date() -> None:
    assert FIRST.read_text(encoding="utf-8") == render(all_tables())


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate.upgrade(engine)
    migrate.upgrade(engine)
    with reading(engine) as db:
        assert db.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    engine.dispose()


def test_migrated_and_created_databases_have_the_same_triggers(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate.upgrade(engine)
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with reading(engine) as db:
        found = set(db.execute(text(names[db.dialect.name])).scalars())
        wanted = {
            statement.split()[2]
            for table in all_tables().sorted_tables
            for statement in table.info.get("triggers", {}).get(db.dialect.name, ())
            if statement.startswith("CREATE TRIGGER")
        }
    assert wanted
    assert found == wanted
    engine.dispose()


def test_no_module_with_tables_is_forgotten() -> None:
    root = ROOT / "idservice"
    holding = {path for path in root.rglob("*.py") if "= Table(" in path.read_text(encoding="utf-8")}
    assert holding == {Path(str(module.__file__)) for module in HOLDERS}
