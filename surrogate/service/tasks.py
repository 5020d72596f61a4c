"""What runs in the worker processes: plain functions of plain values."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from surrogate.estimate import Estimate
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


@functools.lru_cache(maxsize=16)
def _pump(refrigerant: str, parameters: str) -> HeatPump:
    return HeatPump(refrigerant, **json.loads(parameters))


@functools.lru_cache(maxsize=16)
def _plant(refrigerant: str, parameters: str, design: str, limits: str) -> Plant:
    pump = _pump(refrigerant, parameters)
    return pump.plant(**json.loads(design), limits=json.loads(limits) or None)
