"""What Alembic runs: the scripts, on the connection that it is given."""

from __future__ import annotations

from alembic import context

from surrogate.service.records import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes tables by copying them
)
with context.begin_transaction():
    context.run_migrations()
