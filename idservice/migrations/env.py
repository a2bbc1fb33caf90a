"""What Alembic runs; the connection comes from `idservice.migrate`, never from a file."""

from alembic import context

from idservice.migrations import all_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    compare_type=True,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
