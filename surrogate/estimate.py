"""The answer to a query: values, status, limit, origin, error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from surrogate import limits as limits_module
from surrogate.conditions import CONDITIONS, SCALAR, Conditions, Container
from surrogate.errors import (
    InfeasibleError,
    NotConvergedError,
    OutsideTableError,
)
from surrogate.limits import DEFAULT_LIMITS, Limits

STATUS = ("ok", "off", "outside", "infeasible", "not_converged")
"""Status by code."""
STATUS_OK, STATUS_OFF, STATUS_OUTSIDE, STATUS_INFEASIBLE, STATUS_NOT_CONVERGED = range(5)

ORIGINS = ("none", "table", "regressor", "solve")
"""Origin by code; none where limits on the conditions alone, or a load of 0, decide."""
ORIGIN_NONE, ORIGIN_TABLE, ORIGIN_REGRESSOR, ORIGIN_SOLVE = range(4)


class Quantity(NamedTuple):
    """A quantity of an estimate."""

    unit: str
    long_name: str


QUANTITIES: dict[str, Quantity] = {
    "cop": Quantity("1", "coefficient of performance, electric"),
    "power": Quantity("W", "electric power at the motor"),
    "heat_source": Quantity("W", "heat taken from the source"),
    "t_evap": Quantity("degC", "evaporating temperature (dew)"),
    "t_cond": Quantity("degC", "condensing temperature (bubble)"),
    "t_discharge": Quantity("degC", "discharge temperature"),
    "p_evap": Quantity("bar", "evaporating pressure"),
    "p_cond": Quantity("bar", "condensing pressure"),
    "superheat": Quantity("K", "superheat of the suction gas"),
    "mass_flow": Quantity("kg/s", "mass flow of the refrigerant"),
    "suction_volume_flow": Quantity("m3/s", "volume flow at the compressor inlet"),
    "ua_condenser": Quantity("W/K", "UA of the condenser, summed over its phase sections"),
    "ua_evaporator": Quantity("W/K", "UA of the evaporator, summed over its phase sections"),
    "error": Quantity("1", "relative error of the COP that 95 % of held-out solves stay within"),
}
"""Numeric quantities by name."""


class Estimate:
    """What a heat pump does at some conditions.

    Every attribute comes in the kind that the conditions came in: a float for
    scalars, else a NumPy array, a pandas Series or an xarray DataArray of the
    broadcast shape. Where a point has no answer its values are NaN and
    ``status`` says why.

    Attributes
    ----------
    cop : float or array
        ``heat_load / power`` [1].
    power : float or array
        Electric power at the motor [W].
    heat_source : float or array
        ``heat_load - motor_efficiency * power`` [W].
    t_evap, t_cond, t_discharge : float or array
        Evaporating (dew), condensing (bubble) and discharge temperature [degC].
    p_evap, p_cond : float or array
        Evaporating and condensing pressure [bar].
    superheat : float or array
        Superheat of the suction gas [K].
    mass_flow, suction_volume_flow : float or array
        Refrigerant flow [kg/s] and its volume at the compressor inlet [m3/s].
    ua_condenser, ua_evaporator : float or array
        UA, summed over the phase sections [W/K].
    error : float or array
        Relative error of the COP that 95 % of held-out full solves nearby
        stay within [1]; 0 for a full solve.
    t_source_in, t_source_out, t_return, t_supply, heat_load, eta_s : float or array
        The conditions.
    status : str or array
        ``ok``, ``off`` (heat load 0), ``outside``, ``infeasible``, ``not_converged``.
    limit : str or array
        Name of the limit that an infeasible point breaks, else empty.
    origin : str or array
        ``table``, ``regressor``, ``solve``, or ``none``.
    """

    __slots__ = ("_container", "_limits", "_values")

    _quantities: ClassVar[Mapping[str, Quantity]] = QUANTITIES
    _flags: ClassVar[tuple[str, ...]] = ()

    cop: Any
    power: Any
    heat_source: Any
    t_evap: Any
    t_cond: Any
    t_discharge: Any
    p_evap: Any
    p_cond: Any
    superheat: Any
    mass_flow: Any
    suction_volume_flow: Any
    ua_condenser: Any
    ua_evaporator: Any
    error: Any
    t_source_in: Any
    t_source_out: Any
    t_return: Any
    t_supply: Any
    heat_load: Any
    eta_s: Any

    def __init__(
        self,
        values: Mapping[str, Any],
        container: Container = SCALAR,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._values = values
        self._container = container
        self._limits = limits

    def __getattr__(self, name: str) -> Any:
        if name in CONDITIONS or name in self._quantities or name in self._flags:
            value = self._values[name]
            if self._container.kind == "scalar":
                return value
            # A copy: whoever changes it does not change the estimate.
            return self._container.wrap(np.array(value))
        raise AttributeError(f"an estimate has no {name!r}")

    def __getstate__(self) -> tuple[Any, ...]:
        return self._values, self._container, self._limits

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._values, self._container, self._limits = state

    def __dir__(self) -> list[str]:
        return sorted([*object.__dir__(self), *CONDITIONS, *self._quantities, *self._flags])

    @property
    def status(self) -> Any:
        """Status of each point; see the class."""
        return self._label("status", STATUS)

    @property
    def limit(self) -> Any:
        """Name of the limit that each point breaks; see the class."""
        return self._label("limit", limits_module.NAMES)

    @property
    def origin(self) -> Any:
        """Where each answer came from; see the class."""
        return self._label("origin", ORIGINS)

    def _label(self, name: str, labels: tuple[str, ...]) -> Any:
        codes = self._values[name]
        if self._container.kind == "scalar":
            return labels[codes]
        return self._container.wrap(np.array(labels)[codes])

    @property
    def limits(self) -> Limits:
        """Limits that were applied."""
        return self._limits

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape after broadcasting; empty for scalars."""
        return self._container.shape

    def with_points(self, found: Mapping[int, Estimate]) -> Self:
        """Return the same with the answers to some points taken from elsewhere.

        Parameters
        ----------
        found : mapping of int to Estimate
            Estimates of single points, of the same kind, by their place among
            the points of this one in C order.

        Examples
        --------
        >>> from surrogate import HeatPump
        >>> conditions = dict(t_source_out=25, t_return=50, t_supply=80, heat_load=1e6)
        >>> pump = HeatPump("R717")
        >>> many = pump.design(t_source_in=[30, 40], **conditions)
        >>> one = pump.design(t_source_in=35, **conditions)
        >>> many.with_points({1: one}).t_source_in.tolist()
        [30.0, 35.0]
        """
        if self._container.kind == "scalar":
            values = dict(found[0]._values) if found else dict(self._values)
            return type(self)(values, self._container, self._limits)
        values = {name: np.array(column) for name, column in self._values.items()}
        for place, other in found.items():
            for name, column in values.items():
                column[place] = other._values[name]
        return type(self)(values, self._container, self._limits)

    def raise_for_status(self) -> Estimate:
        """Raise an error if any point has no answer, else return the estimate itself.

        Raises
        ------
        InfeasibleError, OutsideTableError, NotConvergedError
            For the first point that is neither ok nor off.
        """
        codes = np.atleast_1d(self._values["status"])
        bad = np.flatnonzero(codes >= STATUS_OUTSIDE)
        if len(bad) == 0:
            return self
        first = int(bad[0])
        more = f"; {len(bad)} of {len(codes)} points have no answer" if len(codes) > 1 else ""
        where = f"{self._describe(first)}{more}"
        if codes[first] == STATUS_INFEASIBLE:
            name = limits_module.NAMES[int(np.atleast_1d(self._values["limit"])[first])]
            raise InfeasibleError(f"{limits_module.reason(name, self._limits)} ({where})", name)
        if codes[first] == STATUS_OUTSIDE:
            raise OutsideTableError(f"the point lies outside the table ({where})")
        raise NotConvergedError(f"the full solve found no solution ({where})")

    def _describe(self, index: int) -> str:
        """One point in words."""
        values = (float(np.atleast_1d(self._values[name])[index]) for name in CONDITIONS)
        return Conditions(*values).describe()

    def to_dict(self) -> dict[str, Any]:
        """Everything by name, each as the attribute of that name."""
        names = [*CONDITIONS, *self._quantities, *self._flags, "status", "limit", "origin"]
        return {name: getattr(self, name) for name in names}

    def to_frame(self) -> Any:
        """All points as a pandas DataFrame, a row each; a Series' index is kept."""
        import pandas as pd

        index = self._container.template if self._container.kind == "pandas" else None
        names = (*CONDITIONS, *self._quantities, *self._flags)
        columns = {name: np.atleast_1d(self._values[name]) for name in names}
        for name, labels in _LABELS.items():
            columns[name] = np.array(labels)[np.atleast_1d(self._values[name])]
        return pd.DataFrame(columns, index=index)

    def to_dataset(self) -> Any:
        """All points as an xarray Dataset with units; dimensions as the conditions had them."""
        import xarray as xr

        container = self._container
        coords: Any = None
        if container.kind == "xarray":
            dims, coords = container.template.dims, container.template.coords
        elif container.kind == "pandas":
            dims = (container.template.name or "index",)
            coords = {dims[0]: container.template}
        else:
            dims = tuple(f"dim_{number}" for number in range(len(container.shape)))
        units = {name: (q.unit, q.long_name) for name, q in CONDITIONS.items()}
        units |= {name: (q.unit, q.long_name) for name, q in self._quantities.items()}
        units |= {name: ("1", name) for name in self._flags}
        # A condition that is a coordinate already need not be a variable, too.
        units = {name: unit for name, unit in units.items() if name not in (coords or {})}
        variables = {
            name: (
                dims,
                np.reshape(self._values[name], container.shape),
                {"units": unit, "long_name": long_name},
            )
            for name, (unit, long_name) in units.items()
        }
        for name, labels in _LABELS.items():
            variables[name] = (
                dims,
                np.array(labels)[np.reshape(self._values[name], container.shape)],
                {"long_name": name},
            )
        return xr.Dataset(variables, coords=coords)

    def __repr__(self) -> str:
        if self._container.kind != "scalar":
            counts = np.bincount(self._values["status"], minlength=len(STATUS))
            said = ", ".join(
                f"{count} {name}" for name, count in zip(STATUS, counts, strict=True) if count
            )
            return f"<Estimate of shape {self.shape}: {said or 'empty'}>"
        if self.status == "ok":
            return (
                f"<Estimate: COP {self.cop:.3f}, power {self.power:.4g} W, "
                f"t_discharge {self.t_discharge:.1f} degC, from {self.origin}, "
                f"error {self.error:.1g}>"
            )
        by = f" by {self.limit}" if self.status == "infeasible" else ""
        return f"<Estimate: {self.status}{by}>"


_LABELS: dict[str, tuple[str, ...]] = {
    "status": STATUS,
    "limit": limits_module.NAMES,
    "origin": ORIGINS,
}


def no_values() -> dict[str, float]:
    """Values of a point without an answer: NaN throughout."""
    return dict.fromkeys(QUANTITIES, float("nan"))
