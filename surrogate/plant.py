"""Plant: one sized heat pump, off design."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate import query, store
from surrogate.conditions import read_operation
from surrogate.errors import InfeasibleError, InputTypeError, TableError, TableNotFoundError
from surrogate.estimate import Estimate
from surrogate.identity import Identity
from surrogate.limits import Limits, as_limits
from surrogate.parameters import MAX_SOLVES
from surrogate.plantestimate import PlantEstimate
from surrogate.plantmap import PlantMap
from surrogate.plantquery import METHODS, PlantRequest, answer, check_method
from surrogate.solved import SolvedMap

if TYPE_CHECKING:
    from rich.console import Console

    from surrogate.piecewise import PiecewiseLinear
    from surrogate.planttable import PlantTable
    from surrogate.regressor import Regressor
    from surrogate.tablemodel import Table

# Loads at which power is read for a piecewise-linear fit.
_SAMPLES = 51
# Where a plant never cycles they begin at this share of capacity; a range is at least this long.
_LOWEST_SHARE, _LEAST_RANGE = 0.2, 0.01


class Plant:
    """A heat pump sized for one design point, run at other temperatures and loads.

    Made by :meth:`HeatPump.plant`. Its own table answers first, then the
    refrigerant's regressor inside its domain, then full solves.

    Parameters
    ----------
    identity : Identity
        The plant.
    design : Estimate
        Its design point.
    table : Table or None
        Its refrigerant's design table.
    tables : path, optional
        A folder to look in before all others.
    limits : Limits
        What it must not exceed, unless a call says otherwise.

    Attributes
    ----------
    identity : Identity
        Refrigerant, parameters and sizing; two plants of the same identity
        share one map, whatever their heat load.
    design : Estimate
        The design point.
    """

    def __init__(
        self,
        identity: Identity,
        design: Estimate,
        table: Table | None,
        tables: str | os.PathLike[str] | None,
        limits: Limits,
    ) -> None:
        self.identity = identity
        self.design = design
        self._design_table = table
        self._design_tables = tables
        # A file is a design table; only folders can hold the plant's own.
        self._tables = tables if tables is not None and Path(tables).is_dir() else None
        self._limits = limits
        self._maps: dict[str, PlantMap] = {}

    @property
    def heat_load(self) -> float:
        """Heat load of the design [W]."""
        return float(self.design.heat_load)

    @property
    def table(self) -> PlantTable | None:
        """The plant's own table, or None where there is none.

        Raises
        ------
        TableError
            If there is one that must not be believed.
        """
        found: PlantTable | None = self._map("table")  # type: ignore[assignment]  # by its method
        return found

    @property
    def regressor(self) -> Regressor | None:
        """The refrigerant's regressor, or None where there is none.

        Raises
        ------
        TableError
            If there is one that must not be believed, or that was made on
            another design table than the one in use.
        """
        found: Regressor | None = store.load(
            self.identity._replace(kind="regressor", sizing=None), self._tables
        )
        if found is None or self._design_table is None:
            return None
        if found.table_digest != self._design_table.attributes["content_digest"]:
            raise TableError(
                f"{found.path} was made on another design table than "
                f"{self._design_table.path}; make it again with {self._regressor_command()}"
            )
        return found

    def operate(
        self,
        *,
        t_source_in: Any,
        t_return: Any,
        t_supply: Any,
        heat_load: Any,
        method: str | None = None,
        limits: Limits | Mapping[str, float] | None = None,
        outside: str = "solve",
        max_solves: int = MAX_SOLVES,
    ) -> PlantEstimate:
        """Run the plant at some temperatures and heat loads.

        Parameters
        ----------
        t_source_in : float or array
            Source water into the evaporator [degC]. Its outlet follows from
            the design's flow, or its flow from the design's outlet.
        t_return, t_supply : float or array
            District-heating water into and out of the condenser [degC].
        heat_load : float or array
            Heat to the district-heating water [W]; 0 is off.
        method : {"table", "regressor", "solve"}, optional
            The only way to answer by; by default the first that can, in this
            order. Where ``"table"`` or ``"regressor"`` has no answer, the
            status is ``outside``.
        limits : Limits or mapping, optional
            What the plant must not exceed, where it differs from the limits
            that it was made with; overspeed and turndown among them.
        outside : {"solve", "raise", "nan"}
            What to do with points that neither table nor regressor answers.
        max_solves : int
            Most points that this call may answer by full solves.

        Returns
        -------
        PlantEstimate
            Arrays broadcast against each other; the answer comes in their
            kind: floats, NumPy arrays, pandas Series or xarray DataArrays.

        Raises
        ------
        InputError, InputTypeError
            If an argument makes no sense.
        TableError
            If a file of this plant must not be believed.
        TableNotFoundError
            If ``method`` asks for a table or regressor that there is not.
        OutsideTableError
            With ``outside="raise"``.
        TooManySolvesError
            If more points need full solves than ``max_solves``.

        Examples
        --------
        >>> from surrogate import HeatPump
        >>> plant = HeatPump("R717").plant(t_source_in=30, t_source_out=25, t_return=50,
        ...                                t_supply=80, heat_load=1e6)
        >>> est = plant.operate(t_source_in=28, t_return=48, t_supply=75, heat_load=[2e5, 8e5, 2e6])
        >>> est.status.tolist(), est.cycling.tolist()
        (['ok', 'ok', 'infeasible'], [True, False, False])
        """
        query.check_request(outside, max_solves)
        check_method(method)
        values = {
            "t_source_in": t_source_in,
            "t_return": t_return,
            "t_supply": t_supply,
            "heat_load": heat_load,
        }
        operation, container = read_operation(values)
        if method in ("table", "regressor") and not self._has(method):
            raise TableNotFoundError(
                f"method = {method!r}, but this plant has no {method}; make one with "
                + ("plant.tabulate()" if method == "table" else self._regressor_command())
            )
        if method in ("table", "regressor") and outside == "solve":
            outside = "nan"
        return answer(self._request(method, limits, outside, max_solves), operation, container)

    def capacity(
        self,
        *,
        t_source_in: Any,
        t_return: Any,
        t_supply: Any,
        method: str | None = None,
        limits: Limits | Mapping[str, float] | None = None,
        max_solves: int = MAX_SOLVES,
    ) -> Any:
        """Largest heat load at some temperatures [W]; see :meth:`operate`.

        Returns
        -------
        float or array
            0 where no heat can be delivered, NaN where there is no answer.
        """
        return self.operate(
            t_source_in=t_source_in,
            t_return=t_return,
            t_supply=t_supply,
            heat_load=self.heat_load,
            method=method,
            limits=limits,
            max_solves=max_solves,
        ).capacity

    def piecewise(
        self,
        *,
        t_source_in: float,
        t_return: float,
        t_supply: float,
        segments: int | None = None,
        tolerance: float | None = None,
        method: str | None = None,
        limits: Limits | Mapping[str, float] | None = None,
        max_solves: int = MAX_SOLVES,
    ) -> PiecewiseLinear:
        """Power over heat load at some temperatures, piecewise linear, for MILP tools.

        From the lowest continuous load to capacity; from a fifth of capacity
        where the plant never cycles; and where a limit bars the lower loads,
        from the lowest that none does.

        Parameters
        ----------
        t_source_in, t_return, t_supply : float
            Temperatures [degC].
        segments : int, optional
            Number of segments; 3 if neither this nor a tolerance is given.
        tolerance : float, optional
            Largest relative error of the power; as many segments as it takes.
        method, limits, max_solves
            As in :meth:`operate`.

        Raises
        ------
        InfeasibleError
            If the plant delivers nothing at these temperatures, or one load
            alone.
        InputError, InputTypeError
            If an argument makes no sense, or both ``segments`` and
            ``tolerance`` are given.
        """
        from surrogate.piecewise import fit

        given: dict[str, Any] = {
            "t_source_in": t_source_in,
            "t_return": t_return,
            "t_supply": t_supply,
        }
        for name, value in given.items():
            if np.ndim(value):
                raise InputTypeError(f"{name} = {value!r}, but a fit is made at one temperature")
        how: dict[str, Any] = {"method": method, "limits": limits, "max_solves": max_solves}
        whole = self.operate(**given, **how, heat_load=self.heat_load)
        if np.isnan(whole.capacity):
            whole.raise_for_status()
        lowest = whole.lowest_load or _LOWEST_SHARE * whole.capacity
        if not lowest < whole.capacity * (1.0 - _LEAST_RANGE):
            raise self._no_range(given, whole)
        load = np.linspace(lowest, whole.capacity, _SAMPLES)
        found = self.operate(**given, **how, heat_load=load)
        barred = np.flatnonzero(found.status != "ok")
        if len(barred):
            if barred[-1] >= _SAMPLES - 2:
                raise self._no_range(given, whole)
            load = np.linspace(load[barred[-1] + 1], whole.capacity, _SAMPLES)
            found = self.operate(**given, **how, heat_load=load)
            found.raise_for_status()
        return fit(load, found.power, segments=segments, tolerance=tolerance)

    @staticmethod
    def _no_range(given: Mapping[str, float], whole: PlantEstimate) -> InfeasibleError:
        """Say that there is no range of loads to fit a line to."""
        what = "one load alone" if whole.capacity > 0.0 else "nothing"
        return InfeasibleError(
            f"the plant delivers {what} at source {given['t_source_in']:g} degC, sink "
            f"{given['t_return']:g} -> {given['t_supply']:g} degC: no line of power over load",
            whole.limit,
        )

    def tabulate(
        self,
        *,
        folder: str | os.PathLike[str] | None = None,
        workers: int | None = None,
        console: Console | None = None,
        **axes: Any,
    ) -> Path:
        """Make the plant's own table by full solves, in some minutes.

        This plant answers from it at once. From your data folder any plant of the
        same identity finds it; from another one with ``HeatPump(..., tables=folder)``.

        Parameters
        ----------
        folder : path, optional
            Where it goes; your data folder by default.
        workers : int, optional
            Processes; one for each core by default.
        console : rich.console.Console, optional
            Where progress is shown; the error stream by default.
        **axes
            Axes that differ from the usual ones, such as
            ``t_source_in={"low": 5, "high": 25}``; see :doc:`off-design`.

        Returns
        -------
        Path
            The table's file.

        Raises
        ------
        SpecError
            If an axis makes no sense, or the plant cannot be designed.
        """
        from rich.console import Console

        from surrogate.generate.plantbuild import make_plant
        from surrogate.generate.plantspec import for_plant

        spec = for_plant(self.identity, self.heat_load, axes)
        made = make_plant(
            spec,
            Path(folder) if folder is not None else store.user_folder(),
            workers=workers,
            console=console or Console(stderr=True),
        )
        self._maps["table"] = made.table
        path: Path = made.path
        return path

    def _has(self, method: str) -> bool:
        """Whether there is a table, or a regressor of the refrigerant, whatever it covers."""
        return (self.table if method == "table" else self.regressor) is not None

    def _regressor_command(self) -> str:
        return f"`surrogate generate regressor {self.identity.refrigerant}`"

    def _request(
        self,
        method: str | None,
        limits: Limits | Mapping[str, float] | None,
        outside: str,
        max_solves: int,
    ) -> PlantRequest:
        chosen = as_limits(limits, self._limits)
        maps: dict[str, Callable[[], PlantMap | None]] = {
            name: partial(self._map, name, method == name)
            for name in METHODS
            if method in (None, name)
        }
        return PlantRequest(
            self.identity,
            maps,
            self.heat_load,
            float(self.design.suction_volume_flow),
            chosen,
            outside,
            max_solves,
        )

    def _map(self, method: str, forced: bool = False) -> PlantMap | None:
        """A map of this plant, made when it is first asked for."""
        found = self._maps.get(method)
        if found is None:
            # What is not there may be made meanwhile: it is looked for again.
            found = self._made(method, forced)
            if found is not None:
                self._maps[method] = found
        return found

    def _made(self, method: str, forced: bool = False) -> PlantMap | None:
        if method == "table":
            found: PlantMap | None = store.load(self.identity, self._tables)
            return found
        if method == "solve":
            return SolvedMap(self.identity)
        try:
            known = self.regressor
        except TableError as error:
            if forced:
                raise
            warnings.warn(f"{error}; full solves answer instead", stacklevel=2)
            known = None
        sizing = self.identity.sizing
        if known is None or self._design_table is None or sizing is None:
            return None
        return known.plant(self._design_table, sizing)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without tables and maps: they are read again where the plant is next asked."""
        return {**self.__dict__, "_maps": {}, "_design_table": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        design = self.identity._replace(kind="design", sizing=None)
        self._design_table = store.load(design, self._design_tables)

    def __repr__(self) -> str:
        sizing = self.identity.sizing
        assert sizing is not None
        return (
            f"<Plant: {self.identity.topology}, {self.identity.refrigerant}, "
            f"{self.heat_load:.4g} W, {sizing.describe()}>"
        )
