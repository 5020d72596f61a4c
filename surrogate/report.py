"""What the command prints for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table as Grid

from surrogate import fluids, topology
from surrogate.errors import TableError
from surrogate.store import available_tables, read_any, shipped_folder, user_folder
from surrogate.tablemodel import Table

if TYPE_CHECKING:
    from surrogate.estimate import Estimate
    from surrogate.generate.kinds import AnyMade
    from surrogate.heatpump import HeatPump
    from surrogate.plant import Plant
    from surrogate.plantestimate import PlantEstimate
    from surrogate.planttable import PlantTable
    from surrogate.regressor import Regressor


def print_estimate(heat_pump: HeatPump, result: Estimate) -> None:
    """Print one estimate as a short report."""
    console = Console(highlight=False)
    chosen = topology.get(heat_pump.topology)
    grid = Grid.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(style="dim")
    for name, value, remark in _lines(result):
        grid.add_row(name, value, remark)
    console.print(f"[bold]{heat_pump.refrigerant}[/], {chosen.long_name}")
    console.print(
        f"source {result.t_source_in:g} -> {result.t_source_out:g} degC, "
        f"network {result.t_return:g} -> {result.t_supply:g} degC, "
        f"{_watts(result.heat_load)}, eta_s {result.eta_s:g}\n"
    )
    console.print(grid)
    console.print()
    console.print(f"[dim]{_origin(heat_pump, result)}[/]")
    console.print(f"[dim]{_facts(heat_pump.refrigerant)}[/]")


def _lines(result: Estimate) -> list[tuple[str, str, str]]:
    if result.status == "off":
        return [("status", "off", "no heat load")]
    return [
        ("[bold]COP[/]", f"[bold]{result.cop:.3f}[/]", "heat to the network over electric power"),
        ("power", _watts(result.power), "electric, at the motor"),
        ("heat from source", _watts(result.heat_source), ""),
        ("motor loss", _watts(result.power + result.heat_source - result.heat_load), "to ambient"),
        ("evaporation", f"{result.t_evap:.1f} degC", f"{result.p_evap:.2f} bar"),
        ("condensation", f"{result.t_cond:.1f} degC", f"{result.p_cond:.2f} bar"),
        ("discharge", f"{result.t_discharge:.1f} degC", ""),
        ("superheat", f"{result.superheat:.1f} K", "of the suction gas"),
        ("suction flow", f"{3600 * result.suction_volume_flow:.4g} m3/h", ""),
        ("refrigerant flow", f"{result.mass_flow:.4g} kg/s", ""),
        ("UA condenser", f"{result.ua_condenser / 1e3:.4g} kW/K", ""),
        ("UA evaporator", f"{result.ua_evaporator / 1e3:.4g} kW/K", ""),
    ]


def _origin(heat_pump: HeatPump, result: Estimate) -> str:
    if result.origin == "table":
        return (
            f"From a table; 95 % of full solves nearby lie within {100 * result.error:.2g} % of "
            "its COP."
        )
    if result.origin == "solve":
        why = "there is no table" if heat_pump.table is None else "it lies outside the table"
        return f"From a full TESPy solve: {why}."
    return "No machine runs."


def _facts(refrigerant: str) -> str:
    known = fluids.facts(refrigerant)
    if known is None:
        return f"{refrigerant}: GWP100, safety class and PFAS status are not in the data file."
    pfas = "PFAS" if known.pfas else "no PFAS"
    return (
        f"{known.name} ({known.chemical}): GWP100 {known.gwp100:g}, safety class "
        f"{known.safety_class}, {pfas} (status {fluids.sources()['pfas_date']})."
    )


def _watts(value: float) -> str:
    """Power with the prefix that keeps it short.

    Examples
    --------
    >>> _watts(251541.3), _watts(20.0), _watts(1.2e7)
    ('251.5 kW', '20 W', '12 MW')
    """
    for factor, unit in ((1e9, "GW"), (1e6, "MW"), (1e3, "kW")):
        if abs(value) >= factor:
            return f"{value / factor:.4g} {unit}"
    return f"{value:.4g} W"


def describe_tables(folder: Path | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    """Describe all tables that queries can use.

    Parameters
    ----------
    folder : Path, optional
        A folder to list instead of the user's and the shipped ones.

    Returns
    -------
    list of dict
        A row for each table.
    list of str
        What is wrong with files that cannot be believed.
    """
    rows, problems = [], []
    for path in available_tables(folder):
        try:
            rows.append(_row(read_any(path)))
        except TableError as error:
            problems.append(str(error))
    return rows, problems


def _row(found: Table | PlantTable | Regressor) -> dict[str, Any]:
    """One file, whatever its kind."""
    identity = found.identity
    known = fluids.facts(identity.refrigerant)
    names = ("points", "mean", "p95", "p99", "max")
    return {
        "kind": identity.kind,
        "topology": identity.topology,
        "refrigerant": identity.refrigerant,
        "parameters": identity.parameters.to_dict(),
        **_coverage(found),
        "error": {name: float(found.attributes[f"held_out_{name}"]) for name in names},
        "gwp100": None if known is None else known.gwp100,
        "safety_class": None if known is None else known.safety_class,
        "pfas": None if known is None else known.pfas,
        "path": str(found.path),
        "shipped": found.path.parent == shipped_folder(),
    }


def _coverage(found: Table | PlantTable | Regressor) -> dict[str, Any]:
    """What a file covers."""
    if isinstance(found, Table):
        names = ("t_supply", "t_evap", "source_glide", "sink_glide", "eta_s")
        return {name: list(getattr(found, name)) for name in names}
    if found.identity.sizing is None:
        from surrogate.regressor import DOMAIN

        domain = found.domain.tolist()  # type: ignore[union-attr]  # only regressors lack a plant
        return dict(zip(DOMAIN, domain, strict=True))
    ranges = found.ranges  # type: ignore[union-attr]  # only plant tables have a plant
    return {
        "plant": found.attributes.get("name", ""),
        "sizing": found.identity.sizing._asdict(),
        **{name: list(span) for name, span in ranges.items()},
    }


def print_tables(rows: list[dict[str, Any]]) -> None:
    """Print the rows of :func:`describe_tables`, kind by kind."""
    console = Console(highlight=False)
    if not rows:
        console.print("There are no tables.")
        return
    for kind, show in (("design", _designs), ("plant", _plants), ("regressor", _regressors)):
        members = [row for row in rows if row["kind"] == kind]
        if members:
            show(console, members)
    console.print(
        "[dim]p99, max: relative error of the COP against full solves that the file never saw. "
        f"GWP: over 100 years. PFAS: status of {fluids.sources()['pfas_date']}. *: made by you.[/]"
    )


def _grid(title: str, left: tuple[str, ...], right: tuple[str, ...]) -> Grid:
    grid = Grid(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title,
        title_justify="left", title_style="bold",
    )  # fmt: skip
    for name in left:
        grid.add_column(name, no_wrap=True)
    for name in right:
        grid.add_column(name, justify="right", no_wrap=True)
    return grid


def _named(row: dict[str, Any]) -> str:
    return str(row["refrigerant"]) + ("" if row["shipped"] else " *")


def _errors(row: dict[str, Any]) -> list[str]:
    return [f"{100 * row['error'][name]:.4f}" for name in ("p99", "max")]


def _designs(console: Console, rows: list[dict[str, Any]]) -> None:
    right = ("supply", "evap", "p99 %", "max %", "GWP")
    grid = _grid("Design points", ("fluid", "topology"), right)
    grid.add_column("class", no_wrap=True)
    for row in rows:
        grid.add_row(
            _named(row),
            row["topology"],
            _span(row["t_supply"]),
            _span(row["t_evap"]),
            *_errors(row),
            "?" if row["gwp100"] is None else f"{row['gwp100']:g}",
            f"{row['safety_class'] or '?'}{' PFAS' if row['pfas'] else ''}",
        )
    console.print(grid)
    first = rows[0]
    console.print(
        f"[dim]supply, evap: degC. All: source glide {_span(first['source_glide'])} K, sink glide "
        f"{_span(first['sink_glide'])} K, eta_s {_span(first['eta_s'])}.[/]"
    )


def _plants(console: Console, rows: list[dict[str, Any]]) -> None:
    right = ("source", "supply", "p99 %")
    grid = _grid("Plants", ("fluid", "plant", "design"), right)
    for row in rows:
        s = row["sizing"]
        held = "" if s["source_control"] == "flow" else " outlet"
        grid.add_row(
            _named(row),
            row["plant"] or "-",
            f"{s['t_source_in']:g}/{s['t_source_out']:g}>{s['t_return']:g}/{s['t_supply']:g}{held}",
            _span(row["t_source_in"]),
            _span(row["t_supply"]),
            _errors(row)[0],
        )
    console.print(grid)


def _regressors(console: Console, rows: list[dict[str, Any]]) -> None:
    right = ("supply", "source glide", "sink glide", "eta_s", "p99 %", "max %")
    grid = _grid("Any plant", ("fluid",), right)
    names = ("t_supply_design", "source_glide_design", "sink_glide_design", "eta_s_design")
    for row in rows:
        grid.add_row(_named(row), *(_span(row[name]) for name in names), *_errors(row))
    console.print(grid)


def print_made(made: AnyMade) -> None:
    """Print what has been made."""
    from surrogate.generate.kinds import result_of

    result = result_of(made)
    console = Console(highlight=False)
    console.print(
        f"{result.described}: {made.solves} solves; COP error at "
        f"{result.points} held-out points: mean {100 * result.mean:.2g} %, p99 "
        f"{100 * result.p99:.2g} %, max {100 * result.max:.2g} %; "
        f"{100 * result.missed:.2g} % of feasible points need a full solve.",
    )
    if made.path.parent in (user_folder(), shipped_folder()):
        console.print(f"It is found from now on: {made.path}", soft_wrap=True)
    else:
        console.print(
            f"Use it with --tables or HeatPump(..., tables=...): {made.path}", soft_wrap=True
        )


# Sizes at the end of an estimate's lines: those of a plant are in its design.
_DESIGN_LINES = 2


def print_operation(plant: Plant, result: PlantEstimate) -> None:
    """Print one operating point of a plant as a short report."""
    console = Console(highlight=False)
    sizing = plant.identity.sizing
    assert sizing is not None
    running = result.status == "ok"
    outlet = f" -> {result.t_source_out:.4g}" if running else ""
    grid = Grid.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(style="dim")
    states = _lines(result)[: -_DESIGN_LINES if running else None]
    for name, value, remark in [*states, *_reach(result)]:
        grid.add_row(name, value, remark)
    console.print(
        f"[bold]{plant.identity.refrigerant}[/], plant of {_watts(plant.heat_load)}, "
        f"{sizing.describe()}"
    )
    console.print(
        f"source {result.t_source_in:g}{outlet} degC, network "
        f"{result.t_return:g} -> {result.t_supply:g} degC, {_watts(result.heat_load)}\n"
    )
    console.print(grid)
    console.print()
    words = {
        "table": "From the plant's own table",
        "regressor": "From the regressor of its refrigerant",
    }
    if result.origin in words:
        console.print(
            f"[dim]{words[result.origin]}; 95 % of full solves nearby lie within "
            f"{100 * result.error:.2g} % of its COP.[/]"
        )
    elif result.origin == "solve":
        console.print("[dim]From full TESPy solves.[/]")


def _reach(result: PlantEstimate) -> list[tuple[str, str, str]]:
    limit = result.limit.replace("_", " ")
    rows = [("capacity", _watts(result.capacity), f"at these temperatures, set by {limit}")]
    if result.lowest_load > 0.0:
        said = "it cycles now" if result.cycling else "below it the machine cycles"
        rows.append(("lowest load", _watts(result.lowest_load), said))
    return rows


def _span(pair: list[float]) -> str:
    return f"{pair[0]:.3g}..{pair[1]:.3g}"
