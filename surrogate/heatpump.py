"""HeatPump: what users hold."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from surrogate import fluids, query, store
from surrogate import topology as topologies
from surrogate.conditions import SCALAR, Conditions, check_point, read, read_point
from surrogate.errors import InputError
from surrogate.estimate import Estimate
from surrogate.identity import SOURCE_CONTROLS, Identity, Sizing
from surrogate.limits import DEFAULT_LIMITS, Limits, as_limits
from surrogate.parameters import ETA_S_DEFAULT, MAX_SOLVES, Parameters
from surrogate.tablemodel import Table

if TYPE_CHECKING:
    from surrogate.plant import Plant


class HeatPump:
    """A heat pump of one topology with one refrigerant.

    Its table is found and read at the first question. Without a table every
    point is a full TESPy solve, and a warning says how to make one.

    Parameters
    ----------
    refrigerant : str
        Name of the refrigerant, as CoolProp or trade call it.
    topology : str
        The cycle.
    tables : path, optional
        A table file, or a folder to look in before all others.
    **parameters : float
        Fields of :class:`surrogate.Parameters` that differ from their
        defaults: ``pinch``, ``superheat``, ``subcooling``, ...

    Raises
    ------
    UnknownRefrigerantError
        If CoolProp does not know the refrigerant.
    InputError
        If the topology or a parameter is wrong.

    Examples
    --------
    >>> hp = HeatPump("R717")
    >>> est = hp.design(t_source_in=30, t_source_out=25, t_return=50, t_supply=80, heat_load=1e6)
    >>> est.status, round(est.cop, 3), round(est.power)
    ('ok', 3.975, 251541)

    Arrays go in and come out, of any shapes that broadcast:

    >>> est = hp.design(t_source_in=[20, 25, 10], t_source_out=[15, 20, 5], t_return=50,
    ...                 t_supply=70, heat_load=1e6)
    >>> est.cop.round(2), est.status.tolist()
    (array([3.75, 4.09,  nan]), ['ok', 'ok', 'infeasible'])
    """

    def __init__(
        self,
        refrigerant: str,
        *,
        topology: str = "single_stage",
        tables: str | os.PathLike[str] | None = None,
        **parameters: float,
    ) -> None:
        topologies.get(topology)
        misplaced = sorted(set(parameters) & {*Conditions._fields, "limits"})
        if misplaced:
            raise InputError(f"{misplaced[0]} is no parameter of the machine; give it to design()")
        self._identity = Identity(
            "design",
            topology,
            fluids.canonical_name(refrigerant),
            Parameters.from_mapping(parameters),
        )
        self._tables = tables
        self._table: Table | None = None
        self._looked = False
        self._warned = False
        self._request: query.Request | None = None

    @property
    def identity(self) -> Identity:
        """Topology, refrigerant and parameters: what its table is found by."""
        return self._identity

    @property
    def refrigerant(self) -> str:
        """Name of the refrigerant."""
        return self._identity.refrigerant

    @property
    def topology(self) -> str:
        """Name of the cycle."""
        return self._identity.topology

    @property
    def parameters(self) -> Parameters:
        """What is fixed about the machine."""
        return self._identity.parameters

    @property
    def table(self) -> Table | None:
        """The table that answers, or None where there is none.

        Raises
        ------
        TableError
            If there is one that must not be believed.
        """
        if not self._looked:
            self._table = store.load(self._identity, self._tables)
            self._looked = True
        return self._table

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without the table: it is read again where the pump is next asked."""
        return {**self.__dict__, "_table": None, "_looked": False, "_request": None}

    def _advice(self) -> str:
        changed = " with these parameters" if self.parameters != Parameters() else ""
        return (
            f"there is no table of {self.refrigerant}{changed}, "
            f"so every point is a full solve of some {1e3 * query.SECONDS_PER_SOLVE:.0f} ms, once "
            f"TESPy is loaded; make a table in some minutes with "
            f"`{query.generate_command(self._identity)}`"
        )

    def design(
        self,
        *,
        t_source_in: Any,
        t_source_out: Any,
        t_return: Any,
        t_supply: Any,
        heat_load: Any,
        eta_s: Any = ETA_S_DEFAULT,
        limits: Limits | Mapping[str, float] | None = None,
        outside: str = "solve",
        max_solves: int = MAX_SOLVES,
    ) -> Estimate:
        """Estimate design points: machines sized for these very conditions.

        Parameters
        ----------
        t_source_in, t_source_out : float or array
            Source water into and out of the evaporator [degC].
        t_return, t_supply : float or array
            District-heating water into and out of the condenser [degC].
        heat_load : float or array
            Heat to the district-heating water [W]; 0 is off.
        eta_s : float or array
            Isentropic efficiency of the compressor [1].
        limits : Limits or mapping, optional
            What the machine must not exceed, where it differs from the
            defaults of :class:`surrogate.Limits`.
        outside : {"solve", "raise", "nan"}
            What to do with points outside the table: a full TESPy solve, an
            error, or NaN with the status ``outside``.
        max_solves : int
            Most full solves that this call may make.

        Returns
        -------
        Estimate
            Conditions broadcast against each other; the answer comes in their
            kind: floats, NumPy arrays, pandas Series or xarray DataArrays.

        Raises
        ------
        InputError, InputTypeError
            If a condition is not a number, not finite, out of all range, in
            the wrong order, or the shapes do not broadcast.
        OutsideTableError
            With ``outside="raise"``.
        TooManySolvesError
            If more full solves are needed than ``max_solves``.
        """
        request = self._request
        if (
            request is None
            or limits is not None
            or outside != "solve"
            or (max_solves != MAX_SOLVES)
        ):
            request = self._ask(limits, outside, max_solves)
        given = (t_source_in, t_source_out, t_return, t_supply, heat_load, eta_s)
        # The way of a single point: plain numbers need none of the reading below.
        for value in given:
            if type(value) is not float and type(value) is not int:
                break
        else:
            try:
                point = Conditions._make([float(value) for value in given])
            except OverflowError:
                pass  # an integer beyond all floats: the reading below says which
            else:
                check_point(point)
                return query.answer(request, point, SCALAR)
        names = Conditions._fields
        conditions, container = read(dict(zip(names, given, strict=True)))
        return query.answer(request, conditions, container)

    def plant(
        self,
        *,
        t_source_in: float,
        t_source_out: float,
        t_return: float,
        t_supply: float,
        heat_load: float,
        eta_s: float = ETA_S_DEFAULT,
        source_control: str = "flow",
        limits: Limits | Mapping[str, float] | None = None,
    ) -> Plant:
        """Size a plant for a design point, to run it at others.

        Parameters
        ----------
        t_source_in, t_source_out, t_return, t_supply : float
            Temperatures of the design [degC]; see :meth:`design`.
        heat_load : float
            Heat load of the design [W].
        eta_s : float
            Isentropic efficiency of the compressor at the design [1].
        source_control : {"flow", "outlet"}
            What is held on the source side off design: the design's flow, so
            that the outlet follows, or the design's outlet, so that the flow
            follows.
        limits : Limits or mapping, optional
            What the plant must not exceed.

        Returns
        -------
        Plant
            Ask it with :meth:`Plant.operate` and :meth:`Plant.capacity`.

        Raises
        ------
        InputError, InputTypeError
            If an argument makes no sense.
        InfeasibleError, NotConvergedError
            If there is no such design.

        Examples
        --------
        >>> plant = HeatPump("R717").plant(t_source_in=30, t_source_out=25, t_return=50,
        ...                                t_supply=80, heat_load=1e6)
        >>> round(plant.capacity(t_source_in=25, t_return=50, t_supply=80) / 1e3)
        903
        """
        # Imported here: most pumps are never sized for a plant.
        from surrogate.plant import Plant

        if source_control not in SOURCE_CONTROLS:
            raise InputError(
                f"source_control = {source_control!r}, but it must be one of "
                f"{', '.join(SOURCE_CONTROLS)}"
            )
        values = (t_source_in, t_source_out, t_return, t_supply, heat_load, eta_s)
        point = read_point(dict(zip(Conditions._fields, values, strict=True)))
        if point.heat_load == 0.0:
            raise InputError("heat_load = 0 W, but a plant must be designed for some heat")
        chosen = as_limits(limits)
        design = self.design(**point._asdict(), limits=chosen).raise_for_status()
        sizing = Sizing(*point[:4], point.eta_s, source_control)
        identity = self._identity._replace(kind="plant", sizing=sizing)
        return Plant(identity, design, self.table, self._tables, chosen)

    def _ask(
        self, limits: Limits | Mapping[str, float] | None, outside: str, max_solves: int
    ) -> query.Request:
        query.check_request(outside, max_solves)
        chosen = as_limits(limits)
        request = query.Request(self._identity, self.table, chosen, outside, max_solves)
        if request.table is None and outside == "solve" and not self._warned:
            self._warned = True
            warnings.warn(self._advice(), stacklevel=3)
        if chosen is DEFAULT_LIMITS and outside == "solve" and max_solves == MAX_SOLVES:
            self._request = request
        return request

    def __repr__(self) -> str:
        return f"<HeatPump: {self.topology}, {self.refrigerant}>"
