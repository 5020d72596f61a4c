"""Measured hours of a machine that does not exist: for a first look, and for the tests.

A twin with fouled exchangers and a worn compressor runs from early March on;
what a logger would have written of it is given noise, some gaps and some hours
off, from a seed: the same file every time.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from surrogate.conditions import FloatArray, Operation
from surrogate.errors import InputError
from surrogate.plantestimate import PlantEstimate
from surrogate.twin.design import Design, Factors
from surrogate.twin.measured import MOST_ROWS
from surrogate.twin.twin import Twin

FOULED = Factors(eta_s=0.95, ua_condenser=0.80, ua_evaporator=0.85)
"""What the machine of the example is beside its design."""

START = datetime(2026, 3, 2)

_SEED = 20260302
# Noise of the logger, one standard deviation: shares of power and heat, kelvins.
_POWER_NOISE, _KELVIN_NOISE = 0.01, 0.1
_GAP = 0.01
# The building needs no heat above this outdoor temperature [degC].
_OFF_ABOVE = 10.0
# Columns of the file, with the decimals that a logger writes.
_COLUMNS = {
    "t_source_in": 2,
    "t_return": 2,
    "t_supply": 2,
    "heat_load": 0,
    "power": 0,
    "t_evap": 2,
    "t_cond": 2,
    "t_discharge": 1,
}


def example_csv(
    hours: int = 168, design: Design | None = None, factors: Factors = FOULED, noise: float = 1.0
) -> str:
    """Write measured hours of an invented machine as CSV.

    Parameters
    ----------
    hours : int
        How many, from 1 to 20,000.
    design : Design, optional
        What the machine is sized for; the usual one by default.
    factors : Factors
        What it is beside its design.
    noise : float
        Factor on the logger's noise; 0 is none, and then no hour is off or
        has a gap by chance either.

    Raises
    ------
    InputError
        If there are no hours, or too many.
    TableNotFoundError
        If the refrigerant has no regressor.

    Examples
    --------
    >>> print(example_csv(2).splitlines()[0])
    time,t_source_in,t_return,t_supply,heat_load,power,t_evap,t_cond,t_discharge
    """
    if not 1 <= hours <= MOST_ROWS:
        raise InputError(f"hours = {hours}, but it must be from 1 to {MOST_ROWS:,}")
    sized = design or Design()
    twin = Twin(sized, factors)
    weather = _weather(hours)
    asked = _demand(sized, weather)
    # What the machine cannot deliver it does not: it runs at its capacity.
    capacity = twin.run(**asked._asdict()).capacity
    asked = asked._replace(heat_load=np.fmin(asked.heat_load, 0.999 * capacity))
    found = twin.run(**asked._asdict())
    return _written(found, weather > _OFF_ABOVE, noise)


def _weather(hours: int) -> FloatArray:
    """Outdoor temperature [degC]: a year's and a day's swing, and fronts that pass."""
    day = np.arange(hours) / 24.0
    coldest = 15.0 - START.timetuple().tm_yday  # the middle of January
    year = 9.0 - 9.0 * np.cos(2.0 * np.pi * (day - coldest) / 365.0)
    daily = 3.0 * np.cos(2.0 * np.pi * (day - 15.0 / 24.0))
    fronts = 4.0 * np.sin(2.0 * np.pi * day / 5.3) + 2.5 * np.sin(2.0 * np.pi * day / 11.7)
    result: FloatArray = year + daily + fronts
    return result


def _demand(design: Design, outdoor: FloatArray) -> Operation:
    """What a building asks for at some weather: a heating curve, and a source that follows."""
    cold = np.clip((14.0 - outdoor) / 18.0, 0.0, 1.0)
    load = design.heat_load * (0.5 + 0.48 * cold)
    glide = (design.t_supply - design.t_return) * (0.7 + 0.3 * cold)
    supply = design.t_supply - 8.0 * (1.0 - cold)
    source = design.t_source_in + 1.5 - 2.0 * cold
    return Operation(source, supply - glide, supply, load)


def _written(found: PlantEstimate, off: NDArray[np.bool_], noise: float) -> str:
    """Hours as a logger writes them."""
    rng = np.random.default_rng(_SEED)
    known = found.to_dict()
    columns = {}
    for name in _COLUMNS:
        kelvins = name.startswith("t_")
        spread = rng.normal(size=len(off))
        change = _KELVIN_NOISE * spread if kelvins else _POWER_NOISE * spread * known[name]
        columns[name] = known[name] + noise * change
    gap = (rng.random(len(off)) < _GAP) & (noise > 0.0)
    idle = off & (noise > 0.0)
    columns["heat_load"][idle] = columns["power"][idle] = 0.0
    for name in ("t_evap", "t_cond", "t_discharge"):
        columns[name][idle | known["cycling"]] = np.nan
    columns["t_supply"][gap] = np.nan
    text = io.StringIO()
    text.write(",".join(["time", *_COLUMNS]) + "\n")
    for number in range(len(off)):
        time = START + timedelta(hours=number)
        cells = [
            "" if np.isnan(columns[name][number]) else f"{columns[name][number]:.{digits}f}"
            for name, digits in _COLUMNS.items()
        ]
        text.write(",".join([time.isoformat(timespec="minutes"), *cells]) + "\n")
    return text.getvalue()
