"""Invented districts: complete inputs of heat-network costing, from a seed.

Streets come from :mod:`surrogate.costing.town.streets`, buildings from
:mod:`surrogate.costing.town.footprints`; here they get demands, money and supplies.
All figures are typical values of first studies, in ``surrogate/data/district.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, cast

import pandas as pd

from surrogate.costing.town.drawing import Chance, Point
from surrogate.costing.town.footprints import SPECIAL, Footprint, build, data
from surrogate.costing.town.streetgraph import Plan, Street
from surrogate.costing.town.streets import plan
from surrogate.errors import InputError, InputTypeError
from surrogate.extras import need

CRS = "EPSG:25832"
"""Coordinate reference system of the districts."""

_ORIGIN = (563_400.0, 5_802_700.0)
_PATHS_PER_BUILDING = 0.4
_FEWEST, _MOST = 30, 20_000
_HEATED = 0.8  # of the gross floor area
_CIVIL_COST = {"main": 1, "bridge": 1, "lane": 2, "footpath": 3}  # streets: the default
_PEAK = 6000.0  # kW of all buildings, for which the data file's supplies are
_TOWN = 40_000.0  # kW of all buildings, from which there are mains
_LARGEST = 5.0  # times those supplies, as far as the cost curve reaches
_OLD_PIPE = 100.0  # mm
_PER_KW = 650.0  # EUR/kW, a heat pump of many MW
_GRANT = 25_000.0  # for the school


def district(buildings: int = 220, seed: int = 7) -> dict[str, pd.DataFrame]:
    """Invent a district of a town, with all tables of an input.

    Parameters
    ----------
    buildings : int
        How many; exactly so many come out.
    seed : int
        The same seed gives the same district, on every machine.

    Returns
    -------
    dict of str to pandas.DataFrame
        Tables by name; buildings, paths and supplies as geopandas.GeoDataFrame in
        ``EPSG:25832`` [m]. Buildings also say their ``use`` and ``floor_area_m2``,
        paths their ``kind``; costing does not need these.
    """
    _check("buildings", buildings)
    paths = max(_FEWEST, math.ceil(_PATHS_PER_BUILDING * buildings))
    while True:
        chance = Chance(_seed(seed))
        town = plan(paths, chance)
        rows = build(town, buildings, chance)
        if _size(rows) >= buildings:
            return _tables(town, _chosen(rows, buildings, chance), chance)
        paths = math.ceil(1.06 * paths)


def street_network(
    paths: int = 500,
    buildings: int = 200,
    seed: int = 7,
    *,
    linear_density: float | None = None,
    spacing: float = 1.0,
    one_supply: bool = False,
) -> dict[str, pd.DataFrame]:
    """Invent a district with so many rows in the table of paths.

    Parameters
    ----------
    paths : int
        How many, to within three; pieces of street between junctions.
    buildings : int
        How many, spread over the town; exactly so many come out.
    seed : int
        The same seed gives the same district, on every machine.
    linear_density : float, optional
        Heat demand of all buildings over the length of all paths [kWh/(m a)]; demands
        are scaled to that, as if buildings stood for blocks. By default as they come:
        so few buildings along so many streets are a sparse suburb.
    spacing : float
        Distances over those of the default, a town of houses with gardens: an old
        centre has half.
    one_supply : bool
        Whether a single data centre has heat for all; by default three supplies, of
        which the cheapest is scarce.

    Returns
    -------
    dict of str to pandas.DataFrame
        As of :func:`district`.

    Raises
    ------
    InputError
        If there is no room for so many buildings along so few paths, or a density or
        spacing is not positive.
    """
    _check("paths", paths)
    _check("buildings", buildings)
    chance = Chance(_seed(seed))
    town = plan(paths, chance)
    rows = build(town, buildings, chance)
    if _size(rows) < buildings:
        raise InputError(
            f"buildings={buildings}: there is room for {_size(rows)} along {paths} paths; "
            "give fewer buildings or more paths"
        )
    for name, value in (("linear_density", linear_density), ("spacing", spacing)):
        if value is not None and not 0 < value < math.inf:
            raise InputError(f"{name}={value!r} is not positive and finite")
    if linear_density is not None:
        linear_density *= spacing  # of the streets before they are drawn closer
    tables = _tables(town, _chosen(rows, buildings, chance), chance, linear_density)
    for name in ("buildings", "paths", "supplies"):
        tables[name] = _drawn(tables[name], spacing)
    if one_supply:
        tables["supplies"] = _plenty(tables["supplies"], tables["buildings"])
    return tables


def _drawn(table: Any, spacing: float) -> pd.DataFrame:
    """A layer with distances drawn closer, or as it is."""
    if spacing == 1:
        return cast(pd.DataFrame, table)
    shapes = table.geometry.scale(xfact=spacing, yfact=spacing, origin=_ORIGIN)
    return cast(pd.DataFrame, table.set_geometry(shapes))


def _plenty(supplies: pd.DataFrame, buildings: pd.DataFrame) -> pd.DataFrame:
    """The data centre alone, with heat for all at one price per kW."""
    table = supplies[supplies["supply_id"] == "data-centre"].copy()
    table["annual_capacity_kwh"] = 1.5 * buildings["annual_demand_kwh"].sum()
    table["peak_capacity_kw"] = buildings["peak_demand_kw"].sum()
    table["source_capacity_kw"] = None
    table["supply_cost_type"] = None
    table["capex_per_kw"] = _PER_KW
    return table


def _check(name: str, count: Any) -> None:
    if not isinstance(count, int) or isinstance(count, bool):
        raise InputTypeError(f"{name}={count!r} is no whole number")
    if not _FEWEST <= count <= _MOST:
        raise InputError(f"{name}={count}: give {_FEWEST} to {_MOST}")


def _seed(seed: Any) -> int:
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise InputTypeError(f"seed={seed!r} is no whole number")
    if seed < 0:
        raise InputError(f"seed={seed} is negative; give 0 or more")
    return seed


def _size(rows: Sequence[list[Footprint]]) -> int:
    return sum(len(row) for row in rows if row[0].use != "data_centre")


def _chosen(rows: list[list[Footprint]], count: int, chance: Chance) -> list[Footprint]:
    """Leave plots empty until so many buildings are left; the special ones stay."""
    rank = {row[0].row: chance.between(0, 1) for row in rows}
    rows = sorted(rows, key=lambda row: (row[0].use not in SPECIAL, rank[row[0].row]))
    flat = [footprint for row in rows for footprint in row]
    hall = [footprint for footprint in flat if footprint.use == "data_centre"]
    others = [footprint for footprint in flat if footprint.use != "data_centre"]
    return hall + others[:count]


@dataclass(frozen=True)
class _Building:
    """A row of the table of buildings, as far as chance decides it."""

    footprint: Footprint
    floor_area: float
    demand: float
    peak: float
    connections: int


def _building(footprint: Footprint, chance: Chance) -> _Building:
    spec = data()["uses"][footprint.use]
    floors = _area(footprint.points) * chance.between(*spec["storeys"])
    area = round(_HEATED * floors, 1)
    demand = round(area * chance.between(*spec["specific_heat"]))
    peak = demand / (spec["full_load_hours"] * chance.about(1.0, 0.03))
    users = round(area / spec["user_area"]) if "user_area" in spec else 1
    return _Building(footprint, area, float(demand), round(peak, 1), max(1, users))


def _scaled(houses: Sequence[_Building], total: float) -> list[_Building]:
    """The same buildings with so much demand in all."""
    factor = total / sum(house.demand for house in houses)
    return [
        replace(
            house,
            floor_area=round(factor * house.floor_area, 1),
            demand=float(round(factor * house.demand)),
            peak=round(factor * house.peak, 1),
        )
        for house in houses
    ]


def _area(points: Sequence[Point]) -> float:
    doubled = sum(
        p[0] * q[1] - p[1] * q[0] for p, q in zip(points, [*points[1:], points[0]], strict=True)
    )
    return doubled / 2


def _tables(
    town: Plan,
    footprints: Sequence[Footprint],
    chance: Chance,
    linear_density: float | None = None,
) -> dict[str, pd.DataFrame]:
    """All tables of the input."""
    for module in ("geopandas", "pyogrio"):
        need(module, "costing")
    hall = next((f.points for f in footprints if f.use == "data_centre"), None)
    houses = [_building(f, chance) for f in footprints if f.use != "data_centre"]
    if linear_density is not None:
        metres = sum(math.dist(p, q) for street in town.streets for p, q in pairwise(street.points))
        houses = _scaled(houses, linear_density * metres)
    # From north to south, as a surveyor would number them.
    houses.sort(key=lambda house: (-house.footprint.points[0][1], house.footprint.points[0][0]))
    key = next((h for h in houses if h.footprint.use == "hospital"), None)
    key = key or max(houses, key=lambda house: house.demand)
    places = _places(town, hall, key.footprint.points)
    money, peak = data(), sum(house.peak for house in houses)
    parameters = money["parameters"]
    return {
        "buildings": _buildings(houses, key, chance),
        "paths": _paths(town.streets, key.footprint.points[0]),
        "supplies": _supplies(places, peak),
        "supply_costs": _frame(money["supply_costs"]),
        "tariffs": pd.DataFrame(money["tariffs"]),
        "connection_costs": pd.DataFrame(money["connection_costs"]),
        "civil_costs": _civil_costs(mains=peak > _TOWN),
        "civil_cost_names": _civil_cost_names(),
        "parameters": pd.DataFrame(
            {"parameter": list(parameters), "value": list(parameters.values())}, dtype=object
        ),
    }


def _frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table of what they hold, nothing of it converted."""
    columns = dict.fromkeys(name for row in rows for name in row)
    found = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns}
    return pd.DataFrame(found)


def _geo(columns: dict[str, Any], shapes: list[Any]) -> pd.DataFrame:
    import geopandas as gpd

    frame: pd.DataFrame = gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)
    return frame


def _on_map(points: Sequence[Point]) -> list[Point]:
    return [(round(x + _ORIGIN[0], 2), round(y + _ORIGIN[1], 2)) for x, y in points]


def _numbered(letter: str, count: int) -> list[str]:
    digits = max(3, len(str(count)))
    return [f"{letter}{i:0{digits}d}" for i in range(1, count + 1)]


def _buildings(houses: Sequence[_Building], key: _Building, chance: Chance) -> pd.DataFrame:
    """The hospital is required, some houses are left out, a terrace goes as one."""
    from shapely.geometry import Polygon

    uses = [house.footprint.use for house in houses]
    specs = [data()["uses"][use] for use in uses]
    private = [i for i, use in enumerate(uses) if use in ("detached", "semi", "apartments")]
    drawn = sorted(private, key=lambda _: chance.between(0, 1))
    closed = set(drawn[: max(2, len(houses) // 45)])
    row = _longest_terrace(houses)
    constraints = ["forbidden" if i in closed else "optional" for i in range(len(houses))]
    constraints[houses.index(key)] = "required"
    columns = {
        "building_id": _numbered("B", len(houses)),
        "use": uses,
        "floor_area_m2": [house.floor_area for house in houses],
        "annual_demand_kwh": [house.demand for house in houses],
        "peak_demand_kw": [house.peak for house in houses],
        "connections": [house.connections for house in houses],
        "constraint": constraints,
        "demand_group": ["terrace-1" if h.footprint.row == row else None for h in houses],
        "connection_cost_id": [spec["connection_cost"] for spec in specs],
        "tariff_id": [spec["tariff"] for spec in specs],
        "extra_pv": [_GRANT if use == "school" else None for use in uses],
    }
    return _geo(columns, [Polygon(_on_map(house.footprint.points)) for house in houses])


def _longest_terrace(houses: Sequence[_Building]) -> int:
    rows = [house.footprint.row for house in houses if house.footprint.use == "terrace"]
    return max(rows, key=lambda row: (rows.count(row), -row), default=-1)


def _paths(streets: Sequence[Street], key: Point) -> pd.DataFrame:
    """Old pipes lie before the hospital; two of the lanes are private."""
    from shapely.geometry import LineString

    lanes = [i for i, street in enumerate(streets) if street.kind == "lane"]
    private = set(lanes[: 2 if len(lanes) > 3 else 1])
    old = _old_pipes(streets, key)
    civil = [_CIVIL_COST.get(street.kind) for street in streets]
    bridge = -data()["bridges"]["extra_cost"]
    columns = {
        "path_id": _numbered("P", len(streets)),
        "kind": [street.kind for street in streets],
        "constraint": ["forbidden" if i in private else "optional" for i in range(len(streets))],
        "existing_diameter": [_OLD_PIPE if i in old else None for i in range(len(streets))],
        "civil_cost_id": pd.array(civil, dtype="Int64"),
        "extra_pv": [bridge if street.kind == "bridge" else None for street in streets],
    }
    return _geo(columns, [LineString(_on_map(street.points)) for street in streets])


def _old_pipes(streets: Sequence[Street], key: Point) -> set[int]:
    """Three streets in a line, the first of them next to a place."""
    open_streets = [i for i, street in enumerate(streets) if street.kind in ("main", "street")]
    first = min(open_streets, key=lambda i: min(math.dist(key, p) for p in streets[i].points))
    found, end = [first], streets[first].points[-1]
    for _ in range(2):
        onward = [i for i in open_streets if i not in found and end in _ends(streets[i])]
        if not onward:
            break
        found.append(onward[0])
        a, b = _ends(streets[onward[0]])
        end = b if end == a else a
    return set(found)


def _ends(street: Street) -> tuple[Point, Point]:
    return street.points[0], street.points[-1]


def _places(town: Plan, hall: Sequence[Point] | None, key: Sequence[Point]) -> dict[str, Any]:
    """Data centre in its hall, sewage works down the river, boiler beside the hospital."""
    from shapely.geometry import Point as Place
    from shapely.geometry import Polygon

    banks = [point for block in town.blocks if block.use == "water" for point in block.outline]
    down = max(banks, key=lambda point: math.dist(point, town.centre))
    works = _beyond(town.centre, down, 45.0)
    middle = (sum(x for x, _ in key) / len(key), sum(y for _, y in key) / len(key))
    boiler = _beyond(middle, max(key, key=lambda point: math.dist(point, middle)), 6.0)
    outside = _beyond((0.0, 0.0), (town.centre[0] - town.radius, town.centre[1]), 30.0)
    return {
        "data-centre": Polygon(_on_map(hall)) if hall else Place(*_on_map([outside])),
        "sewage-works": Place(*_on_map([works])),
        "gas-boiler": Place(*_on_map([boiler])),
    }


def _supplies(places: dict[str, Any], peak: float) -> pd.DataFrame:
    """Supplies as the data file has them, larger in larger districts."""
    rows = [dict(row, constraint="optional") for row in data()["supplies"]]
    for row in rows:
        most = _LARGEST if "supply_cost_type" in row else math.inf
        scale = round(min(most, max(1.0, peak / _PEAK)), 1)
        for name in ("annual_capacity_kwh", "peak_capacity_kw", "source_capacity_kw"):
            if name in row:
                row[name] = round(scale * row[name], 1)
    columns = dict.fromkeys(name for row in rows for name in row)
    values = {name: [row.get(name) for row in rows] for name in columns}
    return _geo(values, [places[row["supply_id"]] for row in rows])


def _beyond(origin: Point, point: Point, distance: float) -> Point:
    """Give the place so far behind a point, seen from an origin."""
    far = math.dist(origin, point)
    share = distance / far
    return (
        point[0] + share * (point[0] - origin[0]),
        point[1] + share * (point[1] - origin[1]),
    )


def _civil_costs(*, mains: bool) -> pd.DataFrame:
    names = data()["civil_costs"]["names"]
    parts = [data()["civil_costs"], *([data()["mains"]] if mains else [])]
    return pd.DataFrame(
        [
            {"diameter_mm": float(diameter), "civil_cost_id": i, "cost_m": float(cost)}
            for i, name in enumerate(names, start=1)
            for part in parts
            for diameter, cost in zip(part["diameter_mm"], part[name], strict=True)
        ]
    )


def _civil_cost_names() -> pd.DataFrame:
    table = data()["civil_costs"]
    return pd.DataFrame(
        [
            {"civil_cost_id": i, "name": name, "is_default": name == table["default"]}
            for i, name in enumerate(table["names"], start=1)
        ]
    )
