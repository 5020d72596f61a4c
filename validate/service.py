"""The bars of the service, each measured as its users meet it: over HTTP, in a browser."""

from __future__ import annotations

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import httpx
import numpy as np
import orjson

from surrogate.errors import MissingExtraError
from surrogate.generate.kinds import load
from surrogate.generate.plantspec import PlantSpec, shipped_specs
from surrogate.heatpump import HeatPump
from surrogate.identity import Sizing
from surrogate.solved import DESIGN_LOAD

from . import browser, clock
from .fullsolves import solving
from .mixedload import CALLERS, SESSIONS, WARM_SECONDS, Mixed, mixed_load
from .serving import Load, Server, served, wrk

Body = dict[str, Any]

_SEED = 20261127
_REFRIGERANTS = ("R717", "R290", "R1234ze(E)", "R600a", "R410A", "R1336mzz(E)")
_BODIES = 60
_REPEATS = 7

_RATE_RUNS, _RATE_SECONDS, _WARM_SECONDS = 3, 10, 5
_CONNECTIONS = 50

_SOLVERS = 4
# Connections, and the pause of each between an answer and the next request [ms].
_LOADS = {
    f"{_CONNECTIONS} connections, no pause": (_CONNECTIONS, 0),
    "4 connections, no pause": (4, 0),
    "8 connections, 10 ms pauses": (8, 10),
}
_ROUNDS, _ROUND_SECONDS, _RESUME_SECONDS = 7, 4, 1.0

# Growth that counts as none: of what there is after the warm-up, or MB, whichever is more.
_FLAT_SHARE, _FLAT_MB = 0.05, 15.0


class Row(NamedTuple):
    """One line of the table.

    Attributes
    ----------
    what, bar, reached : str
        What is measured, what is asked for, what came of it.
    """

    what: str
    bar: str
    reached: str


def measure(mixed_seconds: float) -> Iterator[Row]:
    """Measure every bar; each has a server of its own, which is ended with it.

    Parameters
    ----------
    mixed_seconds : float
        Time of the mixed load [s].
    """
    parts: tuple[tuple[str, Callable[[], Iterator[Row]]], ...] = (
        ("/api/design", _rate),
        ("a year over HTTP", _years),
        ("/api/design beside full solves", _beside_solves),
        ("assessment page", _pages),
        ("mixed load", lambda: _mixed(mixed_seconds)),
    )
    for name, part in parts:
        before = os.getloadavg()[0]
        try:
            yield from part()
        except MissingExtraError as error:
            yield Row(name, "", f"not measured: {error}")
        yield Row("  load average before, after", "", f"{before:.1f}, {os.getloadavg()[0]:.1f}")


def design_bodies(seed: int) -> list[Body]:
    """Return design points of several refrigerants that their tables answer.

    Parameters
    ----------
    seed : int
        Other points.
    """
    random = np.random.default_rng(seed)
    found: list[Body] = []
    while len(found) < _BODIES:
        refrigerant = _REFRIGERANTS[len(found) % len(_REFRIGERANTS)]
        source, supply = random.uniform(5.0, 40.0), random.uniform(40.0, 90.0)
        point: Body = {
            "t_source_in": source,
            "t_source_out": source - random.uniform(3.0, 10.0),
            "t_return": supply - random.uniform(5.0, 30.0),
            "t_supply": supply,
            "heat_load": random.uniform(1e5, 1e7),
            "eta_s": random.uniform(0.65, 0.9),
        }
        if HeatPump(refrigerant).design(**point, outside="nan").status == "ok":
            found.append({"refrigerant": refrigerant, **point})
    return found


def _rate() -> Iterator[Row]:
    """Requests a second that one server process answers from tables."""
    bodies = design_bodies(_SEED)
    with served("--workers", "1") as server:
        url = _checked(server, bodies)
        wrk(url, bodies, _CONNECTIONS, _WARM_SECONDS)
        before = server.processor_seconds()
        runs = [wrk(url, bodies, _CONNECTIONS, _RATE_SECONDS) for _ in range(_RATE_RUNS)]
        spent = server.processor_seconds() - before
    answered = sum(run.requests for run in runs)
    rate, p50, p99 = (
        statistics.median(values)
        for values in zip(*((run.rate, run.p50, run.p99) for run in runs), strict=True)
    )
    each = ", ".join(f"{run.rate:.0f}/s {_ms(run.p99)}" for run in runs)
    yield Row(
        f"/api/design from tables, one server process, {_CONNECTIONS} connections",
        ">= 3,000/s, p99 <= 40 ms",
        f"{rate:.0f}/s, p99 {_ms(p99)}, median {_ms(p50)}; {_errors(runs)} (runs: {each})",
    )
    yield Row(
        "  of one processor whole, whoever else uses it",
        "reported",
        f"{answered / spent:.0f}/s, {1e6 * spent / answered:.0f} us each",
    )


def _checked(server: Server, bodies: list[Body]) -> str:
    """Make sure that tables answer everything that will be asked; return where to ask."""
    url = f"{server.url}/api/design"
    with httpx.Client() as client:
        for body in bodies:
            told = client.post(url, json=body)
            if told.status_code != httpx.codes.OK or told.json()["origin"] != "table":
                raise RuntimeError(f"{body} is not answered from a table: {told.text[:300]}")
    return url


def _years() -> Iterator[Row]:
    """A year of hours of a plant: from plain lists to plain lists."""
    twin, centre = (_plant(name) for name in ("twin", "data-centre"))
    # Beside the shipped plant of R290: no table has it.
    other = ("R290", Sizing(20.0, 15.0, 35.0, 55.0, 0.8), 1e6)
    with served() as server, httpx.Client(base_url=server.url, timeout=30) as client:
        for refrigerant, sizing, heat_load in (centre, other, twin):
            body = _year(refrigerant, sizing, heat_load)
            told: Body = {}
            times = []
            for _ in range(_REPEATS + 1):
                start = time.perf_counter()
                told = _asked(client, body)
                times.append(time.perf_counter() - start)
            origins = [origin for origin in told["origin"] if origin]
            yield Row(
                f"a year, {clock.HOURS} points, /api/operate, {refrigerant} "
                f"by {max(set(origins), key=origins.count)}",
                "<= 150 ms",
                f"{_ms(statistics.median(times[1:]))}; the first {_ms(times[0])}; "
                f"{told['status'].count('ok')} answered, {len(orjson.dumps(told)) / 1e6:.1f} MB",
            )


def _asked(client: httpx.Client, body: Body) -> Body:
    answer = client.post(
        "/api/operate",
        content=orjson.dumps(body),
        headers={"content-type": "application/json"},
    )
    answer.raise_for_status()
    told: Body = orjson.loads(answer.content)
    return told


def _plant(name: str) -> tuple[str, Sizing, float]:
    """Refrigerant, sizing and heat load of a shipped plant."""
    spec = load(shipped_specs()[name], "plant")
    assert isinstance(spec, PlantSpec)
    assert spec.identity.sizing is not None
    return spec.identity.refrigerant, spec.identity.sizing, DESIGN_LOAD


def _year(refrigerant: str, sizing: Sizing, heat_load: float) -> Body:
    hours = clock.year(sizing)
    design = {**sizing._asdict(), "heat_load": heat_load}
    columns = {
        "t_source_in": hours.t_source_in,
        "t_return": hours.t_return,
        "t_supply": hours.t_supply,
        "heat_load": hours.heat_load * (heat_load / DESIGN_LOAD),
    }
    lists = {name: np.asarray(column).tolist() for name, column in columns.items()}
    return {"refrigerant": refrigerant, "design": design, **lists, "outside": "nan"}


def _beside_solves() -> Iterator[Row]:
    """Latency while full solves run, beside the same while they hold still: in turns."""
    bodies = design_bodies(_SEED + 1)
    idle: dict[str, list[Load]] = {name: [] for name in _LOADS}
    beside: dict[str, list[Load]] = {name: [] for name in _LOADS}
    loads = list(_LOADS.items())
    # A solve that is held still all along must not be stopped for being slow.
    many = ("--solves-per-hour", "100000", "--solve-seconds", "1800")
    with served("--workers", str(_SOLVERS), *many) as server:
        url = _checked(server, bodies)
        wrk(url, bodies, _CONNECTIONS, _WARM_SECONDS)
        with solving(server, _SOLVERS, _SEED) as solves:
            for _, (name, (connections, pause)) in itertools.product(range(_ROUNDS), loads):
                ask = partial(wrk, url, bodies, connections, _ROUND_SECONDS, pause)
                with solves.paused():
                    idle[name].append(ask())
                time.sleep(_RESUME_SECONDS)  # what was held still has found its processors
                beside[name].append(ask())
    for name in _LOADS:
        one, other = (statistics.median(run.p99 for run in runs[name]) for runs in (idle, beside))
        rates = [statistics.median(run.rate for run in runs[name]) for runs in (idle, beside)]
        yield Row(
            f"/api/design p99 while {_SOLVERS} full solves run: {name}",
            "<= 2 times idle",
            f"{other / one:.2f} times: {_ms(one)} idle, {_ms(other)} beside solves; "
            f"{rates[0]:.0f}/s, {rates[1]:.0f}/s; {_errors(idle[name] + beside[name])}",
        )
    seen = solves.watched
    yield Row(
        "  full solves meanwhile",
        f"{_SOLVERS} at a time",
        f"at least {min(seen.left)} under way or waiting; {statistics.mean(seen.busy):.1f} "
        f"processes at work on average, {min(seen.busy)} at least; {seen.solved} done",
    )


def _pages() -> Iterator[Row]:
    """What people wait for at the assessment page."""
    with served() as server:
        found = browser.visits(server.url, _REPEATS)
    answers, charts, typing = (
        statistics.median(values)
        for values in zip(*((v.answer, v.charts, v.typing) for v in found), strict=True)
    )
    slowest = max(visit.answer for visit in found)
    yield Row(
        "page to first answer, headless Chromium, empty cache",
        "<= 500 ms",
        f"{_ms(answers)}, the slowest of {len(found)} {_ms(slowest)}",
    )
    yield Row("  a digit typed to its answer", "reported", _ms(typing))
    yield Row("  page to all charts, plotly.js included", "reported", _ms(charts))


def _mixed(seconds: float) -> Iterator[Row]:
    """Many sessions at once for a while: errors, latency, memory."""
    with served() as server:
        found = mixed_load(server, seconds, _SEED)
    after, end, slope = found.growth()
    flat = end - after < max(_FLAT_SHARE * after, _FLAT_MB)
    words = "; ".join(f"{count} x {error}" for error, count in found.errors.most_common(3))
    name = f"{SESSIONS} twin sessions, {seconds:.0f} s of mixed load, {CALLERS} callers"
    yield Row(
        name,
        "no error",
        f"{found.errors.total()} errors of {found.requests} requests, "
        f"{found.requests / found.seconds:.0f}/s{': ' if words else ''}{words}",
    )
    yield Row(
        "  resident memory of the server",
        f"flat: + < {100 * _FLAT_SHARE:.0f} % or {_FLAT_MB:.0f} MB",
        f"{'flat' if flat else 'NOT flat'}: {after:.0f} MB after {WARM_SECONDS:.0f} s, "
        f"{end:.0f} MB at the end, {slope:+.2f} MB/min",
    )
    yield Row("  latency, median and p99", "reported", _latencies(found))


def _latencies(found: Mixed) -> str:
    kinds = (
        f"{kind} {_ms(found.quantile(0.5, kind))} / {_ms(found.quantile(0.99, kind))}"
        for kind in sorted(found.latencies)
    )
    return f"all {_ms(found.quantile(0.5))} / {_ms(found.quantile(0.99))}; " + ", ".join(kinds)


def _errors(runs: list[Load]) -> str:
    return f"{sum(run.errors for run in runs)} errors"


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.{1 if seconds < 0.1 else 0}f} ms"
