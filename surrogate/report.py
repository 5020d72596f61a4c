"""What the command prints for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table as Grid

from surrogate import fluids, topology
from surrogate.errors import TableError
from surrogate.store import available_tables, shipped_folder, user_folder
from surrogate.table import read
from surrogate.tablemodel import Table

if TYPE_CHECKING:
    from surrogate.estimate import Estimate
    from surrogate.generate.build import Made
    from surrogate.heatpump import HeatPump


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
            rows.append(_row(read(path)))
        except TableError as error:
            problems.append(str(error))
    return rows, problems


def _row(table: Table) -> dict[str, Any]:
    known = fluids.facts(table.identity.refrigerant)
    held_out = {
        name: table.attributes[f"held_out_{name}"]
        for name in ("points", "mean", "p95", "p99", "max")
    }
    return {
        "topology": table.identity.topology,
        "refrigerant": table.identity.refrigerant,
        "parameters": table.parameters.to_dict(),
        "t_supply": list(table.t_supply),
        "t_evap": list(table.t_evap),
        "source_glide": list(table.source_glide),
        "sink_glide": list(table.sink_glide),
        "eta_s": list(table.eta_s),
        "error": {name: float(value) for name, value in held_out.items()},
        "gwp100": None if known is None else known.gwp100,
        "safety_class": None if known is None else known.safety_class,
        "pfas": None if known is None else known.pfas,
        "path": str(table.path),
        "shipped": table.path.parent == shipped_folder(),
    }


def print_tables(rows: list[dict[str, Any]]) -> None:
    """Print the rows of :func:`describe_tables`."""
    console = Console(highlight=False)
    if not rows:
        console.print("There are no tables.")
        return
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("fluid", "topology"):
        grid.add_column(name, no_wrap=True)
    for name in ("supply", "evap", "p99 %", "max %", "GWP"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("class", no_wrap=True)
    for row in rows:
        error = row["error"]
        grid.add_row(
            row["refrigerant"] + ("" if row["shipped"] else " *"),
            row["topology"],
            _span(row["t_supply"]),
            _span(row["t_evap"]),
            *(f"{100 * error[name]:.4f}" for name in ("p99", "max")),
            "?" if row["gwp100"] is None else f"{row['gwp100']:g}",
            f"{row['safety_class'] or '?'}{' PFAS' if row['pfas'] else ''}",
        )
    console.print(grid)
    first = rows[0]
    console.print(
        f"[dim]supply, evap: degC. All: source glide {_span(first['source_glide'])} K, sink glide "
        f"{_span(first['sink_glide'])} K, eta_s {_span(first['eta_s'])}. p99, max: relative error "
        "of the COP against full solves that the table never saw. GWP: over 100 years. PFAS: "
        f"status of {fluids.sources()['pfas_date']}. *: made by you.[/]"
    )


def print_made(made: Made) -> None:
    """Print what has been made."""
    summary = made.summary
    console = Console(highlight=False)
    console.print(
        f"{made.table.identity.refrigerant}: {made.solves} solves; COP error at "
        f"{summary.points} held-out points: mean {100 * summary.mean:.2g} %, p99 "
        f"{100 * summary.p99:.2g} %, max {100 * summary.max:.2g} %; "
        f"{100 * summary.missed:.2g} % of feasible points need a full solve.",
    )
    if made.path.parent in (user_folder(), shipped_folder()):
        console.print(f"It is found from now on: {made.path}", soft_wrap=True)
    else:
        console.print(
            f"Use it with --tables or HeatPump(..., tables=...): {made.path}", soft_wrap=True
        )


def _span(pair: list[float]) -> str:
    return f"{pair[0]:.3g}..{pair[1]:.3g}"
