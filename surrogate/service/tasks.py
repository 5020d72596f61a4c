"""What runs in the worker processes: plain functions of plain values."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from surrogate.estimate import Estimate
from surrogate.files import written_whole
from surrogate.heatpump import HeatPump
from surrogate.plant import Plant
from surrogate.plantestimate import PlantEstimate

Numbers = Mapping[str, Any]


def solve_design(
    refrigerant: str, parameters: Numbers, limits: Numbers, point: Numbers
) -> Estimate:
    """Estimate one design point, with a full solve where no table has it.

    Parameters
    ----------
    refrigerant : str
        Its name.
    parameters, limits : mapping of str to float
        What differs from the defaults.
    point : mapping of str to float
        The conditions.
    """
    pump = _pump(refrigerant, json.dumps(dict(parameters), sort_keys=True))
    return pump.design(**point, limits=dict(limits) or None, max_solves=1)


def solve_operation(
    refrigerant: str,
    parameters: Numbers,
    limits: Numbers,
    design: Mapping[str, Any],
    point: Numbers,
) -> PlantEstimate:
    """Run a plant at one point, with full solves where nothing else has it.

    Parameters
    ----------
    refrigerant : str
        Its name.
    parameters, limits : mapping of str to float
        What differs from the defaults.
    design : mapping
        What the plant is sized for.
    point : mapping of str to float
        Temperatures and heat load.
    """
    plant = _plant(
        refrigerant,
        json.dumps(dict(parameters), sort_keys=True),
        json.dumps(dict(design), sort_keys=True),
        json.dumps(dict(limits), sort_keys=True),
    )
    return plant.operate(**point, max_solves=1)


def pdf(assessment: Mapping[str, Any], name: str, created: str | None) -> bytes:
    """Make the PDF of an assessment, given as its dictionary."""
    from surrogate.assessment import Assessment, pdf_report

    return pdf_report(Assessment.from_dict(assessment), name, created=created)


def calibrate(design: Mapping[str, Any], measured: bytes, progress: str) -> dict[str, Any]:
    """Fit a twin to measured hours.

    Parameters
    ----------
    design : mapping
        The machine.
    measured : bytes
        The hours, as CSV.
    progress : str
        File that progress is written to, whole at any moment.
    """
    from surrogate import twin

    def tell(fraction: float, note: str) -> None:
        with written_whole(Path(progress)) as path:
            path.write_text(json.dumps({"fraction": fraction, "note": note}), encoding="utf-8")

    machine = twin.Twin(twin.Design.model_validate(design))
    return twin.calibrate(machine, twin.read_measured(measured), progress=tell).to_dict()


@functools.lru_cache(maxsize=16)
def _pump(refrigerant: str, parameters: str) -> HeatPump:
    return HeatPump(refrigerant, **json.loads(parameters))


@functools.lru_cache(maxsize=16)
def _plant(refrigerant: str, parameters: str, design: str, limits: str) -> Plant:
    pump = _pump(refrigerant, parameters)
    return pump.plant(**json.loads(design), limits=json.loads(limits) or None)
