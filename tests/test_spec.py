"""Specs: derived from a name, read from TOML, refused before the first solve."""

from __future__ import annotations

import pytest

from surrogate.errors import SpecError
from surrogate.generate.kinds import load
from surrogate.generate.spec import derive
from surrogate.parameters import Parameters


def test_a_name_is_enough():
    spec = derive("R1270")
    assert spec.domain.t_supply == (35.0, 91.0)  # the critical temperature
    assert spec.t_cond_max == pytest.approx(91.06 - 5.0, abs=0.02)
    assert spec.identity.refrigerant == "R1270"


def test_a_high_critical_temperature_does_not_widen_the_supply():
    assert derive("R601").domain.t_supply == (35.0, 120.0)


def test_aliases_are_one_refrigerant():
    assert derive("ammonia").identity == derive("R717").identity
    assert derive("Propylene").identity.digest == derive("R1270").identity.digest


def test_parameters_are_part_of_what_is_found():
    changed = derive("R717", parameters={"pinch": 3.0})
    assert changed.identity.parameters == Parameters(pinch=3)
    assert changed.identity.digest != derive("R717").identity.digest


def test_part_of_an_axis_may_be_given():
    spec = derive("R717", t_evap={"nodes": 9})
    assert spec.t_evap.nodes == 9
    assert spec.t_evap.high == 55.0


def test_clustered_nodes_are_denser_at_the_top():
    nodes = derive("R717").lift_share.values()
    assert nodes[0] == 0.0
    assert nodes[-1] == 1.0
    assert nodes[-1] - nodes[-2] < 0.5 * (nodes[1] - nodes[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no refrigerant"),
        ("refrigerant = 'R717'\nnodes = 3", "nodes: there is no such field"),
        ("refrigerant = 'R717'\n[t_evap]\nnodes = 3", "t_evap.nodes"),
        ("refrigerant = 'R717'\n[t_evap]\nlow = 60", "low = 60.0 is not below high"),
        ("refrigerant = 'R717'\nt_cond_max = 140.0", "not below the critical temperature"),
        ("refrigerant = 'R717'\nt_cond_max = nan", "t_cond_max"),
        ("refrigerant = 'R717'\nmin_lift = -1", "min_lift"),
        ("refrigerant = 'R717'\ntopology = 'x'", "topology"),
        ("refrigerant = 'R717'\n[parameters]\npinch = 0", "pinch = 0"),
        ("refrigerant = 'R717'\n[parameters]\npinsh = 5", "unknown parameter 'pinsh'"),
        ("refrigerant = 'R717'\n[domain]\nt_supply = [80, 40]", "does not increase"),
        ("refrigerant = 'R717'\n[lift_share]\nhigh = 2", "from 0 to 1"),
        ("refrigerant = 'R717'\n[domain]\nt_supply = [35, 300]", "within 10 and 175"),
        ("refrigerant = 'R717'\n[domain]\nsource_glide = [-5, 30]", "source_glide"),
        ("refrigerant = 'R717'\n[eta_s]\nlow = -1", "eta_s must lie"),
        ("refrigerant = 'R717'\n[t_evap]\nlow = -150", "t_evap.low = -150"),
        ("refrigerant = 'R717'\n[t_evap]\nhigh = 117", "no lift of 10 K"),
        ("refrigerant = 'R717'\n[held_out]\npoints = 3", "held_out.points"),
        ("refrigerant = 'R71'", "knows no fluid"),
        ("refrigerant = 'R744'", "subcritical"),
        ("refrigerant = ", "is not TOML"),
    ],
)
def test_bad_specs_are_refused_in_words(tmp_path, text, message):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    with pytest.raises(SpecError, match=message.replace("[", r"\[")) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(SpecError, match="No such file"):
        load(tmp_path / "none.toml")
