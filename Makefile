# Needs python3 (3.11 or newer) with its venv module, git and make; everything else goes to .venv.
PYTHON ?= python3
BIN = .venv/bin
READY = .venv/.ready

# One thread a process: the work is spread over processes.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test check bench report tables constraints picture wheel clean

demo: $(READY)
	$(BIN)/surrogate estimate --refrigerant R717 --t-source-in 30 --t-source-out 25 --t-return 50 --t-supply 80 --heat-load 1e6

# Two files of tests at a time, each in a process of its own.
test: check
	$(BIN)/pytest --numprocesses 2 --dist loadfile

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit('python3 is older than 3.11' if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test,costing,service]"
	touch $(READY)

# Measured bars: accuracy on points that no table ever saw, and speed; takes about half an hour.
bench: $(READY)
	$(BIN)/python -m surrogate.validate.bench
	$(BIN)/python tests/enumerate_networks.py 600

# Sets everything that ships against fresh full solves: docs/report.html and docs/report.md.
report: $(READY)
	$(BIN)/surrogate validate --output docs/report.html

# Regenerates every shipped file from its spec, design tables first, since the others stand on
# them; goes on where it was interrupted.
tables: $(READY)
	for spec in tables/specs/R*.toml tables/specs/plant-*.toml tables/specs/regressor-*.toml; do $(BIN)/surrogate generate $$spec --output tables || exit 1; done

# Pictures of the documentation, and what its pages take from the code.
picture: $(READY)
	$(BIN)/python docs/make_picture.py
	$(BIN)/python docs/make_costing_picture.py
	$(BIN)/python docs/make_report_picture.py
	$(BIN)/python docs/make_sweep_picture.py
	$(BIN)/python docs/make_service_picture.py
	$(BIN)/python docs/make_costing_page.py

# Pins the versions that a fresh environment gets; names and versions only.
constraints:
	rm -rf build/pin
	$(PYTHON) -m venv build/pin
	build/pin/bin/pip install --quiet ".[test,costing,service]"
	build/pin/bin/pip freeze --exclude heatpump-surrogate | grep '==' > constraints.txt

wheel: $(READY)
	$(BIN)/python -m build --wheel --outdir dist

clean:
	rm -rf .venv build dist *.egg-info
