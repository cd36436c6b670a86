# Two commands are enough: `make demo` and `make test`. `make help` lists the others.
# Needs git, make and Python 3.11 or newer with venv; no root. PYTHON=... names another interpreter.

PYTHON ?= python3
DATA ?= ../shared/data
DEMO_ARGS ?=
BENCH_ARGS ?=
# worlds of `make soak`
SOAK ?= 100000
SOAK_ARGS ?=
PYTEST_ARGS ?=
# processes that share the tests of `make test`; a file stays with one of them
WORKERS ?= 2
LOCK_ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 $(LOCK_ARGS)

# Boards the firmware is checked for; each has its stubs in requirements-stubs-BOARD.lock and its files in firmware/ports/BOARD*;
# firmware/ports/chips* is for those whose MicroPython has `machine`
BOARDS := rp2 esp32 unix
STUBS_esp32 := micropython-esp32-esp32-generic-s3-stubs
STUBS_rp2 := micropython-rp2-rpi-pico2-w-stubs
STUBS_unix := micropython-unix-stubs
others_of = $(filter-out $(1),$(BOARDS)) $(if $(filter unix,$(1)),chips)
firmware_of = $(filter-out $(foreach other,$(call others_of,$(1)),firmware/ports/$(other)%),$(shell find firmware -name '*.py'))

.PHONY: help setup demo test coverage test-real test-peers test-deep soak bench mutants chromium lint types unit lock docs screenshots clean $(BOARDS:%=types-%)

help:
	@echo 'make demo       set up and run the demo (DEMO_ARGS="--help")'
	@echo 'make test       set up and run all tests that need no data from outside (PYTEST_ARGS="-k name")'
	@echo 'make coverage   the same tests, and what code they run (longer)'
	@echo 'make test-real  tests on real data (DATA=$(DATA))'
	@echo 'make test-peers tests with programs of others (poppler, NSS)'
	@echo 'make test-deep  worlds, power cuts, fuzzing, tampering, new examples of property tests (up to 20 minutes)'
	@echo 'make soak       a hundred thousand short worlds of faults and more (SOAK=100000; two hours)'
	@echo 'make bench      benchmarks, as JSON (BENCH_ARGS)'
	@echo 'make mutants    changes the gate and the pocket arithmetic, one place at a time: do the tests notice? (minutes)'
	@echo 'make setup lint types unit chromium docs screenshots lock clean'

setup: .venv/setup.stamp

.venv/setup.stamp: requirements.lock pyproject.toml $(BOARDS:%=requirements-stubs-%.lock)
	@command -v $(PYTHON) >/dev/null || { echo 'No $(PYTHON) here: install Python 3.11 or newer (Debian, Ubuntu: python3 python3-venv), or name one with PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: Apotheca needs 3.11 or newer; name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo 'This Python has no venv: install the package python3-venv (Debian, Ubuntu), or name another Python with PYTHON=...' >&2; exit 1; }
	@echo 'Setting up .venv (a few minutes the first time)'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@$(PIP) install --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation -e .
	@rm -rf .venv/stubs && for board in $(BOARDS); do $(PIP) install --no-deps --require-hashes --target .venv/stubs/$$board -r requirements-stubs-$$board.lock || exit 1; done
	@touch $@

demo: setup
	$(BIN)/apotheca demo $(DEMO_ARGS)

test: setup chromium lint types unit

unit: setup chromium
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# the tests of `make test`, counted line by line and branch by branch, which takes much longer
coverage: setup chromium
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered $(PYTEST_ARGS)

test-real: setup chromium
	@test -d "$(DATA)" || { echo 'No folder $(DATA): name the data with DATA=FOLDER' >&2; exit 1; }
	$(BIN)/pytest tests -m real_data "--data=$(DATA)" $(PYTEST_ARGS)

test-peers: setup
	@$(BIN)/python -m tests.tools.peers
	$(BIN)/pytest -m peers --peers $(PYTEST_ARGS)

# a file stays with one process
test-deep: setup
	$(BIN)/pytest -m deep --deep -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

# written down as it goes: make soak SOAK_ARGS='--json soak.json', and with --go-on after a break
soak: setup
	$(BIN)/apotheca sim world --short --seeds 1-$(SOAK) $(SOAK_ARGS)

bench: setup
	@for name in ingest growth drain steady verdict touch firmware link par packet cradle; do $(BIN)/apotheca bench $$name --json - $(BENCH_ARGS) || exit 1; done

mutants: setup
	$(BIN)/python -m tests.tools.mutants

chromium: setup
	@$(BIN)/python -m tests.tools.chromium

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: setup $(BOARDS:%=types-%)
	$(BIN)/mypy

$(BOARDS:%=types-%): types-%: setup
	MYPYPATH=.venv/stubs/$* $(BIN)/mypy --config-file mypy-firmware.ini --custom-typeshed-dir .venv/stubs/$* --cache-dir .mypy_cache/$* $(call firmware_of,$*)

lock: setup
	$(LOCK) --extra test pyproject.toml -o requirements.lock
	$(foreach board,$(BOARDS),echo $(STUBS_$(board)) | $(LOCK) - -o requirements-stubs-$(board).lock &&) true

docs: setup
	$(BIN)/python -m tests.tools.trace
	$(BIN)/python -m tests.scenarios.document
	$(BIN)/python -m tests.tools.charts
	$(BIN)/python -m server_stub.site.boards
	$(BIN)/python -m tests.tools.hardware --write

screenshots: setup chromium
	$(BIN)/python -m tests.tools.screenshots
	$(BIN)/python -m tests.tools.labels
	$(BIN)/python -m tests.tools.handheld

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
