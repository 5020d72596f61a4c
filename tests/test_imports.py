"""What is imported when: in fresh processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("tespy", "CoolProp", "sklearn", "scipy", "pandas", "xarray", "netCDF4")

ANSWER = """
import sys, surrogate
est = surrogate.HeatPump("R717").design(
    t_source_in=30, t_source_out=25, t_return=50, t_supply=80, heat_load=1e6)
many = surrogate.HeatPump("R245fa").design(
    t_source_in=[30, 40], t_source_out=25, t_return=50, t_supply=80, heat_load=1e6)
assert est.origin == "table" and many.origin.tolist() == ["table", "table"]
print(*sys.modules)
"""


def modules_after(code: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    return set(result.stdout.split())


def test_the_import_is_light():
    loaded = modules_after("import sys, surrogate; print(*sys.modules)")
    assert not loaded & set(HEAVY)


def test_an_answer_from_a_table_needs_neither_tespy_nor_scipy():
    loaded = modules_after(ANSWER)
    assert not loaded & {"tespy", "CoolProp", "sklearn", "scipy", "pandas", "xarray"}
    assert "netCDF4" in loaded


PLANT = """
import sys, surrogate
plant = surrogate.HeatPump("R717").plant(
    t_source_in=30, t_source_out=25, t_return=50, t_supply=80, heat_load=1e6)
point = dict(t_source_in=27, t_return=47, t_supply=74, heat_load=[2e5, 8e5])
assert plant.operate(**point, method="table").origin.tolist() == ["table"] * 2
assert plant.operate(**point, method="regressor").origin.tolist() == ["regressor"] * 2
print(*sys.modules)
"""


def test_an_answer_of_a_plant_needs_neither_tespy_nor_scikit_learn():
    loaded = modules_after(PLANT)
    assert not loaded & {"tespy", "CoolProp", "sklearn", "scipy", "pandas", "xarray"}


def test_the_folders_are_subpackages_only():
    loaded = modules_after(
        "import sys, surrogate.generate.build, surrogate.validate, surrogate.tables;"
        "print(*sys.modules)"
    )
    assert not loaded & {"generate", "validate", "tables"}
    assert "generate" not in sys.modules
    assert "validate" not in sys.modules


def test_tespy_leaves_the_warnings_of_the_process_alone():
    code = (
        "import warnings; before = warnings.showwarning; import surrogate.cycle;"
        "print(warnings.showwarning is before)"
    )
    assert modules_after(code) == {"True"}


SERVE_WITHOUT = """
import sys
sys.modules["{missing}"] = None  # as if it were not installed
sys.argv = ["surrogate", "serve"]
from surrogate.cli import main
main()
"""


@pytest.mark.parametrize("missing", ["fastapi", "sqlalchemy", "pebble", "limits"])
def test_the_service_names_the_extra_that_it_lacks(missing, tmp_path):
    code = SERVE_WITHOUT.format(missing=missing)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.returncode == 2
    assert f"needs {missing}" in result.stderr
    assert "heatpump-surrogate[service]" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_command_does_not_load_the_service():
    loaded = modules_after("import sys, surrogate.cli; print(*sys.modules)")
    assert not loaded & {"fastapi", "sqlalchemy", "uvicorn", "plotly", "typst", "matplotlib"}


def test_the_service_says_how_many_threads_numpy_may_have_before_it_comes():
    code = "import sys, surrogate.cliserve, surrogate.service.serve; print(*sys.modules)"
    loaded = modules_after(code)
    assert "surrogate.service.serve" in loaded
    assert "numpy" not in loaded
