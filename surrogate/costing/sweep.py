"""Which flow temperature: the best network for each pair of flow and return."""

from __future__ import annotations

import math
import numbers
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from surrogate.costing.checking import InputTablesError, Mistake, temperatures_wrong
from surrogate.costing.evaluate import Design, evaluate
from surrogate.costing.installed import installed
from surrogate.costing.interrupt import Stop, interruptible
from surrogate.costing.optimise import Optimised, optimised_at, with_margins, without_connectors
from surrogate.costing.optimiser.search import Progress
from surrogate.costing.optimiser.solver import Row as CutRow
from surrogate.costing.overrides import override
from surrogate.costing.parameters import Settings
from surrogate.costing.prepare import Prepared, Site, prepare_at, survey
from surrogate.costing.problem import Problem
from surrogate.costing.sweeptables import (
    PIPES,
    SWEEP,
    Pair,
    Row,
    pipes_table,
    rank,
    row_of,
    table_of,
)
from surrogate.errors import InputError, InputTypeError


@dataclass(frozen=True)
class SweepProgress:
    """Where a sweep is.

    Parameters
    ----------
    flow_temperature, return_temperature : float
        The pair whose network is looked for [degC].
    number, count : int
        Which pair that is, the first is 1, and how many there are to look at.
    search : Progress
        Where its search is.
    seconds : float
        Time spent on all pairs.
    """

    flow_temperature: float
    return_temperature: float
    number: int
    count: int
    search: Progress
    seconds: float


def sweep_temperatures(
    tables: Mapping[str, pd.DataFrame],
    flow: Iterable[float] | None = None,
    return_: Iterable[float] | None = None,
    *,
    progress: Callable[[SweepProgress], None] | None = None,
    stop: Stop | None = None,
    run: str = "",
    user: str | None = None,
) -> dict[str, pd.DataFrame]:
    """Find the best network for each pair of flow and return temperature.

    A colder network gives heat pumps a better COP and loses less, but needs
    thicker pipes where the spread of flow and return is smaller. Every pair is
    a run of :func:`~surrogate.costing.optimise` that starts from the best of the
    networks found for the pairs before; ``optimiser/runtime-limit`` is each pair's.

    Parameters
    ----------
    tables : mapping
        The input tables, as for :func:`~surrogate.costing.optimise`.
    flow, return_ : iterable of float, optional
        Temperatures of the network's flow and return [degC]; each is combined with
        each. For one that is left out ``optimiser/flow-temperature`` or
        ``optimiser/return-temperature`` holds.
    progress : callable, optional
        Told where the sweep is, now and then.
    stop : threading.Event or the like, optional
        Once it is set, the pairs so far are returned; Ctrl-C does the same.
    run, user
        As for :func:`~surrogate.costing.optimise`.

    Returns
    -------
    dict
        The tables of the best pair's run, as from :func:`~surrogate.costing.optimise`,
        with ``temperature_sweep``, a row for each pair, and
        ``temperature_sweep_pipes``, the length of each pipe size. A pair that has no
        network keeps its row: its ``state`` and ``reason`` say why. Where no pair has
        one, the tables are those of the first that was run.

    Raises
    ------
    InputError
        If neither ``flow`` nor ``return_`` is given, or one is empty or out of range.
    InputTypeError
        If one is no list of numbers.
    InputTablesError
        If anything in the input is wrong, or no pair is possible.
    MissingExtraError
        If the extra ``costing`` is not installed.
    """
    flows = temperatures("flow", flow)
    returns = temperatures("return", return_)
    if flows is None and returns is None:
        raise InputError("give flow, return_ or both, as lists of temperatures [degC]")
    installed()
    tables = without_connectors(tables)
    site = survey(tables, temperatures=False)
    settings = site.rows.settings
    flows, returns = (
        flows or (settings.flow_temperature,),
        returns or (settings.return_temperature,),
    )
    pairs = list(_snake(flows, returns))
    with interruptible(stop) as over:
        sweep = _Sweep(tables, site, over, progress or (lambda where: None), run, user)
        sweep.go(pairs)
        return sweep.tables()


def temperatures(name: str, values: Iterable[float] | None) -> tuple[float, ...] | None:
    """Temperatures as they are swept: each once, rising.

    Parameters
    ----------
    name : str
        ``flow`` or ``return``.
    values : iterable of float or None
        Temperatures [degC]; None for none.

    Raises
    ------
    InputError
        If there is none, or one that no network may have.
    InputTypeError
        If that is no list of numbers.
    """
    if values is None:
        return None
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputTypeError(f"{name} temperatures are {values!r}, not a list such as [60, 70]")
    found = sorted({_temperature(name, value) for value in values})
    if not found:
        raise InputError(f"no {name} temperature is given; give one at least, such as 60 [degC]")
    return tuple(found)


def _temperature(name: str, value: Any) -> float:
    """One temperature, within the range of the parameter."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise InputTypeError(f"{name} temperature {value!r} is no number")
    try:
        Settings.model_validate({f"optimiser/{name}-temperature": float(value)})
    except ValidationError as error:
        said = str(error.errors(include_url=False)[0]["msg"])
        raise InputError(
            f"{name} temperature {float(value):g} degC: {said[:1].lower()}{said[1:]}"
        ) from None
    return float(value)


def _snake(flows: Sequence[float], returns: Sequence[float]) -> Iterator[Pair]:
    """All pairs, each beside the one before it: that one's network is a good start."""
    for i, flow in enumerate(flows):
        for back in returns if i % 2 == 0 else reversed(returns):
            yield Pair(flow, back)


class _Sweep:
    """Runs pair after pair."""

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        site: Site,
        over: Callable[[], bool],
        progress: Callable[[SweepProgress], None],
        run: str,
        user: str | None,
    ) -> None:
        self._input = tables
        self._site = site
        self._over = over
        self._progress = progress
        self._facts: dict[str, Any] = {"run": run, "user": user}
        self._began = time.monotonic()
        self._cuts: dict[tuple[int, ...], list[CutRow]] = {}
        self._designs: dict[Any, tuple[tuple[int, ...], Design]] = {}
        self._warned: set[str] = set()
        self._rows: list[Row] = []
        self._best: tuple[tuple[float, float], Optimised] | None = None

    def go(self, pairs: Sequence[Pair]) -> None:
        """Run all pairs that are possible."""
        wrong = {pair: temperatures_wrong(self._settings(pair)) for pair in pairs}
        broken = [said for said in wrong.values() if said is not None]
        if len(broken) == len(pairs):
            raise InputTablesError(
                [Mistake("parameters", None, "", f"{name}: {said}") for name, said in broken]
            )
        count = len(pairs) - len(broken)
        mistakes: list[InputTablesError] = []
        number = 0
        for pair in pairs:
            said = wrong[pair]
            if said is not None:
                above = "the flow must be above the return"  # the same for all such pairs
                why = above if pair.flow <= pair.back else ": ".join(said)
                self._rows.append(Row(pair, "impossible", why))
                continue
            number += 1
            if self._best is not None and self._over():
                self._rows.append(Row(pair, "not run (interrupted)"))
                continue
            try:
                prepared = self._prepared(pair)
            except InputTablesError as error:
                mistakes.append(error)
                self._rows.append(Row(pair, "impossible", "; ".join(map(str, error.problems))))
            else:
                self._keep(pair, self._run(pair, prepared, number, count))
        if len(mistakes) == count:
            raise mistakes[0]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The best pair's tables, with those of the sweep."""
        assert self._best is not None
        found = with_margins(self._best[1], self._over).tables
        found[SWEEP] = table_of(self._rows)
        found[PIPES] = pipes_table(self._rows)
        return found

    def _settings(self, pair: Pair) -> Settings:
        return self._site.rows.settings.model_copy(
            update={"flow_temperature": pair.flow, "return_temperature": pair.back}
        )

    def _prepared(self, pair: Pair) -> Prepared:
        """The problem at a pair; what several pairs would warn of is said once."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            prepared = prepare_at(self._site, self._settings(pair))
        for one in caught:
            if str(one.message) not in self._warned:
                self._warned.add(str(one.message))
                warnings.warn(one.message, stacklevel=5)
        return prepared

    def _run(self, pair: Pair, prepared: Prepared, number: int, count: int) -> Optimised:
        def told(where: Progress) -> None:
            seconds = time.monotonic() - self._began
            self._progress(SweepProgress(pair.flow, pair.back, number, count, where, seconds))

        texts = {
            "optimiser/flow-temperature": _text(pair.flow),
            "optimiser/return-temperature": _text(pair.back),
        }
        return optimised_at(
            override(self._input, texts).tables,
            prepared,
            progress=told,
            interrupted=self._over,
            start=self._start(prepared.problem),
            cuts=self._cuts.setdefault(_size(prepared.problem), []),
            **self._facts,
        )

    def _start(self, problem: Problem) -> Design | None:
        """Of the networks found so far the one that is worth most at these temperatures."""
        known = [
            evaluate(problem, design)
            for size, design in self._designs.values()
            if size == _size(problem)
        ]
        heat = problem.settings.objective == "max-kwh"
        best = max(
            (found for found in known if found.feasible),
            key=lambda found: (found.kwh if heat else 0.0, found.objective),
            default=None,
        )
        return None if best is None else best.design

    def _keep(self, pair: Pair, done: Optimised) -> None:
        """Keep the pair's row, and its tables where it is the best so far."""
        row = row_of(pair, done)
        self._rows.append(row)
        worth = (-math.inf, -math.inf)
        if done.solution.best is not None:
            design = done.solution.best.design
            self._designs[design.key] = _size(done.prepared.problem), design
            worth = rank(row.values)
        if self._best is None or worth > self._best[0]:
            self._best = worth, done


def _size(problem: Problem) -> tuple[int, ...]:
    """What two problems must share for a network of one to be one of the other."""
    return len(problem.links), len(problem.customers), len(problem.sources)


def _text(temperature: float) -> str:
    """As a parameter's value is written; it reads back as the same number."""
    return repr(temperature).removesuffix(".0")
