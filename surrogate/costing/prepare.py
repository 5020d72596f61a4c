"""From tables to a problem in numbers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from surrogate.costing.checking import InputTablesError, Rows, check, keys_in, records
from surrogate.costing.civilcosts import CivilCosts, pipe_of
from surrogate.costing.customers import customer_value
from surrogate.costing.diversity import Diversity
from surrogate.costing.economics import Horizon
from surrogate.costing.geometry import Plane, read_geometries
from surrogate.costing.heatpumps import (
    HeatPumpSupply,
    heat_emissions,
    heat_limit,
    heat_price,
    heat_pumps_of,
)
from surrogate.costing.network import Network, build_network
from surrogate.costing.parameters import Settings
from surrogate.costing.pipes import Regime
from surrogate.costing.problem import Customer, Link, Problem, Source, Violation, link_of
from surrogate.costing.reduce import Reduced, reduce_network
from surrogate.costing.schema import Building, as_text, is_forbidden
from surrogate.costing.supplycosts import costing, parts_of
from surrogate.errors import InputTypeError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Site:
    """An input, checked, as a network: all of it that hangs on no temperature.

    Parameters
    ----------
    rows : Rows
        The checked rows.
    plane : Plane
        Geometries in one plane.
    names : mapping
        IDs of buildings, paths and supplies, made up where they were missing.
    network, reduced : Network, Reduced
        What may be in a network.
    barred : frozenset
        Demand groups with a forbidden member.
    """

    rows: Rows
    plane: Plane
    names: Mapping[str, list[str]]
    network: Network
    reduced: Reduced
    barred: frozenset[int | str]


@dataclass(frozen=True)
class Prepared:
    """An input, checked, as a network and as a problem in numbers.

    Parameters
    ----------
    rows : Rows
        The checked rows.
    plane : Plane
        Geometries in one plane.
    names : mapping
        IDs of buildings, paths and supplies, made up where they were missing.
    network, reduced : Network, Reduced
        What may be in a network.
    heat_pumps : mapping
        Supplies that are heat pumps, by row.
    problem : Problem
        In numbers.
    """

    rows: Rows
    plane: Plane
    names: Mapping[str, list[str]]
    network: Network
    reduced: Reduced
    heat_pumps: Mapping[int, HeatPumpSupply]
    problem: Problem


def prepare(tables: Mapping[str, pd.DataFrame]) -> Prepared:
    """Check an input and bring it into numbers.

    Parameters
    ----------
    tables : mapping
        The input tables by name.

    Raises
    ------
    InputTypeError
        If that is no mapping of tables.
    InputTablesError
        If anything in them is wrong; it lists all that is.
    """
    site = survey(tables)
    return prepare_at(site, site.rows.settings)


def prepare_at(site: Site, settings: Settings) -> Prepared:
    """Bring a checked input into numbers.

    Parameters
    ----------
    site : Site
        The input.
    settings : Settings
        The parameters, which may differ from the input's in flow and return.

    Raises
    ------
    InputTablesError
        If there is no heat pump as a supply says for that flow and return.
    """
    rows = replace(site.rows, settings=settings)
    heat_pumps, mistakes = heat_pumps_of(rows)
    if mistakes:
        raise InputTablesError(mistakes)
    problem = _problem(rows, site.names, site.network, site.reduced, heat_pumps, site.barred)
    return Prepared(rows, site.plane, site.names, site.network, site.reduced, heat_pumps, problem)


def survey(tables: Mapping[str, pd.DataFrame], *, temperatures: bool = True) -> Site:
    """Check an input and make its network, without asking for heat pumps.

    Parameters
    ----------
    tables : mapping
        The input tables by name.
    temperatures : bool
        Whether flow, return and ground must fit each other.

    Raises
    ------
    InputTypeError
        If that is no mapping of tables.
    InputTablesError
        If anything in them is wrong; it lists all that is.
    """
    if not isinstance(tables, Mapping):
        raise InputTypeError(f"tables is a {type(tables).__name__}, not a dict of DataFrames")
    rows, mistakes = check(tables, temperatures=temperatures)
    plane, more = read_geometries(tables, _forbidden(tables))
    if rows is None or plane is None or mistakes or more:
        raise InputTablesError([*mistakes, *more])
    names = {
        "buildings": _names("B", _given(tables["buildings"], "building_id", rows.buildings)),
        "paths": _names("P", [path.path_id for path in rows.paths]),
        "supplies": _names("S", [supply.supply_id for supply in rows.supplies]),
    }
    network = build_network(
        plane.geometries["paths"],
        names["paths"],
        np.array([path.constraint != "forbidden" for path in rows.paths], dtype=bool),
        plane.geometries["buildings"],
        np.array([building is not None for building in rows.buildings], dtype=bool),
        plane.geometries["supplies"],
        np.array([supply.constraint != "forbidden" for supply in rows.supplies], dtype=bool),
    )
    _warn_of_far(network)
    return Site(rows, plane, names, network, reduce_network(network), _barred(tables))


_FAR = 1000.0
"""Connectors longer than this are probably a mistake [m]."""


def _warn_of_far(network: Network) -> None:
    """Warn of connectors so long that coordinates are probably wrong."""
    far = [segment for segment in network.segments if segment.connector and segment.length > _FAR]
    if far:
        longest = max(far, key=lambda segment: segment.length)
        warnings.warn(
            f"{len(far)} connectors are longer than {_FAR:g} m, the longest, {longest.path_id}, "
            f"{longest.length / 1000:,.1f} km; are the coordinates right, and in the same order?",
            stacklevel=4,
        )


def _forbidden(tables: Mapping[str, pd.DataFrame]) -> npt.NDArray[np.bool_]:
    """Buildings of which nothing is read."""
    table = tables.get("buildings")
    if table is None or list(table.columns).count("constraint") != 1:
        return np.zeros(0 if table is None else len(table), dtype=bool)
    return np.array([is_forbidden(word) for word in table["constraint"]], dtype=bool)


def _given(
    table: pd.DataFrame, column: str, buildings: Sequence[Building | None]
) -> list[str | None]:
    """IDs of buildings; those of forbidden ones straight from the table."""
    raw = [as_text(row.get(column)) for row in records(table, [column])]
    return [
        building.building_id if building is not None else None if value is None else str(value)
        for building, value in zip(buildings, raw, strict=True)
    ]


def _names(letter: str, given: Sequence[str | None]) -> list[str]:
    """IDs, made up where they are missing."""
    taken = {name for name in given if name}
    result = []
    for i, name in enumerate(given, start=1):
        made = name or f"{letter}-{i}"
        while not name and made in taken:
            made += "'"
        result.append(made)
    return result


def _problem(
    rows: Rows,
    names: Mapping[str, list[str]],
    network: Network,
    reduced: Reduced,
    heat_pumps: Mapping[int, HeatPumpSupply],
    barred: frozenset[int | str],
) -> Problem:
    settings = rows.settings
    horizon = Horizon(settings.npv_rate, settings.npv_term)
    diversity = Diversity(settings.diversity_limit, settings.diversity_rate)
    regime = Regime(
        settings.flow_temperature, settings.return_temperature, settings.ground_temperature
    )
    customers = tuple(
        _customer(
            i,
            building,
            names["buildings"][i],
            int(network.building_nodes[i]),
            rows,
            horizon,
            diversity,
        )
        for i, building in enumerate(rows.buildings)
        if building is not None and int(network.building_nodes[i]) in reduced.reached
    )
    customers, impossible = _connectable(customers, rows, names, barred)
    impossible += _pathless(rows, network, reduced)
    return Problem(
        nodes=network.size,
        links=_links(rows, network, reduced, horizon, regime),
        customers=customers,
        sources=_sources(rows, names["supplies"], network, heat_pumps, horizon),
        settings=settings,
        horizon=horizon,
        diversity=diversity,
        regime=regime,
        impossible=tuple(impossible),
    )


def _barred(tables: Mapping[str, pd.DataFrame]) -> frozenset[int | str]:
    """Demand groups with a forbidden member."""
    table = tables["buildings"]
    return keys_in(table[_forbidden(tables)], "demand_group")


def _connectable(
    customers: tuple[Customer, ...],
    rows: Rows,
    names: Mapping[str, list[str]],
    barred: frozenset[int | str],
) -> tuple[tuple[Customer, ...], list[Violation]]:
    """Customers whose whole group can be connected, and what must be but cannot."""
    reached = {customer.row for customer in customers}
    cut_off = {
        building.demand_group
        for i, building in enumerate(rows.buildings)
        if building is not None and i not in reached and building.demand_group is not None
    }
    impossible = [
        Violation("unreachable-building", (names["buildings"][i],), 0, 1)
        for i, building in enumerate(rows.buildings)
        if building is not None and i not in reached and building.constraint == "required"
    ]
    kept = []
    for customer in customers:
        if customer.group not in barred | cut_off:
            kept.append(customer)
        elif customer.required:
            kind = "forbidden-group" if customer.group in barred else "unreachable-group"
            impossible.append(Violation(kind, (customer.name, str(customer.group)), 0, 1))
    return tuple(kept), impossible


def _pathless(rows: Rows, network: Network, reduced: Reduced) -> list[Violation]:
    """Required paths of which no part can carry heat."""
    chained = {i for chain in reduced.chains for i in chain.segments}
    used = {network.segments[i].path for i in chained}
    return [
        Violation(
            "unreachable-path" if reduced.unreachable[i] else "peripheral-path",
            (segment.path_id,),
            0,
            1,
        )
        for i, segment in enumerate(network.segments)
        if segment.path not in used and _required(i, rows, network)
    ]


def _customer(
    row: int,
    building: Building,
    name: str,
    node: int,
    rows: Rows,
    horizon: Horizon,
    diversity: Diversity,
) -> Customer:
    tariff = rows.tariffs[building.tariff_id]
    connection = rows.connection_costs[building.connection_cost_id]
    worth = {
        objective: customer_value(building, tariff, connection, rows.settings, horizon, objective)
        for objective in (False, True)
    }
    return Customer(
        row=row,
        name=name,
        node=node,
        kwh=building.annual_demand_kwh,
        peak_kw=building.peak_demand_kw,
        connections=building.connections,
        spread_kw=diversity.undiversified(building.peak_demand_kw, building.connections),
        npv=worth[False],
        objective=worth[True],
        required=building.constraint == "required",
        group=building.demand_group,
    )


def _links(
    rows: Rows, network: Network, reduced: Reduced, horizon: Horizon, regime: Regime
) -> tuple[Link, ...]:
    if not reduced.chains:
        return ()
    civil = CivilCosts(rows)
    return tuple(
        link_of(
            chain.u,
            chain.v,
            tuple(pipe_of(i, rows, network, civil, horizon, regime) for i in chain.segments),
            tuple(
                network.segments[i].path_id for i in chain.segments if _required(i, rows, network)
            ),
        )
        for chain in reduced.chains
    )


def _required(i: int, rows: Rows, network: Network) -> bool:
    path = network.segments[i].path
    return path >= 0 and rows.paths[path].constraint == "required"


def _sources(
    rows: Rows,
    names: list[str],
    network: Network,
    heat_pumps: Mapping[int, HeatPumpSupply],
    horizon: Horizon,
) -> tuple[Source, ...]:
    settings: Settings = rows.settings
    result = []
    for i, supply in enumerate(rows.supplies):
        if supply.constraint == "forbidden":
            continue
        pump = heat_pumps.get(i)
        further = [
            row for row in rows.supply_costs if row.supply_cost_type == supply.supply_cost_type
        ]
        named = supply.model_copy(update={"supply_id": names[i]})
        limit = heat_limit(supply, pump)
        parts = parts_of(named, further, heat_price(supply, pump), horizon, limit)
        emissions = heat_emissions(supply, pump)
        result.append(
            Source(
                row=i,
                name=names[i],
                node=int(network.supply_nodes[i]),
                capacity_kw=limit,
                capacity_kwh=supply.annual_capacity_kwh,
                emissions=np.nan if emissions is None else emissions,
                required=supply.constraint == "required",
                parts=parts,
                npv=costing(parts, limit, horizon, settings, objective=False),
                objective=costing(parts, limit, horizon, settings, objective=True),
            )
        )
    return tuple(result)
