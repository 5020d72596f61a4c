"""States around the cycle and the log p-h diagram, against CoolProp and TESPy."""

from __future__ import annotations

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI

from surrogate.cycle import solve_design
from surrogate.errors import InputError, UnknownRefrigerantError
from surrogate.parameters import Parameters
from surrogate.pumps import shared_pump
from surrogate.twin.diagram import _made, diagram
from surrogate.twin.states import corners, path, states
from surrogate.units import KELVIN

SHIPPED = (
    "R717", "R290", "R600a", "R600", "R1234ze(E)", "R1234yf", "R1233zd(E)", "R134a", "R152a",
    "R32", "R410A", "R1336mzz(E)", "R245fa",
)  # fmt: skip
MILD = {"t_source_in": 25, "t_source_out": 20, "t_return": 30, "t_supply": 45, "heat_load": 2e4}
BAR = 1e5


def designed(refrigerant: str) -> dict[str, float]:
    est = shared_pump(refrigerant).design(**MILD, outside="nan")
    assert est.status == "ok"
    return est.to_dict()


@pytest.mark.parametrize("refrigerant", SHIPPED)
def test_states_keep_both_laws(refrigerant):
    est = designed(refrigerant)
    found = states(refrigerant, est, Parameters())
    flow = est["mass_flow"]
    assert flow * (found.discharge.h - found.liquid.h) == pytest.approx(2e4, rel=1e-5)
    assert flow * (found.discharge.h - found.suction.h) == pytest.approx(
        0.95 * est["power"], rel=1e-4
    )
    assert flow * (found.suction.h - found.mixture.h) == pytest.approx(est["heat_source"], rel=1e-4)
    assert found.mixture.h == found.liquid.h
    assert 0 < found.mixture.quality < 1
    assert found.suction.s < found.discharge.s
    assert found.liquid.s < found.mixture.s
    assert found.mixture.t == pytest.approx(
        PropsSI("T", "P", found.mixture.p * BAR, "H", found.mixture.h, refrigerant) - KELVIN,
        abs=0.02,
    )


@pytest.mark.parametrize("refrigerant", ["R410A", "R600a"])
def test_states_are_those_of_the_full_solve(refrigerant):
    solved = solve_design(refrigerant, **MILD)
    found = states(refrigerant, designed(refrigerant), Parameters())
    for name, point in found._asdict().items():
        stream = solved.streams[name]
        assert point.name == name
        assert point.h == pytest.approx(stream.h, rel=1e-6)
        assert point.p == pytest.approx(stream.p, rel=1e-5)
        assert point.t == pytest.approx(stream.t, abs=1e-3)


@pytest.mark.parametrize("refrigerant", ["R410A", "R717", "R1233zd(E)"])
def test_path_is_closed_and_turns_on_the_saturation_lines(refrigerant):
    found = states(refrigerant, designed(refrigerant), Parameters())
    crossings = corners(refrigerant, found)
    way = path(refrigerant, found, crossings)
    assert way[0] == way[-1] == found.suction
    for point, quality in zip(crossings, (1.0, 0.0, 1.0), strict=True):
        assert point in way
        for name, value in (("H", point.h), ("S", point.s), ("T", point.t + KELVIN)):
            known = PropsSI(name, "P", point.p * BAR, "Q", quality, refrigerant)
            assert value == pytest.approx(known, rel=1e-6)
    compression = way[: way.index(found.discharge) + 1]
    assert np.all(np.diff([point.p for point in compression]) > 0)
    start = found.suction
    efficiencies = [
        (PropsSI("H", "P", point.p * BAR, "S", start.s, refrigerant) - start.h)
        / (point.h - start.h)
        for point in compression[1:]
    ]
    assert efficiencies == pytest.approx([0.8] * len(efficiencies), rel=1e-4)


def test_states_need_finite_numbers():
    with pytest.raises(InputError, match="p_cond = nan"):
        states("R717", {**designed("R717"), "p_cond": math.nan}, Parameters())
    with pytest.raises(InputError, match="R717"):
        states("R717", {**designed("R717"), "t_cond": -300.0}, Parameters())


@pytest.mark.parametrize("refrigerant", SHIPPED)
def test_diagram_is_made_at_once_and_holds_the_cycle(refrigerant):
    _made.pop(refrigerant, None)
    start = time.perf_counter()
    found = diagram(refrigerant)
    assert time.perf_counter() - start < 0.5
    assert diagram(refrigerant) is found
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.critical[1] == pytest.approx(PropsSI("Pcrit", refrigerant) / BAR, rel=2e-3)
    assert max(found.dome.p) == found.critical[1]
    assert found.t_critical == pytest.approx(PropsSI("Tcrit", refrigerant) - KELVIN, abs=0.1)
    cycle = states(refrigerant, designed(refrigerant), Parameters())
    for point in cycle:
        assert found.h_range[0] < point.h / 1e3 < found.h_range[1]
        assert found.p_range[0] < point.p < found.p_range[1]
    assert 6 <= len(found.isotherms) <= 14
    assert all(line.value % 5 == 0 for line in found.isotherms)
    assert len(found.isentropes) >= 4


@pytest.mark.parametrize("refrigerant", ["R410A", "R717", "R245fa"])
def test_lines_of_the_diagram_are_what_they_say(refrigerant):
    found = diagram(refrigerant)
    apex = found.dome.p.index(found.critical[1])
    for place in range(0, len(found.dome.p), 7):
        if abs(place - apex) < 3:
            continue  # nearer to the critical point the two functions use different equations
        h = PropsSI("H", "P", found.dome.p[place] * BAR, "Q", float(place > apex), refrigerant)
        assert found.dome.h[place] == pytest.approx(h / 1e3, rel=1e-4)
    for line in found.isotherms:
        if abs(line.value - found.t_critical) < 5:
            continue
        for h, p in list(zip(line.h, line.p, strict=True))[1:-1:5]:
            t = PropsSI("T", "P", p * BAR, "H", h * 1e3, refrigerant) - KELVIN
            assert t == pytest.approx(line.value, abs=0.2)
    for line in found.isentropes:
        for h, p in list(zip(line.h, line.p, strict=True))[::4]:
            s = PropsSI("S", "P", p * BAR, "H", h * 1e3, refrigerant)
            assert s / 1e3 == pytest.approx(line.value, rel=1e-3)
    for line in found.qualities:
        for h, p in list(zip(line.h, line.p, strict=True))[:40:9]:
            assert PropsSI("Q", "P", p * BAR, "H", h * 1e3, refrigerant) == pytest.approx(
                line.value, abs=1e-3
            )


def test_threads_get_what_one_gets():
    alone = {name: (states(name, designed(name), Parameters()), diagram(name)) for name in SHIPPED}

    def together(name):
        _made.pop(name, None)
        return states(name, designed(name), Parameters()), diagram(name)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            for name, found in zip(SHIPPED, pool.map(together, SHIPPED), strict=True):
                assert found == alone[name]


def test_unknown_refrigerants_are_named():
    with pytest.raises(UnknownRefrigerantError, match="R71"):
        diagram("<b>R71</b>")
