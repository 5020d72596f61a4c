"""Topologies: what each cycle is tabulated over, and where its model stands.

Nothing here imports TESPy: a query needs to know a table's coordinates, not
how its nodes were solved.
"""

from __future__ import annotations

from typing import NamedTuple

from surrogate.errors import InputError


class Output(NamedTuple):
    """A quantity of the refrigerant's side that a table holds at its nodes."""

    name: str
    unit: str
    long_name: str


class Topology(NamedTuple):
    """A heat pump cycle.

    Attributes
    ----------
    name, long_name : str
        Its name in calls and in words.
    model : str
        Module and class of its TESPy model, imported for full solves only.
    """

    name: str
    long_name: str
    model: str


AXES: dict[str, tuple[str, str]] = {
    "lift_share": ("1", "place of the condensing temperature between its bounds"),
    "t_evap": ("degC", "evaporating temperature (dew)"),
    "eta_s": ("1", "isentropic efficiency"),
}
"""Coordinates of a design table: unit and long name, in the order of the grid."""

OUTPUTS: tuple[Output, ...] = (
    Output("quality", "1", "cooling COP of the cycle over the reversed Carnot cycle's, per eta_s"),
    Output("desuperheating_share", "1", "share of the condenser's heat above the dew point"),
    Output("subcooling_share", "1", "share of the condenser's heat below the bubble point"),
    Output("superheating_share", "1", "share of the evaporator's heat above the dew point"),
    Output("discharge_superheat", "K", "superheat at the compressor outlet"),
    Output("superheat", "K", "superheat at the compressor inlet"),
    Output("log_p_evap", "1", "natural logarithm of the evaporating pressure in bar"),
    Output("log_p_cond", "1", "natural logarithm of the condensing pressure in bar"),
    Output("heat_per_mass", "kJ/kg", "heat to the sink per mass of refrigerant"),
    Output("log_suction_density", "1", "natural logarithm of the suction density in kg/m3"),
    Output("condenser_glide", "K", "dew less bubble temperature in the condenser"),
    Output("evaporator_glide", "K", "dew less inlet temperature in the evaporator"),
)
"""What is interpolated, chosen for smoothness; everything else follows from it."""

BRANCHES = ("suction", "discharge")
"""Where the superheat is set; each is a smooth branch, the kink lies between them."""

TOPOLOGIES: dict[str, Topology] = {
    "single_stage": Topology(
        "single_stage",
        "single stage: evaporator, compressor, condenser, valve",
        "surrogate.cycle.single_stage:SingleStage",
    ),
}


def get(name: str) -> Topology:
    """Return the topology of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        return TOPOLOGIES[name]
    except (KeyError, TypeError):
        raise InputError(
            f"topology = {name!r}, but it must be one of {', '.join(TOPOLOGIES)}"
        ) from None
