"""What is kept: saved runs as HeatPump and Results, twins and their steps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints: what has a name can be changed by a later schema."""


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite itself keeps no zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Take the zone off."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Put it back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=NAMING)


class HeatPumpRecord(Base):
    """A heat pump in a district-heating network, as somebody asked for it.

    Temperatures in degC, heat load in W; ``question`` is the whole question,
    assumptions included.
    """

    __tablename__ = "heat_pumps"
    __table_args__ = (Index("ix_heat_pumps_owner_created", "owner", "created"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    name: Mapped[str]
    created: Mapped[datetime] = mapped_column(Moment)
    refrigerant: Mapped[str]
    t_source_in: Mapped[float]
    t_source_out: Mapped[float]
    t_return: Mapped[float]
    t_supply: Mapped[float]
    heat_load: Mapped[float]
    eta_s: Mapped[float]
    question: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    results: Mapped[ResultsRecord] = relationship(
        back_populates="heat_pump", cascade="all, delete-orphan", lazy="joined"
    )


class ResultsRecord(Base):
    """What the simulation of a heat pump said; ``answer`` is all of it."""

    __tablename__ = "results"

    heat_pump_id: Mapped[str] = mapped_column(
        ForeignKey("heat_pumps.id", ondelete="CASCADE"), primary_key=True
    )
    created: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[str]
    status: Mapped[str]
    origin: Mapped[str]
    cop: Mapped[float | None]
    power: Mapped[float | None]
    heat_source: Mapped[float | None]
    answer: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    heat_pump: Mapped[HeatPumpRecord] = relationship(back_populates="results")


class TwinRecord(Base):
    """A session of a digital twin."""

    __tablename__ = "twins"
    __table_args__ = (Index("ix_twins_owner_used", "owner", "used"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    name: Mapped[str]
    created: Mapped[datetime] = mapped_column(Moment)
    used: Mapped[datetime] = mapped_column(Moment)
    expires: Mapped[datetime] = mapped_column(Moment, index=True)
    design: Mapped[dict[str, Any]] = mapped_column(JSON)
    setting: Mapped[dict[str, Any]] = mapped_column(JSON)
    factors: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    calibration: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), deferred=True
    )
    measured: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    hours: Mapped[float] = mapped_column(default=0.0)
    steps: Mapped[int] = mapped_column(default=0)


class StepRecord(Base):
    """One step in the history of a twin."""

    __tablename__ = "twin_steps"

    twin_id: Mapped[str] = mapped_column(
        ForeignKey("twins.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[float]
    setting: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str]
    values: Mapped[dict[str, Any]] = mapped_column("step_values", JSON)


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)
