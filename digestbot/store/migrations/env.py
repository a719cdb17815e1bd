"""Alembic's entry: runs the revisions on the connection that ``digestbot.store.schema`` hands over."""

from alembic import context

from digestbot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
