"""Parameters given beside a table of parameters, which take the place of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd

from surrogate.costing.checking import InputTablesError, Mistake
from surrogate.costing.schema import keyword


@dataclass(frozen=True)
class Overridden:
    """Tables with other parameters.

    Parameters
    ----------
    tables : dict
        The tables.
    rows : dict
        Rows of the parameters that were given, the first is 1, and their names.
    """

    tables: dict[str, pd.DataFrame]
    rows: Mapping[int, str]

    @contextmanager
    def named(self, prefix: str) -> Iterator[None]:
        """Name a parameter that was given, where it is wrong, not a row of the table.

        Parameters
        ----------
        prefix : str
            What stands before its name, such as an option of the command line.
        """
        try:
            yield
        except InputTablesError as error:
            raise InputTablesError(
                [self._named(problem, prefix) for problem in error.problems]
            ) from error

    def _named(self, problem: Mistake, prefix: str) -> Mistake:
        name = self.rows.get(problem.row or 0)
        if problem.table != "parameters" or name is None:
            return problem
        return Mistake(f"{prefix} {name}", None, "", problem.message.removeprefix(f"{name}: "))


def override(tables: Mapping[str, pd.DataFrame], values: Mapping[str, str]) -> Overridden:
    """Put parameters into the table of parameters, which may be missing.

    Parameters
    ----------
    tables : mapping
        Tables by name; they stay as they are.
    values : mapping
        Values by the parameters' names; a blank one means the default.
    """
    tables = dict(tables)
    if not values:
        return Overridden(tables, {})
    table = tables.get("parameters", pd.DataFrame(columns=["parameter", "value"]))
    if any(list(table.columns).count(name) != 1 for name in ("parameter", "value")):
        return Overridden(tables, {})  # that is a mistake in the input, and told as such
    given = {str(keyword(name)): value for name, value in values.items()}
    names = [str(keyword(name)) for name in table["parameter"]]
    old = [given.get(name, value) for name, value in zip(names, table["value"], strict=True)]
    new = [name for name in given if name not in names]
    numbers = range(len(table) + len(new))
    tables["parameters"] = (
        table.reset_index(drop=True)
        .reindex(numbers)
        .assign(
            parameter=pd.Series([*table["parameter"], *new], index=numbers, dtype=object),
            value=pd.Series([*old, *(given[name] for name in new)], index=numbers, dtype=object),
        )
    )
    rows = {i: name for i, name in enumerate([*names, *new], start=1) if name in given}
    return Overridden(tables, rows)
