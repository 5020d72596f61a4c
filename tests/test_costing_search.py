"""How far the search goes, what ends it, and what it tells on its way."""

from __future__ import annotations

import signal
import threading
from typing import Any

import numpy as np
import pytest

from surrogate.costing import district, optimise
from surrogate.costing.optimiser.model import Model
from surrogate.costing.optimiser.refine import Refiner
from surrogate.costing.prepare import prepare

from .costing_cases import (
    EXACT,
    discounted,
    inside,
    named,
    settings_table,
    solved,
    street,
    summary,
)
from .network_oracle import random_instance
from .network_oracle import tables as tables_of

HARD = (5, 7, 13, 19, 26, 29)


def gaps(**parameters: Any) -> list[tuple[str, float]]:
    """State and gap of instances that one solve does not settle."""
    asked = {"optimiser__mip_gap": 0, **parameters}
    found = [summary(solved(tables_of(random_instance(seed), **asked))) for seed in HARD]
    return [(one.state, one.mip_gap) for one in found]


def test_more_iterations_close_the_gap():
    none = gaps(optimiser__param_gap=0, optimiser__iteration_limit=0)
    many = gaps(optimiser__param_gap=0, optimiser__iteration_limit=100)
    assert [gap for _, gap in many] == pytest.approx([0] * len(HARD), abs=1e-6)
    assert {state for state, _ in many} == {"optimal"}
    assert "non-optimal (iteration-limit)" in {state for state, _ in none}
    assert max(gap for _, gap in none) > 0.01


def test_the_loop_has_a_bound_of_a_relaxation_and_the_exact_way_that_of_its_answer():
    instance = random_instance(5)
    widths = {}
    for method in ("loop", "exact"):
        given = tables_of(instance, **{"optimiser__method": method, "optimiser__mip_gap": 0})
        found = summary(solved(given))
        widths[method] = (found.upper_bound - found.lower_bound) / abs(found.lower_bound)
    assert widths["exact"] == pytest.approx(0, abs=1e-6)
    assert widths["loop"] > 1e-3


def test_a_wide_gap_of_the_parameters_ends_the_search_early():
    wide = gaps(optimiser__param_gap=0.9)
    assert "non-optimal (param-gap)" in {state for state, _ in wide}


def test_a_wide_gap_of_the_solves_is_enough_to_be_called_optimal():
    wide = gaps(optimiser__mip_gap=0.5)
    assert {state for state, _ in wide} == {"optimal"}
    assert 0.5 >= max(gap for _, gap in wide) > 0.01


@pytest.mark.filterwarnings("ignore:.*")
@pytest.mark.parametrize("why", ["runtime-limit", "interrupted"])
def test_a_search_cut_short_ends_with_a_valid_result(why):
    given = district(60, seed=3)
    given["parameters"] = settings_table({})
    stop = threading.Event()
    if why == "interrupted":
        stop.set()
    else:
        given["parameters"] = settings_table({"optimiser/runtime-limit": "0.001"})
    for constraint in ("optional", "required"):
        given["buildings"]["constraint"] = constraint
        result = optimise(given, stop=stop)
        found = summary(result)
        assert found.runtime < 10
        assert "infeasible_reasons" not in result
        assert inside(result, "buildings") in (set(), set(given["buildings"].building_id))
        if found.state == f"no network found ({why})":
            assert np.isnan(found.objective)
            assert len(result["cashflow"]) == 0
            continue
        assert found.state == f"non-optimal ({why})"
        assert found.upper_bound >= found.objective == found.lower_bound
        assert discounted(result, 0.03) == pytest.approx(found.network_npv)


def test_progress_is_told_with_a_value_and_a_bound():
    told = []
    optimise(street(), progress=told.append)
    assert told
    assert all(one.bound >= one.value - 1e-3 for one in told)
    assert all(one.seconds >= 0 for one in told)
    assert told[-1].gap <= 0.02


def test_stopping_from_the_progress_ends_the_search():
    stop = threading.Event()
    result = optimise(street(**named(EXACT)), progress=lambda where: stop.set(), stop=stop)
    assert summary(result).state in ("optimal", "non-optimal (interrupted)")
    assert discounted(result, 0.03) == pytest.approx(summary(result).network_npv)


def test_ctrl_c_ends_the_search_with_the_best_so_far_and_then_is_itself_again():
    before = signal.getsignal(signal.SIGINT)
    pressed = []

    def press_once(where):
        if not pressed:
            pressed.append(where)
            signal.raise_signal(signal.SIGINT)

    result = optimise(street(**named(EXACT)), progress=press_once)
    assert pressed
    assert summary(result).state in ("optimal", "non-optimal (interrupted)")
    assert discounted(result, 0.03) == pytest.approx(summary(result).network_npv)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_search_runs_in_any_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(solved(street())))
    thread.start()
    thread.join()
    assert summary(found[0]).network_npv == summary(solved(street())).network_npv


def test_the_mean_flow_of_a_pipe_counts_its_loss_whichever_way_heat_runs():
    problem = prepare(tables_of(random_instance(3, ["mesh"]))).problem
    model = Model(problem)
    ways = [arc.link for arc in model.arcs]
    both = next(link for link in ways if ways.count(link) == 2)
    before = len(model.programme.rows)
    Refiner(model)._mean_flow(both)
    one, other = model.programme.rows[before:]
    assert len(one[2]) == len(other[2])
    assert sorted(one[3]) == sorted(other[3])
