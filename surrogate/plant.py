"""Plant: one sized heat pump, off design."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogate import query, store
from surrogate.conditions import read_operation
from surrogate.errors import InfeasibleError, TableError
from surrogate.estimate import Estimate
from surrogate.identity import Identity
from surrogate.limits import Limits, as_limits
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
        # A file is a design table; only folders can hold the plant's own.
        self._tables = tables if tables is not None and Path(tables).is_dir() else None
        self._limits = limits
        self._maps: dict[str, PlantMap | None] = {}

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
                f"{self._design_table.path}; make it again with `surrogate generate regressor "
                f"{self.identity.refrigerant}`"
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
        max_solves: int = query.MAX_SOLVES,
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
        max_solves: int = query.MAX_SOLVES,
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
        limits: Limits | Mapping[str, float] | None = None,
    ) -> PiecewiseLinear:
        """Power over heat load at some temperatures, piecewise linear, for MILP tools.

        From the lowest continuous load to capacity.

        Parameters
        ----------
        t_source_in, t_return, t_supply : float
            Temperatures [degC].
        segments : int, optional
            Number of segments; 3 if neither this nor a tolerance is given.
        tolerance : float, optional
            Largest relative error of the power; as many segments as it takes.
        limits : Limits or mapping, optional
            As in :meth:`operate`.

        Raises
        ------
        InfeasibleError
            If the plant delivers nothing at these temperatures.
        InputError
            If both ``segments`` and ``tolerance`` are given, or make no sense.
        """
        from surrogate.piecewise import fit

        at: dict[str, Any] = {
            "t_source_in": t_source_in, "t_return": t_return, "t_supply": t_supply,
            "limits": limits,
        }  # fmt: skip
        whole = self.operate(**at, heat_load=0.0)
        if not whole.capacity > 0.0:
            raise InfeasibleError(
                f"the plant delivers nothing at source {t_source_in:g} degC, sink {t_return:g} -> "
                f"{t_supply:g} degC",
                whole.limit,
            )
        lowest = whole.lowest_load or whole.capacity / _SAMPLES
        load = np.linspace(lowest, whole.capacity, _SAMPLES)
        power = self.operate(**at, heat_load=load).raise_for_status().power
        return fit(load, power, segments=segments, tolerance=tolerance)

    def tabulate(
        self,
        *,
        folder: str | os.PathLike[str] | None = None,
        workers: int | None = None,
        console: Console | None = None,
        **axes: Any,
    ) -> Path:
        """Make the plant's own table by full solves, in some minutes.

        It is found from then on, by this plant and any of the same identity.

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
        self._maps.pop("table", None)
        path: Path = made.path
        return path

    def _request(
        self,
        method: str | None,
        limits: Limits | Mapping[str, float] | None,
        outside: str,
        max_solves: int,
    ) -> PlantRequest:
        chosen = self._limits if limits is None else as_limits(limits)
        maps: dict[str, Callable[[], PlantMap | None]] = {
            name: partial(self._map, name) for name in METHODS if method in (None, name)
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

    def _map(self, method: str) -> PlantMap | None:
        """A map of this plant, made when it is first asked for."""
        if method not in self._maps:
            self._maps[method] = self._made(method)
        return self._maps[method]

    def _made(self, method: str) -> PlantMap | None:
        if method == "table":
            found: PlantMap | None = store.load(self.identity, self._tables)
            return found
        if method == "solve":
            return SolvedMap(self.identity)
        known = self.regressor
        sizing = self.identity.sizing
        if known is None or self._design_table is None or sizing is None:
            return None
        return known.plant(self._design_table, sizing)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without its maps: they are made again where the plant is next asked."""
        return {**self.__dict__, "_maps": {}}

    def __repr__(self) -> str:
        sizing = self.identity.sizing
        assert sizing is not None
        return (
            f"<Plant: {self.identity.topology}, {self.identity.refrigerant}, "
            f"{self.heat_load:.4g} W, {sizing.describe()}>"
        )
