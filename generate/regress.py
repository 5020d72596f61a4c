"""From solved plants to a regressor file: fit, calibrate, judge, write."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from surrogate import regressor, store
from surrogate.errors import SpecError
from surrogate.extras import need
from surrogate.identity import SOURCE_CONTROLS, Identity, Sizing
from surrogate.limits import DEFAULT_LIMITS
from surrogate.plantmap import ANSWERED, Running, nothing
from surrogate.regressor import DOMAIN, FEATURES, LINES, Regressor, features, machine
from surrogate.tablemodel import Regions, Table

from . import sweep
from .held_out import bound_regions
from .judged import Judged, compare, running_from
from .netcdf import common_attributes, now, write_checked
from .plants import PlantJob, Sample, draw
from .regressorspec import RegressorSpec

FloatArray = NDArray[np.float64]

_PLANTS_A_CHUNK = 5
_ETA_REGIONS, _LIFT_REGIONS = 4, 2
# Shares of the plants that are fitted to and calibrated with; the rest judges.
_FIT, _CALIBRATE = 0.4, 0.4
_RIDGE = 1e-4


class Solved(NamedTuple):
    """A sample with its full solves.

    Attributes
    ----------
    sample : Sample
        Plants and points.
    running : Running
        The solves; its code tells where there is one.
    """

    sample: Sample
    running: Running


class MadeRegressor(NamedTuple):
    """Finished regressors with what they are worth."""

    path: Path
    regressor: Regressor
    judged: Judged
    solves: int


def make_regressor(
    spec: RegressorSpec,
    folder: Path,
    *,
    workers: int | None = None,
    console: Console | None = None,
    work: Path | None = None,
) -> MadeRegressor:
    """Solve plants, fit, calibrate on plants that the fit never saw, write.

    Parameters
    ----------
    spec : RegressorSpec
        What to make.
    folder : Path
        Where the file goes.
    workers : int, optional
        Processes; one for each core by default.
    console : Console, optional
        Where progress is shown.
    work : Path, optional
        Where unfinished work is kept, ``folder/.work`` by default.

    Raises
    ------
    SpecError
        If there is no design table to stand on.
    MissingExtraError
        Without scikit-learn.
    """
    need("sklearn", "fit")
    table = design_table(spec.identity, folder)
    place = (work or folder / ".work") / f"regressor-{sweep.work_name(spec)}"
    solved = solve(spec, table, spec.seed, place, workers=workers, console=console)
    fitted, rest = _split(solved, _FIT)
    calibrating, judging = _split(rest, _CALIBRATE / (1.0 - _FIT))
    arrays = _fit(spec, table, fitted)
    infinite = Regions(np.array([0.0, 1.0]), np.array([0.0, 500.0]), np.array([[np.inf]]))
    path = folder / spec.identity.file_name
    draft = place / "draft.nc"
    _write(draft, spec, table, arrays, infinite, None)
    bounds = _calibrate(regressor.read(draft), table, calibrating)
    _write(draft, spec, table, arrays, bounds, None)
    judged = judge(regressor.read(draft), table, judging)
    _write(path, spec, table, arrays, bounds, judged)
    shutil.rmtree(place)
    return MadeRegressor(
        path, regressor.read(path, spec.identity), judged, len(solved.running.code)
    )


def design_table(identity: Identity, folder: Path) -> Table:
    """The design table that regressors and plants of an identity stand on.

    Raises
    ------
    SpecError
        If there is none.
    """
    wanted = identity._replace(kind="design", sizing=None)
    table: Table | None = store.load(wanted, folder if folder.is_dir() else None)
    if table is None:
        raise SpecError(
            f"there is no design table of {identity.refrigerant} with these parameters; make it "
            f"first: surrogate generate {identity.refrigerant}"
        )
    return table


def solve(
    spec: RegressorSpec,
    table: Table,
    seed: int,
    place: Path,
    *,
    workers: int | None = None,
    console: Console | None = None,
) -> Solved:
    """Draw plants and solve all their points in full."""
    sample = draw(
        table,
        spec.plants,
        spec.points,
        seed,
        sink_glide=spec.sink_glide,
        source_glide=spec.source_glide,
        operating=spec.operating,
    )
    rows = sample.rows()
    starts = np.flatnonzero(np.diff(sample.plant // _PLANTS_A_CHUNK, prepend=-1))
    done = sweep.run(
        PlantJob(spec.identity),
        np.split(rows, starts[1:]),
        place,
        label=f"{spec.refrigerant} plants {seed}",
        workers=workers or sweep.default_workers(),
        console=console,
    )
    return Solved(sample, running_from(*(np.concatenate(part) for part in zip(*done, strict=True))))


def answers(known: Regressor, table: Table, solved: Solved) -> Running:
    """What regressors say of the points of a sample."""
    result = nothing(len(solved.sample.plant))
    for sizing, members in _by_plant(solved):
        plant = known.plant(table, sizing)
        if plant is not None:
            levels = solved.sample.levels.take(members)
            flow = solved.running.volume_flow[members]
            result.put(members, plant.at_volume_flow(levels, flow))
    return result


def judge(known: Regressor, table: Table, solved: Solved) -> Judged:
    """Set regressors against full solves."""
    return compare(answers(known, table, solved), solved.running)


def _by_plant(solved: Solved) -> list[tuple[Sizing, NDArray[np.intp]]]:
    sample = solved.sample
    return [
        (sizing, np.flatnonzero(sample.plant == number))
        for number, sizing in enumerate(sample.sizings)
        if (sample.plant == number).any()
    ]


def _split(solved: Solved, share: float) -> tuple[Solved, Solved]:
    """Divide by plants, so that no plant is in both; by the golden ratio, even and fixed."""
    place = (solved.sample.plant * 0.618033988749895) % 1.0
    order = np.argsort(np.unique(place))
    rank = order.searchsorted(np.searchsorted(np.unique(place), place)) / max(len(order), 1)
    parts = (np.flatnonzero(rank < share), np.flatnonzero(rank >= share))
    first, second = (Solved(solved.sample.take(p), solved.running.take(p)) for p in parts)
    return first, second


def _fit(spec: RegressorSpec, table: Table, solved: Solved) -> dict[str, FloatArray]:
    """Fit the polynomials of both source controls."""
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    expand = PolynomialFeatures(spec.degree)
    means, scales, saturation, flows = [], [], [], []
    for control in SOURCE_CONTROLS:
        raw, offsets, load = _learnt(table, solved, control)
        scaler = StandardScaler().fit(raw)
        by_flow = expand.fit_transform(scaler.transform(raw))
        asked = raw.copy()
        asked[:, -1] = load
        by_load = expand.fit_transform(scaler.transform(asked))
        ridge = Ridge(alpha=_RIDGE * len(raw), fit_intercept=False)
        saturation.append(ridge.fit(by_flow, offsets).coef_.T.copy())
        flows.append(ridge.fit(by_load, (raw[:, -1] / load)[:, None]).coef_.reshape(1, -1).T.copy())
        means.append(scaler.mean_)
        scales.append(scaler.scale_)
    return {
        "powers": expand.powers_,
        "feature_mean": np.array(means),
        "feature_scale": np.array(scales),
        "saturation_factors": np.array(saturation),
        "flow_factors": np.array(flows),
    }


def _learnt(
    table: Table, solved: Solved, control: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Features, saturation offsets and loads of the solved points under one source control."""
    raw, offsets, loads = [], [], []
    for sizing, everyone in _by_plant(solved):
        members = everyone[solved.running.code[everyone] == ANSWERED]
        sized = machine(table, sizing, DEFAULT_LIMITS)
        if sizing.source_control != control or len(members) == 0 or sized is None:
            continue
        true = solved.running.take(members)
        levels = solved.sample.levels.take(members)
        raw.append(features(sizing, sized, levels, true.volume_flow))
        nowhere = regressor.start_of(sizing, sized, levels, np.zeros((2, len(members))))
        offsets.append((np.stack([true.t_evap, true.t_cond]) - nowhere).T)
        loads.append(true.load)
    if not raw:
        raise SpecError(f"no plant with the source's {control} held was solved; ask for more")
    return np.concatenate(raw), np.concatenate(offsets), np.concatenate(loads)


def _calibrate(known: Regressor, table: Table, solved: Solved) -> Regions:
    """Bound the error of the COP on plants that the fit never saw."""
    said = answers(known, table, solved)
    both = (said.code == ANSWERED) & (solved.running.code == ANSWERED)
    error = (said.cop / solved.running.cop - 1.0)[both]
    eta_s, lift = said.eta_s[both], (said.t_cond - said.t_evap)[both]
    return bound_regions(error, (eta_s, 0.0, 1.0, _ETA_REGIONS), (lift, 0.0, 500.0, _LIFT_REGIONS))


def _domain(spec: RegressorSpec, table: Table) -> FloatArray:
    pinch = table.parameters.pinch
    t_evap = table.t_evap
    ranges = {
        "t_source_in_design": (
            DEFAULT_LIMITS.t_source_out_min + spec.source_glide[0],
            t_evap.high + pinch + spec.source_glide[1],
        ),
        "source_glide_design": spec.source_glide,
        "t_supply_design": tuple(table.t_supply),
        "sink_glide_design": spec.sink_glide,
        "eta_s_design": tuple(table.eta_s),
        **spec.operating._asdict(),
    }
    return np.array([ranges[name] for name in DOMAIN], dtype=np.float64)


def _write(
    path: Path,
    spec: RegressorSpec,
    table: Table,
    fitted: dict[str, FloatArray],
    bounds: Regions,
    judged: Judged | None,
) -> None:
    from surrogate.cycle.characteristics import lines

    arrays: dict[str, Any] = {
        "powers": (("term", "feature"), fitted["powers"], {"long_name": "powers of each term"}),
        "domain": (
            ("quantity", "end"),
            _domain(spec, table),
            {"long_name": f"lowest and highest of {', '.join(DOMAIN)}"},
        ),
        "error": (
            ("error_eta_s", "error_lift"),
            bounds.half_width,
            {
                "units": "1",
                "long_name": "relative error of the COP that 95 % of solves of unseen plants in "
                "the region stay within",
            },
        ),
        "error_eta_s_edges": ("error_eta_s_edge", bounds.row_edges, {"units": "1"}),
        "error_lift_edges": ("error_lift_edge", bounds.column_edges, {"units": "K"}),
    }
    for name, last in (
        ("feature_mean", ("feature",)),
        ("feature_scale", ("feature",)),
        ("saturation_factors", ("term", "saturation")),
        ("flow_factors", ("term", "ratio")),
    ):
        arrays[name] = (("source_control", *last), fitted[name], {"long_name": name})
    for name, line in lines().items():
        for axis, values in zip("xy", line, strict=True):
            arrays[f"line_{name}_{axis}"] = (f"line_{name}", values, {"units": "1"})
    assert set(LINES) == set(lines())
    attributes = common_attributes(
        spec.identity,
        f"Off-design regressors of {spec.identity.topology} plants with "
        f"{spec.identity.refrigerant}",
        now(),
    )
    attributes |= {
        "spec": spec.model_dump_json(),
        "features": json.dumps(FEATURES),
        "source_controls": json.dumps(SOURCE_CONTROLS),
        "table_digest": table.attributes["content_digest"],
        "fitted_with": f"scikit-learn {version('scikit-learn')}",
    }
    if judged is not None:
        attributes |= judged.attributes()
    write_checked(path, arrays, attributes)
