"""How long answers take: medians, side by side with full solves in one run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import timeit
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.generate import kinds, nodes, sweep
from surrogate.generate.held_out import SolveJob
from surrogate.generate.plantspec import PlantSpec, shipped_specs
from surrogate.generate.sample import Box, sobol
from surrogate.generate.spec import derive
from surrogate.heatpump import HeatPump
from surrogate.store import load

from . import clock

POINT: dict[str, Any] = {
    "t_source_in": 30.0,
    "t_source_out": 25.0,
    "t_return": 50.0,
    "t_supply": 80.0,
    "heat_load": 1e6,
}

_REPEATS = 15

# Run in a process of its own, so that nothing is warm and its memory is its own.
_MILLION = """
import json, resource, sys, time
import numpy as np, surrogate
rng = np.random.default_rng(0)
n = 1_000_000
hp = surrogate.HeatPump(sys.argv[1])
top = hp.table.t_supply.high
out = rng.uniform(1, 40, n)
supply = np.maximum(rng.uniform(40, top, n), out + 12)
conditions = dict(
    t_source_out=out, t_source_in=out + rng.uniform(2, 10, n), t_supply=supply,
    t_return=np.maximum(supply - rng.uniform(5, 40, n), 6), heat_load=np.full(n, 1e6),
    eta_s=rng.uniform(0.65, 0.9, n))
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seconds = []
for _ in range(7):
    start = time.perf_counter()
    est = hp.design(**conditions, outside="nan")
    seconds.append(time.perf_counter() - start)
    ok = int((est.status == "ok").sum())
    del est
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "ok": ok, "peak": peak / 1024, "base": base / 1024}))
"""

_IMPORT = "import time; t = time.perf_counter(); import surrogate; print(time.perf_counter() - t)"

_FIRST = """
import time; t = time.perf_counter()
import surrogate
est = surrogate.HeatPump("R717").design(
    t_source_in=30, t_source_out=25, t_return=50, t_supply=80, heat_load=1e6)
assert est.origin == "table"
print(time.perf_counter() - t)
"""


def scalar(refrigerant: str) -> tuple[float, float]:
    """Median seconds of one ``design`` call and of one full solve at the same point, warm."""
    from surrogate.cycle import solve_design

    pump = HeatPump(refrigerant)
    point = {**POINT, "t_supply": min(POINT["t_supply"], 58.0 if refrigerant == "R410A" else 80.0)}
    assert pump.design(**point).origin == "table"
    calls = 2000
    table = statistics.median(
        timeit.repeat(lambda: pump.design(**point), number=calls, repeat=_REPEATS)
    )
    solve_design(refrigerant, **point)
    supplies = iter(np.linspace(point["t_supply"] - 2, point["t_supply"], _REPEATS + 1))
    solve = statistics.median(
        timeit.repeat(
            lambda: solve_design(refrigerant, **{**point, "t_supply": float(next(supplies))}),
            number=1,
            repeat=_REPEATS,
        )
    )
    return table / calls, solve


def million(refrigerant: str) -> dict[str, Any]:
    """Median seconds, peak memory [MB] and share answered of a million points in one call."""
    found: dict[str, Any] = json.loads(_run(_MILLION, refrigerant))
    found["seconds"] = statistics.median(found["seconds"])
    return found


def import_seconds() -> float:
    """Median seconds of ``import surrogate`` in fresh processes."""
    return statistics.median(float(_run(_IMPORT)) for _ in range(9))


def first_estimate_seconds() -> float:
    """Median seconds to a first estimate in fresh processes, the import included."""
    return statistics.median(float(_run(_FIRST)) for _ in range(9))


def throughput() -> tuple[float, float]:
    """Solves per second on one core: nodes of a table, and full solves with the pinch."""
    spec = derive("R717")
    points, _ = nodes.chunks(spec, 0)
    ranges = Box((0.5, 40.0), (1.0, 30.0), (35.0, 80.0), (1.0, 50.0), (0.65, 0.9))
    conditions = np.column_stack(sobol(ranges, 150, seed=3))
    return (
        _rate(nodes.NodeJob(spec), points[len(points) // 2]),
        _rate(SolveJob(spec.identity), conditions),
    )


def years(plant: str) -> dict[str, tuple[float, float]]:
    """Median seconds of a year of a shipped plant by each method, and by full solves."""
    spec = kinds.load(shipped_specs()[plant], "plant")
    assert isinstance(spec, PlantSpec)
    identity = spec.identity
    sizing = identity.sizing
    assert sizing is not None
    table = load(identity)
    design = load(identity._replace(kind="design", sizing=None))
    known = load(identity._replace(kind="regressor", sizing=None))
    maps = {"its table": table, "the regressor": known.plant(design, sizing)}
    timings = clock.years(identity, sizing, maps, repeats=_REPEATS)
    return {name: (t.surrogate, t.solve) for name, t in zip(maps, timings, strict=True)}


def tabulate_seconds() -> float:
    """Seconds to make the table of a plant that has none, on all cores."""
    plant = HeatPump("R290").plant(
        t_source_in=20, t_source_out=15, t_return=45, t_supply=70, heat_load=1e6
    )
    with tempfile.TemporaryDirectory() as folder:
        start = timeit.default_timer()
        plant.tabulate(folder=folder)
        return timeit.default_timer() - start


def _rate(job: sweep.Job, points: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Solves per second of a sweep in this process, building the model included."""
    job.start()
    with tempfile.TemporaryDirectory() as folder:
        start = timeit.default_timer()
        sweep.run(job, [points], Path(folder), label="rate", workers=1)
        return len(points) / (timeit.default_timer() - start)


def _run(code: str, *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return result.stdout
