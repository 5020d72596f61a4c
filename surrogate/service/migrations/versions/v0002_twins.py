"""Digital twins and their histories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "twins",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.DateTime(), nullable=False)
            for name in ("created", "used", "expires")
        ),
        sa.Column("design", sa.JSON(), nullable=False),
        sa.Column("setting", sa.JSON(), nullable=False),
        sa.Column("factors", sa.JSON(), nullable=True),
        sa.Column("calibration", sa.JSON(), nullable=True),
        sa.Column("measured", sa.LargeBinary(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_twins"),
    )
    op.create_index("ix_twins_owner_used", "twins", ["owner", "used"])
    op.create_index("ix_twins_expires", "twins", ["expires"])
    op.create_table(
        "twin_steps",
        sa.Column("twin_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Double(), nullable=False),
        sa.Column("setting", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("step_values", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["twin_id"], ["twins.id"], name="fk_twin_steps_twin_id_twins", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("twin_id", "number", name="pk_twin_steps"),
    )
