"""Checks an input as a whole: every problem at once, by table, row and column."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from surrogate.costing.parameters import NAMES, Settings
from surrogate.costing.profilechecks import wrong_rows
from surrogate.costing.schema import (
    OPTIONAL,
    TABLES,
    Building,
    CivilCost,
    CivilCostName,
    ConnectionCost,
    HeatPumpProfile,
    Path,
    Row,
    Supply,
    SupplyCost,
    Tariff,
    as_key,
    is_forbidden,
)
from surrogate.errors import InputError, InputTypeError

SHOWN = 40
"""Problems spelled out in an error's text; its attribute has all."""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong with an input.

    Parameters
    ----------
    table : str
        Where.
    row : int or None
        Which row, the first is 1; None for the table as a whole.
    column : str
        Which column; empty for the row as a whole.
    message : str
        What is wrong and what would be right.
    """

    table: str
    row: int | None
    column: str
    message: str

    def __str__(self) -> str:
        where = self.table
        if self.row is not None:
            where += f", row {self.row}"
        if self.column:
            where += f", {self.column}"
        return f"{where}: {self.message}"


class InputTablesError(InputError):
    """An input with problems; ``problems`` lists all of them."""

    def __init__(self, problems: list[Mistake]) -> None:
        self.problems = problems
        lines = [str(problem) for problem in problems[:SHOWN]]
        if len(problems) > SHOWN:
            lines.append(f"and {len(problems) - SHOWN} more")
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in the input:"
        super().__init__("\n  ".join([count, *lines]))


@dataclass(frozen=True)
class Rows:
    """The checked rows of every table.

    ``buildings`` holds None for a forbidden building: nothing of it is read.
    """

    buildings: tuple[Building | None, ...]
    paths: tuple[Path, ...]
    supplies: tuple[Supply, ...]
    supply_costs: tuple[SupplyCost, ...]
    heat_pump_profiles: tuple[HeatPumpProfile, ...]
    tariffs: Mapping[int | str, Tariff]
    connection_costs: Mapping[int | str, ConnectionCost]
    civil_costs: tuple[CivilCost, ...]
    civil_cost_names: tuple[CivilCostName, ...]
    settings: Settings

    @property
    def default_civil_cost(self) -> int | str | None:
        """Surface of connectors, and of paths that name none."""
        return _default(self.civil_cost_names)

    def civil_cost_of(self, path: int) -> int | str | None:
        """Surface under which a path lies.

        Parameters
        ----------
        path : int
            Its row; -1 for a connector.
        """
        own = None if path < 0 else self.paths[path].civil_cost_id
        return self.default_civil_cost if own is None else own


def _default(names: Iterable[CivilCostName | None]) -> int | str | None:
    return next((row.civil_cost_id for row in names if row is not None and row.is_default), None)


def check(
    tables: Mapping[str, pd.DataFrame], *, temperatures: bool = True
) -> tuple[Rows | None, list[Mistake]]:
    """Check all tables but their geometry.

    Parameters
    ----------
    tables : mapping
        Tables by name.
    temperatures : bool
        Whether flow, return and ground must fit each other.

    Returns
    -------
    rows : Rows or None
        What they hold; None where something is wrong.
    problems : list of Mistake
        All that is wrong.

    Raises
    ------
    InputTypeError
        If a table is no DataFrame.
    """
    problems: list[Mistake] = []
    parsed: dict[str, list[Any]] = {}
    for name in TABLES:
        table = tables.get(name)
        if table is None:
            parsed[name] = []
            if name not in OPTIONAL:
                problems.append(Mistake(name, None, "", "this table is missing"))
            continue
        if not isinstance(table, pd.DataFrame):
            raise InputTypeError(f"{name} is a {type(table).__name__}, not a DataFrame")
        parsed[name] = _parse(name, table, problems)
    _misspelt(tables, problems)
    settings = _settings(parsed["parameters"], problems, temperatures)
    _references(tables, parsed, problems)
    _together(parsed, settings, problems)
    if problems:
        return None, problems
    return _rows(parsed, settings), problems


def _misspelt(tables: Mapping[str, Any], problems: list[Mistake]) -> None:
    """A table that may be missing would be ignored under another name."""
    missing = [name for name in TABLES if tables.get(name) is None]
    for name in tables:
        close = get_close_matches(str(name).lower(), missing, n=1, cutoff=0.8)
        if name not in TABLES and close:
            message = f"no table is called so; did you mean {close[0]}?"
            problems.append(Mistake(str(name), None, "", message))


def _rows(parsed: dict[str, list[Any]], settings: Settings) -> Rows:
    return Rows(
        buildings=tuple(parsed["buildings"]),
        paths=tuple(parsed["paths"]),
        supplies=tuple(parsed["supplies"]),
        supply_costs=tuple(parsed["supply_costs"]),
        heat_pump_profiles=tuple(parsed["heat_pump_profiles"]),
        tariffs={row.tariff_id: row for row in parsed["tariffs"]},
        connection_costs={row.connection_cost_id: row for row in parsed["connection_costs"]},
        civil_costs=tuple(parsed["civil_costs"]),
        civil_cost_names=tuple(parsed["civil_cost_names"]),
        settings=settings,
    )


def records(table: pd.DataFrame, columns: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries, with None for what is missing.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.
    columns : iterable of str
        Columns of interest; those that the table lacks are left out.
    """
    present = [name for name in columns if name in table.columns]
    values = {name: [_plain(value) for value in table[name].tolist()] for name in present}
    return [
        {name: values[name][i] for name in present if values[name][i] is not None}
        for i in range(len(table))
    ]


def keys_in(table: pd.DataFrame, column: str) -> frozenset[int | str]:
    """Keys in a column, whatever else is wrong with their rows.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.
    column : str
        The column; what is no key in it is passed over.
    """
    keys = set()
    for row in records(table, [column]):
        with suppress(ValueError, KeyError):
            keys.add(as_key(row[column]))
    return frozenset(keys)


def _plain(value: Any) -> Any:
    """None for all ways of saying nothing; numbers as Python has them."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, list | tuple) or hasattr(value, "__len__"):
        return value
    return None if pd.isna(value) else value


def _parse(name: str, table: pd.DataFrame, problems: list[Mistake]) -> list[Any]:
    """Rows as their model; None for forbidden buildings and for rows with problems."""
    model = TABLES[name]
    duplicated = table.columns[table.columns.duplicated()]
    if len(duplicated):
        problems.append(Mistake(name, None, str(duplicated[0]), "this column is there twice"))
        return []
    _warn_of_columns(name, table, model)
    absent = [
        column
        for column, field in model.model_fields.items()
        if column not in table.columns and _needed(field)
    ]
    problems += [Mistake(name, None, column, "this column is missing") for column in absent]
    found = records(table, model.model_fields)
    barred = name == "buildings"
    checked = [None if barred and is_forbidden(row.get("constraint")) else row for row in found]
    return _validated(name, model, checked, absent, problems)


def _needed(field: FieldInfo) -> bool:
    """Whether a column must be there."""
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    return field.is_required() or bool(extra["present"])


def _warn_of_columns(name: str, table: pd.DataFrame, model: type[Row]) -> None:
    """Warn of columns that are nearly, but not quite, one of the table's."""
    lacking = [column for column in model.model_fields if column not in table.columns]
    for column in table.columns:
        if column in model.model_fields:
            continue
        close = get_close_matches(str(column), lacking, n=1, cutoff=0.8)
        if close:
            warnings.warn(
                f"{name}: column {column!r} is not read; did you mean {close[0]!r}?", stacklevel=2
            )


def _validated(
    name: str,
    model: type[Row],
    rows: list[dict[str, Any] | None],
    absent: list[str],
    problems: list[Mistake],
) -> list[Any]:
    try:
        return list(_adapter(model).validate_python(rows))
    except ValidationError as error:
        bad = set()
        for item in error.errors(include_url=False, include_context=False):
            row, *inner = (part for part in item["loc"] if part not in (model.__name__, "none"))
            bad.add(int(row))
            column = str(inner[0]) if inner else ""
            if column not in absent:
                problems.append(Mistake(name, int(row) + 1, column, _said(item)))
    good: list[dict[str, Any] | None] = [None if i in bad else row for i, row in enumerate(rows)]
    return list(_adapter(model).validate_python(good))


@lru_cache
def _adapter(model: type[BaseModel]) -> TypeAdapter[list[Any]]:
    return TypeAdapter(list[model | None])  # type: ignore[valid-type]  # the model is a value


def _said(item: Any) -> str:
    """What pydantic found, with the value given."""
    if item["type"] == "missing":
        return "is empty; a value is needed"
    text = str(item["msg"]).removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    return f"{text}; given {item['input']!r}"


def _settings(rows: list[Any], problems: list[Mistake], temperatures: bool) -> Settings:
    """Parameters from their rows; the defaults for those with problems."""
    values: dict[str, Any] = {}
    where: dict[str, int] = {}
    for i, row in enumerate(rows, start=1):
        if row is None:
            continue
        name = row.parameter
        if name not in NAMES:
            close = get_close_matches(name, NAMES, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            problems.append(
                Mistake("parameters", i, "parameter", f"no parameter is called {name!r}{hint}")
            )
        elif row.value is not None:
            values[name], where[name] = row.value, i
    try:
        settings = Settings(**values)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False):
            name = str(item["loc"][0])
            problems.append(Mistake("parameters", where[name], "value", f"{name}: {_said(item)}"))
        return Settings()
    wrong = temperatures_wrong(settings) if temperatures else None
    if wrong is not None:
        name, message = wrong
        problems.append(Mistake("parameters", where.get(name), "value", f"{name}: {message}"))
    return settings


def temperatures_wrong(settings: Settings) -> tuple[str, str] | None:
    """Which temperature does not fit the others, and why; None where all fit.

    Parameters
    ----------
    settings : Settings
        Flow, return and ground.

    Returns
    -------
    tuple of str, or None
        The parameter's name, and what is wrong with it.
    """
    flow, back, ground = (
        settings.flow_temperature,
        settings.return_temperature,
        settings.ground_temperature,
    )
    if flow <= back:
        return (
            "optimiser/flow-temperature",
            f"{flow:g} degC must be above optimiser/return-temperature, {back:g} degC",
        )
    if (flow + back) / 2 <= ground:
        return (
            "optimiser/ground-temperature",
            f"{ground:g} degC must be below the mean of flow and return, {(flow + back) / 2:g}",
        )
    return None


def _references(
    tables: Mapping[str, pd.DataFrame], parsed: dict[str, list[Any]], problems: list[Mistake]
) -> None:
    """Keys that stand twice, and references to nothing."""
    for name, rows in parsed.items():
        for column, field in TABLES[name].model_fields.items():
            extra = field.json_schema_extra
            assert isinstance(extra, dict)
            values = [getattr(row, column, None) for row in rows]
            if extra["key"]:
                _unique(name, column, values, problems)
            if extra["refers"]:
                other, target = str(extra["refers"]).split(".")
                there = tables.get(other)
                if there is None and other not in OPTIONAL:
                    continue  # that it is missing has been said
                count = 1 if there is None else list(there.columns).count(target)
                if count > 1 or (not count and _needed(TABLES[other].model_fields[target])):
                    continue  # so has that
                known = frozenset() if there is None else keys_in(there, target)
                _known(name, column, values, known, str(extra["refers"]), problems)
    pairs = [row and (row.civil_cost_id, row.diameter_mm) for row in parsed["civil_costs"]]
    _unique("civil_costs", "diameter_mm", pairs, problems)


def _unique(name: str, column: str, values: list[Any], problems: list[Mistake]) -> None:
    counts: Counter[Hashable] = Counter(value for value in values if value is not None)
    for i, value in enumerate(values, start=1):
        if counts[value] > 1:
            shown = (
                f"diameter {value[1]:g} of civil_cost_id {value[0]}"
                if (isinstance(value, tuple))
                else repr(value)
            )
            problems.append(Mistake(name, i, column, f"{shown} stands {counts[value]} times"))


def _known(
    name: str,
    column: str,
    values: list[Any],
    known: frozenset[int | str],
    target: str,
    problems: list[Mistake],
) -> None:
    for i, value in enumerate(values, start=1):
        if value is not None and as_key(value) not in known:
            problems.append(Mistake(name, i, column, f"{value!r} is not in {target}"))


def _together(parsed: dict[str, list[Any]], settings: Settings, problems: list[Mistake]) -> None:
    """What no row alone can tell, as far as the rows that it takes are sound."""
    faulty = {problem.table for problem in problems}
    if not faulty & {"civil_costs", "civil_cost_names"}:
        _one_default(parsed, problems)
        _existing_pipes(parsed, problems)
    if "parameters" not in faulty:
        _emissions(parsed["supplies"], settings, problems)
        _series(parsed, settings, problems)
    for i, supply in enumerate(parsed["supplies"], start=1):
        if supply is not None:
            _heat_pump(i, supply, problems)
    wrong = wrong_rows(
        parsed["heat_pump_profiles"],
        parsed["supplies"],
        None if "parameters" in faulty else settings,
    )
    problems.extend(Mistake("heat_pump_profiles", *found) for found in wrong)


def _one_default(parsed: dict[str, list[Any]], problems: list[Mistake]) -> None:
    if not parsed["paths"]:
        return
    defaults = [i for i, row in enumerate(parsed["civil_cost_names"], start=1) if row.is_default]
    if len(defaults) != 1:
        message = f"must be true for exactly one row; it is for {len(defaults)}"
        problems.append(Mistake("civil_cost_names", None, "is_default", message))
        return
    default = parsed["civil_cost_names"][defaults[0] - 1].civil_cost_id
    if default not in {row.civil_cost_id for row in parsed["civil_costs"]}:
        message = f"the default, {default!r}, has no row in civil_costs"
        problems.append(Mistake("civil_cost_names", defaults[0], "civil_cost_id", message))


def _existing_pipes(parsed: dict[str, list[Any]], problems: list[Mistake]) -> None:
    default = _default(parsed["civil_cost_names"])
    sizes: dict[Any, list[float]] = {}
    for row in parsed["civil_costs"]:
        sizes.setdefault(row.civil_cost_id, []).append(row.diameter_mm)
    for i, path in enumerate(parsed["paths"], start=1):
        if path is None:
            continue
        diameter = path.existing_diameter
        civil = path.civil_cost_id if path.civil_cost_id is not None else default
        if diameter is None or civil not in sizes:
            continue
        low, high = min(sizes[civil]), max(sizes[civil])
        if not low <= diameter <= high:
            message = f"{diameter:g} is outside the range of civil_cost_id {civil}: {low:g} to "
            problems.append(
                Mistake("paths", i, "existing_diameter", f"{message}{high:g}, so has no cost")
            )


def _emissions(supplies: list[Any], settings: Settings, problems: list[Mistake]) -> None:
    if settings.max_emissions_factor is None:
        return
    for i, supply in enumerate(supplies, start=1):
        if supply is None:
            continue
        given = supply.emissions_per_kwh is not None or (
            supply.heat_pump_refrigerant is not None
            and supply.electricity_emissions_per_kwh is not None
        )
        if supply.constraint != "forbidden" and not given:
            problems.append(
                Mistake(
                    "supplies", i, "emissions_per_kwh", "needed for constraint/max-emissions-factor"
                )
            )


def _series(parsed: dict[str, list[Any]], settings: Settings, problems: list[Mistake]) -> None:
    for i, row in enumerate(parsed["supply_costs"], start=1):
        if row is not None and row.cost == "heat_per_kwh" and isinstance(row.value, tuple):
            years = len(row.value)
            if years < settings.npv_term:
                message = f"has {years} years, finance/npv-term is {settings.npv_term}"
                problems.append(Mistake("supply_costs", i, "value", message))


_OF_HEAT_PUMPS = (
    "heat_pump_topology",
    "t_source_in",
    "t_source_out",
    "source_capacity_kw",
    "electricity_price_per_kwh",
    "electricity_emissions_per_kwh",
)


def _heat_pump(i: int, supply: Supply, problems: list[Mistake]) -> None:
    """A heat pump has all it needs; what is none has none of it."""
    given = [name for name in _OF_HEAT_PUMPS if getattr(supply, name) is not None]
    if supply.heat_pump_refrigerant is None:
        problems.extend(
            Mistake("supplies", i, name, "given without heat_pump_refrigerant") for name in given
        )
        return
    problems.extend(
        Mistake("supplies", i, name, "a heat pump needs it")
        for name in ("t_source_in", "t_source_out", "electricity_price_per_kwh")
        if name not in given
    )
