"""The pipes of a network by diameter."""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.costing.report.told import Told


@dataclass(frozen=True)
class Pipes:
    """All pipes of one diameter.

    Parameters
    ----------
    diameter : float
        Inner diameter [mm].
    length, share : float
        Of all [m], and of the whole network.
    capex : float
        What is paid for them in year 0 [¤].
    losses : float
        Heat lost in a year [kWh/a].
    """

    diameter: float
    length: float
    share: float
    capex: float
    losses: float


def by_diameter(told: Told) -> list[Pipes]:
    """Add up the pipes of each diameter, from the smallest on.

    Parameters
    ----------
    told : Told
        The result.
    """
    flow = told.cashflow
    paid = flow[(flow["type"] == "pipe") & (flow["cost"] == "capex")]
    capex = -paid.groupby("path_id")["value"].sum()
    laid = told.paths[told.paths["in_network"]]
    laid = laid.assign(capex=laid["path_id"].map(capex).fillna(0.0))
    whole = float(laid["length_m"].sum())
    sums = laid.groupby("diameter_mm")[["length_m", "capex", "losses_kwh"]].sum()
    return [
        Pipes(
            float(row["diameter_mm"]),
            float(row["length_m"]),
            float(row["length_m"]) / whole if whole else 0.0,
            float(row["capex"]),
            float(row["losses_kwh"]),
        )
        for _, row in sums.reset_index().iterrows()
    ]
