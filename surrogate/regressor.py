"""Fitted regressors: off-design answers for any plant of a refrigerant, with a known error.

A regressor file holds polynomials that scikit-learn fitted to full off-design
solves of many plants. They predict where a plant's evaporating and condensing
temperature and its suction volume flow lie; the balance on the refrigerant's
design table (:mod:`surrogate.balance`) then corrects the prediction until the
machine's equations hold. The file also holds the characteristic lines, the
range of plants and conditions that it was fitted in, and the error measured on
plants that the fit never saw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surrogate.balance import Balance, Line, Machine
from surrogate.conditions import Conditions
from surrogate.errors import SurrogateError, TableError
from surrogate.evaluate import answer_point
from surrogate.identity import SOURCE_CONTROLS, Identity, Sizing
from surrogate.limits import DEFAULT_LIMITS, Limits
from surrogate.netcdf import read_checked
from surrogate.parameters import Parameters
from surrogate.plantmap import ANSWERED, OUTSIDE, FloatArray, Levels, Running
from surrogate.tablemodel import Regions, Table

KIND = "regressor"

LINES = ("eta_s", "condenser_hot", "condenser_cold", "evaporator_hot", "evaporator_cold")
"""Characteristic lines by name."""

FEATURES = (
    "t_evap_design",
    "t_cond_design",
    "source_approach_design",
    "supply_approach_design",
    "source_glide_design",
    "sink_glide_design",
    "eta_s_design",
    "source_change",
    "supply_change",
    "glide_ratio",
    "flow",
)
"""What a prediction starts from: the design's own temperatures and differences [degC, K], how
far the point lies from the design [K, K, 1], and the volume flow or the load over the design's."""

DOMAIN = {
    "t_source_in_design": "degC",
    "source_glide_design": "K",
    "t_supply_design": "degC",
    "sink_glide_design": "K",
    "eta_s_design": "1",
    "source_change": "K",
    "supply_change": "K",
    "glide_ratio": "1",
    "volume_flow": "1",
}
"""Quantities whose range is checked, with their units."""

ARRAYS = (
    "powers",
    "feature_mean",
    "feature_scale",
    "saturation_factors",
    "flow_factors",
    "domain",
    "error",
    "error_eta_s_edges",
    "error_lift_edges",
    *(f"line_{name}_{axis}" for name in LINES for axis in "xy"),
)
ATTRIBUTES = ("topology", "refrigerant", "parameters", "spec_digest", "table_digest", "features")

_RIM = 1e-9


def machine(table: Table, sizing: Sizing, limits: Limits) -> Machine | None:
    """Size a machine from its refrigerant's table; None where that has no answer."""
    conditions = Conditions(*sizing[:4], 1.0, sizing.eta_s)
    _, values = answer_point(table, conditions, limits)
    if values is None:
        return None
    source, sink = table.source_water, table.sink_water
    motor = table.parameters.motor_efficiency
    taken = 1.0 - motor / values.cop
    return Machine(
        values.ua_condenser,
        values.ua_evaporator,
        values.mass_flow,
        values.suction_volume_flow,
        taken / (source.enthalpy(sizing.t_source_in) - source.enthalpy(sizing.t_source_out)),
        1.0 / (sink.enthalpy(sizing.t_supply) - sink.enthalpy(sizing.t_return)),
        values.t_evap,
        values.t_cond,
    )


def features(sizing: Sizing, sized: Machine, levels: Levels, flow: FloatArray) -> FloatArray:
    """Features of some points of a plant, shape (n, len(FEATURES)); see :data:`FEATURES`."""
    glide = sizing.t_supply - sizing.t_return
    design = (
        sized.t_evap,
        sized.t_cond,
        sizing.t_source_in - sized.t_evap,
        sized.t_cond - sizing.t_supply,
        sizing.t_source_in - sizing.t_source_out,
        glide,
        sizing.eta_s,
    )
    return np.column_stack(
        [
            *(np.full(len(flow), value) for value in design),
            levels.t_source_in - sizing.t_source_in,
            levels.t_supply - sizing.t_supply,
            (levels.t_supply - levels.t_return) / glide,
            flow,
        ]
    )


class Polynomial:
    """Polynomials in scaled features, all of the same terms.

    Parameters
    ----------
    powers : array of int, shape (terms, features)
        Powers of each term, as scikit-learn's ``PolynomialFeatures`` has them.
    mean, scale : array, shape (features,)
        Features are shifted and divided by these first.
    factors : array, shape (terms, outputs)
        Factors of the terms.
    """

    def __init__(
        self,
        powers: NDArray[np.integer[Any]],
        mean: FloatArray,
        scale: FloatArray,
        factors: FloatArray,
    ) -> None:
        if len(powers) != len(factors) or powers.shape[1] != len(mean):
            raise ValueError("the terms of a regressor do not fit its factors or features")
        self._steps = _steps(powers)
        self._mean, self._scale, self._factors = mean, scale, factors

    def predict(self, raw: FloatArray) -> FloatArray:
        """Outputs of shape (outputs, n) from features of shape (n, features)."""
        scaled = ((raw - self._mean) / self._scale).T
        terms = np.empty((len(self._factors), len(raw)))
        for number, step in enumerate(self._steps):
            if step is None:
                terms[number] = 1.0
            else:
                np.multiply(terms[step[0]], scaled[step[1]], out=terms[number])
        result: FloatArray = self._factors.T @ terms
        return result


def _steps(powers: NDArray[np.integer[Any]]) -> list[tuple[int, int] | None]:
    """Each term as an earlier one times one feature."""
    places = {tuple(row): number for number, row in enumerate(powers.tolist())}
    steps: list[tuple[int, int] | None] = []
    for number, row in enumerate(powers.tolist()):
        used = [place for place, power in enumerate(row) if power]
        if not used:
            steps.append(None)
            continue
        row[used[-1]] -= 1
        parent = places[tuple(row)]
        if parent >= number:
            raise ValueError("the terms of a regressor are not in their order")
        steps.append((parent, used[-1]))
    return steps


@dataclass(frozen=True)
class Regressor:
    """Regressors of one refrigerant, read and checked.

    Attributes
    ----------
    path : Path
        Where they were read.
    identity : Identity
        What they are regressors of.
    saturation, flow : dict of str to Polynomial
        By source control: both saturation temperatures' distances [K] from
        where the design's would lie, at a volume flow; the volume flow over
        the load, at a load.
    domain : array, shape (len(DOMAIN), 2)
        Lowest and highest of each quantity of :data:`DOMAIN`.
    lines : dict of str to Line
        Characteristic lines.
    regions : Regions
        Error of the COP over eta_s and the lift.
    table_digest : str
        Content digest of the design table that they belong to.
    """

    path: Path
    identity: Identity
    saturation: Mapping[str, Polynomial]
    flow: Mapping[str, Polynomial]
    domain: FloatArray
    lines: Mapping[str, Line]
    regions: Regions
    table_digest: str
    attributes: Mapping[str, Any]

    def plant(
        self,
        table: Table,
        sizing: Sizing,
        *,
        eta_s: float = 1.0,
        ua_condenser: float = 1.0,
        ua_evaporator: float = 1.0,
    ) -> RegressorMap | None:
        """A map of one plant, or None where the plant lies outside the domain.

        The domain holds plants whose design keeps the default limits.

        Parameters
        ----------
        table : Table
            The design table of its refrigerant.
        sizing : Sizing
            What the plant is sized for.
        eta_s, ua_condenser, ua_evaporator : float
            Factors on the compressor's efficiency and on both UA [1], of a
            machine that is no longer what its design says. It is sized first
            and changed then: loads and volume flows, and the flows that the
            characteristic lines are over, stay relative to its design. The
            error that the map states was measured on unchanged plants, at the
            efficiency and lift that the balance finds.
        """
        design = (
            sizing.t_source_in,
            sizing.t_source_in - sizing.t_source_out,
            sizing.t_supply,
            sizing.t_supply - sizing.t_return,
            sizing.eta_s,
        )
        low, high = self.domain[: len(design)].T
        if not ((np.array(design) >= low - _RIM) & (np.array(design) <= high + _RIM)).all():
            return None
        sized = machine(table, sizing, DEFAULT_LIMITS)
        if sized is None:
            return None
        changed = sized._replace(
            ua_condenser=ua_condenser * sized.ua_condenser,
            ua_evaporator=ua_evaporator * sized.ua_evaporator,
        )
        return RegressorMap(self, table, sizing._replace(eta_s=eta_s * sizing.eta_s), changed)


def start_of(sizing: Sizing, sized: Machine, levels: Levels, offsets: FloatArray) -> FloatArray:
    """Saturation temperatures, shape (2, n), from their distances to the design's."""
    held = sizing.source_control == "outlet"
    source = 0.0 if held else levels.t_source_in - sizing.t_source_in
    sink = levels.t_supply - sizing.t_supply
    return np.stack([sized.t_evap + source + offsets[0], sized.t_cond + sink + offsets[1]])


class RegressorMap(Balance):
    """A map of one plant from its refrigerant's regressors."""

    def __init__(self, regressor: Regressor, table: Table, sizing: Sizing, sized: Machine) -> None:
        super().__init__(table, sizing, sized, regressor.lines, self._predict)
        self._regressor = regressor
        low, high = regressor.domain[-1]
        self.volume_flows = (float(low), float(high))

    def covers(self, sizing: Sizing) -> list[tuple[str, float, float]]:
        """Conditions that it covers, as names with their lowest and highest value."""
        source, supply, ratio, flow = self._regressor.domain[-4:].tolist()
        glide = sizing.t_supply - sizing.t_return
        return [
            ("volume_flow", *flow),
            ("t_source_in", *(sizing.t_source_in + change for change in source)),
            ("t_supply", *(sizing.t_supply + change for change in supply)),
            ("sink_glide", *(glide * share for share in ratio)),
        ]

    def at_volume_flow(self, levels: Levels, volume_flow: FloatArray) -> Running:
        """What the machine does at some suction volume flows, relative to design."""
        return self._known(levels, super().at_volume_flow(levels, volume_flow))

    def at_load(self, levels: Levels, load: FloatArray, near: FloatArray | None = None) -> Running:
        """What it does at some heat loads, relative to design."""
        return self._known(levels, super().at_load(levels, load))

    def _predict(self, levels: Levels, value: FloatArray, which: str) -> FloatArray:
        """Where the balance starts from."""
        control = self._sizing.source_control
        flow = value
        raw = features(self._sizing, self._machine, levels, value)
        if which == "load":
            flow = value * self._regressor.flow[control].predict(raw)[0]
            raw[:, -1] = flow
        offsets = self._regressor.saturation[control].predict(raw)
        return np.stack([*start_of(self._sizing, self._machine, levels, offsets), flow])

    def _known(self, levels: Levels, running: Running) -> Running:
        """Keep what lies in the domain, with its error."""
        sizing = self._sizing
        places = np.stack(
            [
                levels.t_source_in - sizing.t_source_in,
                levels.t_supply - sizing.t_supply,
                (levels.t_supply - levels.t_return) / (sizing.t_supply - sizing.t_return),
                running.volume_flow,
            ]
        )
        low, high = self._regressor.domain[-len(places) :].T
        with np.errstate(invalid="ignore"):
            inside = (places >= low[:, None] - _RIM) & (places <= high[:, None] + _RIM)
        running.code[(running.code == ANSWERED) & ~inside.all(axis=0)] = OUTSIDE
        lift = running.t_cond - running.t_evap
        running.error[:] = self._regressor.regions.at_many(running.eta_s, lift)
        return running


def read(path: Path, expected: Identity | None = None) -> Regressor:
    """Read a regressor file and check that it can be believed.

    Raises
    ------
    TableError
        If the file is missing, no NetCDF, truncated, of a newer format,
        edited after it was made, or of something else.
    """
    arrays, attributes = read_checked(path, KIND, "regressor of plants", ARRAYS, ATTRIBUTES)
    try:
        regressor = _build(path, arrays, attributes)
    except (ValueError, KeyError, IndexError, TypeError, SurrogateError) as error:
        raise TableError(f"{path} does not fit together: {error}") from error
    if expected is not None and regressor.identity != expected:
        raise TableError(f"{path} is a regressor of something else than {expected.refrigerant}")
    return regressor


def _build(
    path: Path, arrays: Mapping[str, NDArray[Any]], attributes: Mapping[str, Any]
) -> Regressor:
    if tuple(json.loads(attributes["features"])) != FEATURES:
        raise ValueError("it was fitted on other features than this version computes")
    identity = Identity(
        KIND,
        str(attributes["topology"]),
        str(attributes["refrigerant"]),
        Parameters.from_mapping(json.loads(attributes["parameters"])),
    )
    if identity.digest != attributes["spec_digest"]:
        raise ValueError("it has the digest of another spec")
    powers = np.asarray(arrays["powers"], dtype=np.int64)
    domain = np.asarray(arrays["domain"], dtype=np.float64)
    if domain.shape != (len(DOMAIN), 2):
        raise ValueError("its domain is not that of this version")

    def polynomials(name: str) -> dict[str, Polynomial]:
        return {
            control: Polynomial(
                powers,
                arrays["feature_mean"][number],
                arrays["feature_scale"][number],
                arrays[name][number],
            )
            for number, control in enumerate(SOURCE_CONTROLS)
        }

    return Regressor(
        path=path,
        identity=identity,
        saturation=polynomials("saturation_factors"),
        flow=polynomials("flow_factors"),
        domain=domain,
        lines={n: Line(arrays[f"line_{n}_x"], arrays[f"line_{n}_y"]) for n in LINES},
        regions=Regions(arrays["error_eta_s_edges"], arrays["error_lift_edges"], arrays["error"]),
        table_digest=str(attributes["table_digest"]),
        attributes=attributes,
    )
