"""What pipes cost where: civil costs by surface and diameter, and pipes that lie there already."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from surrogate.costing.checking import Rows
from surrogate.costing.economics import Horizon
from surrogate.costing.network import Network
from surrogate.costing.pipes import HOURS, Regime, capacity_kw, loss_w_per_m
from surrogate.costing.problem import Options, Pipe
from surrogate.costing.schema import Path

Floats = npt.NDArray[np.float64]


class CivilCosts:
    """What a metre of pipe costs, by surface and diameter.

    Parameters
    ----------
    rows : Rows
        The checked rows.
    """

    def __init__(self, rows: Rows) -> None:
        self._tables: dict[int | str, tuple[Floats, Floats]] = {}
        self.default = rows.default_civil_cost
        every = np.unique([row.diameter_mm for row in rows.civil_costs])
        for name in {row.civil_cost_id for row in rows.civil_costs}:
            own = sorted(
                (row.diameter_mm, row.cost_m)
                for row in rows.civil_costs
                if row.civil_cost_id == name
            )
            diameters, costs = np.array(own, dtype=float).T
            inside = every[(every >= diameters[0]) & (every <= diameters[-1])]
            if inside[-1] < every[-1]:
                warnings.warn(
                    f"civil_costs: id {name!r} ends at {diameters[-1]:g} mm, others at "
                    f"{every[-1]:g} mm; larger pipes cannot be laid there",
                    stacklevel=2,
                )
            self._tables[name] = (inside, np.interp(inside, diameters, costs))

    def sizes(self, name: int | str) -> tuple[Floats, Floats]:
        """Diameters that can be laid [mm] and the cost of each [¤/m].

        Parameters
        ----------
        name : int or str
            A civil_cost_id.
        """
        return self._tables[name]


def options_of(path: Path | None, length: float, civil: CivilCosts, regime: Regime) -> Options:
    """Pipes that may lie along a stretch of a path, or along a connector.

    A pipe that is there already stays if it carries the load, and only its
    replacement is paid; a larger one costs as much as any.

    Parameters
    ----------
    path : Path or None
        The path; None for a connector.
    length : float
        Of the stretch [m].
    civil : CivilCosts
        What a metre costs.
    regime : Regime
        Temperatures.
    """
    name = civil.default if path is None or path.civil_cost_id is None else path.civil_cost_id
    assert name is not None  # checked: where there are paths there is a default
    diameters, per_metre = civil.sizes(name)
    capex = repex = per_metre * length
    if path is not None and path.existing_diameter is not None:
        there = path.existing_diameter
        larger = diameters > there
        again = float(np.interp(there, diameters, per_metre)) * length
        diameters = np.append(there, diameters[larger])
        capex = np.append(0.0, capex[larger])
        repex = np.append(again, repex[larger])
    return Options(
        diameter_mm=diameters,
        capacity_kw=capacity_kw(diameters / 1000, regime),
        loss_kwh=loss_w_per_m(diameters / 1000, regime) * length * HOURS / 1000,
        capex=np.asarray(capex),
        repex=np.asarray(repex),
    )


def pipe_of(
    i: int, rows: Rows, network: Network, civil: CivilCosts, horizon: Horizon, regime: Regime
) -> Pipe:
    """Pipes that may lie along a segment, with their present values.

    Parameters
    ----------
    i : int
        Number of the segment.
    rows : Rows
        The checked rows.
    network : Network
        The segments.
    civil : CivilCosts
        What a metre costs.
    horizon : Horizon
        The years.
    regime : Regime
        Temperatures.
    """
    segment, settings = network.segments[i], rows.settings
    path = None if segment.connector else rows.paths[segment.path]
    options = options_of(path, segment.length, civil, regime)
    extra = 0.0
    if path is not None and path.extra_pv:
        extra = path.extra_pv * segment.length / network.path_lengths[segment.path]
    capex = options.capex
    repex = options.repex * horizon.replacement(settings.distribution_lifetime)
    counted = settings.use_pipe_capex * capex + settings.use_pipe_repex * repex
    return Pipe(
        segment=i,
        name=segment.path_id,
        length=segment.length,
        options=options,
        extra_pv=extra,
        npv=extra - capex - repex,
        objective=extra - counted,
    )
