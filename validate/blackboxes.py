"""Black boxes that regressors are set beside, and what they see of a plant.

They are not left to find the physics by themselves: their features hold the
design's approach temperatures and exchangers
(:func:`surrogate.regressor.machine`) and the compressor's own characteristic
line, and they only learn the grade of the COP on Carnot's between shifted
temperatures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surrogate.balance import Line, Machine
from surrogate.identity import Sizing
from surrogate.plantmap import Levels
from surrogate.units import KELVIN

FloatArray = NDArray[np.float64]

FEATURES = (
    "t_low",
    "t_high",
    "log_lift",
    "share",
    "eta_s",
    "source_approach_design",
    "supply_approach_design",
    "source_glide_design",
    "sink_glide_design",
    "glide_ratio",
    "source_change",
    "supply_change",
    "log_ua_condenser",
    "log_ua_evaporator",
    "source_control",
)
"""What black boxes see: shifted temperatures [K] and the logarithm of their distance, the load's
measure over the design's [1], the compressor's efficiency there [1], approaches and glides of the
design [K], how far the point lies from the design [1, K, K], the UA of both exchangers over the
design's heat load [log 1/K], and the source control's number."""

# Shares of the design's approach temperatures that stay at no load; the rest goes with the load.
_SOURCE_STAYS, _SUPPLY_STAYS = 0.55, 0.5
_SEED = 1


class View(NamedTuple):
    """What a black box sees of some points of a plant.

    Attributes
    ----------
    features : array, shape (n, len(FEATURES))
        See :data:`FEATURES`.
    carnot : array, shape (n,)
        COP of Carnot's refrigerator between the shifted temperatures times
        the compressor's efficiency [1].
    """

    features: FloatArray
    carnot: FloatArray


def view(sizing: Sizing, sized: Machine, levels: Levels, share: FloatArray) -> View:
    """See some points of a plant as a black box does.

    Parameters
    ----------
    sizing : Sizing
        What the plant is sized for.
    sized : Machine
        The sizes that follow.
    levels : Levels
        Temperatures [degC].
    share : array, shape (n,)
        Volume flow, or load, over that of the design [1].
    """
    held = sizing.source_control == "outlet"
    source_approach = sizing.t_source_in - sized.t_evap
    supply_approach = sized.t_cond - sizing.t_supply
    glide = sizing.t_supply - sizing.t_return
    source, design = (
        (np.full(len(share), sizing.t_source_out), sizing.t_source_out)
        if held
        else (levels.t_source_in, sizing.t_source_in)
    )
    low = source - (design - sized.t_evap) * (_SOURCE_STAYS + (1.0 - _SOURCE_STAYS) * share)
    high = levels.t_supply + supply_approach * (_SUPPLY_STAYS + (1.0 - _SUPPLY_STAYS) * share)
    eta_s = sizing.eta_s * _eta_line().at(share)
    columns = (
        low + KELVIN,
        high + KELVIN,
        np.log(high - low),
        share,
        eta_s,
        source_approach,
        supply_approach,
        sizing.t_source_in - sizing.t_source_out,
        glide,
        (levels.t_supply - levels.t_return) / glide,
        levels.t_source_in - sizing.t_source_in,
        levels.t_supply - sizing.t_supply,
        np.log(sized.ua_condenser),
        np.log(sized.ua_evaporator),
        float(held),
    )
    features = np.column_stack([np.broadcast_to(column, len(share)) for column in columns])
    return View(features, eta_s * (low + KELVIN) / (high - low))


@cache
def _eta_line() -> Line:
    from surrogate.cycle.characteristics import lines

    return lines()["eta_s"]


def grade() -> Any:
    """The same grade everywhere: what the shifted temperatures are worth alone."""
    from sklearn.dummy import DummyRegressor

    return DummyRegressor()


def _ridge(degree: int) -> Any:
    """Polynomials; how strongly they are held is chosen by leaving points out."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    return make_pipeline(
        StandardScaler(), PolynomialFeatures(degree), RidgeCV(np.logspace(-8.0, 2.0, 11))
    )


class Gaussian:
    """A Gaussian process whose hyperparameters are fitted to some of its points.

    It is also the slowest to fit, so that points beyond ``most_points`` are
    left out at random.
    """

    most_points = 1500
    _hyper_points = 800

    def fit(self, x: FloatArray, y: FloatArray) -> Gaussian:
        """Fit first the hyperparameters, then the process."""
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
        from sklearn.preprocessing import StandardScaler

        kernel = ConstantKernel(10.0, (1e-3, 1e5)) * RBF(np.full(x.shape[1], 5.0), (0.1, 1e3))
        kernel += WhiteKernel(1e-4, (1e-10, 1.0))
        self._scaler = StandardScaler().fit(x)
        order = np.random.default_rng(_SEED).permutation(len(x))[: self.most_points]
        z, known, few = self._scaler.transform(x)[order], y[order], slice(self._hyper_points)
        found = GaussianProcessRegressor(kernel, normalize_y=True).fit(z[few], known[few])
        self._process = GaussianProcessRegressor(found.kernel_, optimizer=None, normalize_y=True)
        self._process.fit(z, known)
        return self

    def predict(self, x: FloatArray) -> FloatArray:
        """The process's mean."""
        result: FloatArray = self._process.predict(self._scaler.transform(x))
        return result


def _network() -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = MLPRegressor(
        hidden_layer_sizes=(64, 64),
        activation="tanh",
        solver="lbfgs",
        alpha=0.03,
        max_iter=3000,
        max_fun=10_000,
        random_state=_SEED,
    )
    scaled = make_pipeline(StandardScaler(), network)
    return TransformedTargetRegressor(scaled, transformer=StandardScaler())


def _boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=600,
        learning_rate=0.05,
        max_leaf_nodes=15,
        min_samples_leaf=8,
        early_stopping=False,
        random_state=_SEED,
    )


BEST = "Gaussian process"
"""The best of them."""

BLACK_BOXES: dict[str, Callable[[], Any]] = {
    "polynomials of degree 2": partial(_ridge, 2),
    "polynomials of degree 3": partial(_ridge, 3),
    "polynomials of degree 4": partial(_ridge, 4),
    BEST: Gaussian,
    "neural network, 64 x 64": _network,
    "boosted trees": _boosting,
}
"""Makers of unfitted black boxes by name."""
