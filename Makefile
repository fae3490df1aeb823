# Two commands for everybody: `make demo` and `make test`. Both set themselves up in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check format slow bench notebooks figures stubs lock clean help

help:
	@echo "make demo      set up, run the shipped subscription business, write out/demo/report.html"
	@echo "make test      set up, check format, lint and types, run the tests"
	@echo "make slow      the statistical tests, long ones too, with the figures they find"
	@echo "make format    format the code"
	@echo "make bench     speeds beside a SimPy twin (benchmarks/README.md)"
	@echo "make notebooks execute the notebooks anew, in place"
	@echo "make figures   compute every simulated figure in README and docs anew, in place (half an hour)"
	@echo "make stubs     what type checkers read of the lazy names"
	@echo "make lock      pin dependencies anew, by hash"

# What running takes, without what testing takes.
$(VENV)/runtime: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (first time only, a minute or two) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: run 'make PYTHON=python3.11 $(MAKECMDGOALS)'"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@echo "Compiling the engine, first time only (half a minute) ..."
	@$(BIN)/python -c 'import flywheel_sim.engine.kernel.waves'
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/runtime
	@echo "Adding what the tests need ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(BIN)/python -c 'import flywheel_sim.engine.kernel.coupled'
	@touch $@

demo: $(VENV)/runtime
	@$(BIN)/flywheel compare subscription --replications 1000 --over retention --out out/demo
	@echo
	@echo "The report for the board: out/demo/report.html"

test: $(VENV)/dev check
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

slow: $(VENV)/dev
	$(BIN)/python -m pytest --slow -s tests/theory tests/recovery tests/equivalence tests/hostile/test_kill.py \
		tests/hostile/test_kill_writing.py tests/hostile/test_mutants.py tests/hostile/test_corpus.py \
		tests/hostile/test_faults.py tests/unit/test_conservation.py \
		tests/unit/test_buying.py

bench: $(VENV)/dev
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/coupled.py

notebooks: $(VENV)/dev
	TQDM_DISABLE=1 $(BIN)/jupyter execute --inplace notebooks/*.ipynb

figures: $(VENV)/dev
	$(BIN)/python docs/figures.py

stubs: $(VENV)/dev
	$(BIN)/python tests/unit/stubs.py

lock: $(VENV)/dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group build --universal --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group build --group dev --universal --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis
