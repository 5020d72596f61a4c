"""Saved runs: heat pumps and their results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "heat_pumps",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("refrigerant", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in (
                "t_source_in", "t_source_out", "t_return", "t_supply", "heat_load", "eta_s",
            )
        ),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_heat_pumps"),
    )  # fmt: skip
    op.create_index("ix_heat_pumps_owner_created", "heat_pumps", ["owner", "created"])
    op.create_table(
        "results",
        sa.Column("heat_pump_id", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("cop", "power", "heat_source")),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["heat_pump_id"],
            ["heat_pumps.id"],
            name="fk_results_heat_pump_id_heat_pumps",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("heat_pump_id", name="pk_results"),
    )
