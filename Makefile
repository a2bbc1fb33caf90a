# Two commands do everything: `make demo` and `make test`. The first run makes .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
PYTEST_ARGS ?= -n 2 --dist loadfile
# What touches rows runs again on PostgreSQL, which a wheel among the test requirements carries.
ON_BOTH_DATABASES = tests/unit/idservice tests/e2e/test_case_life.py tests/e2e/test_issuance_crash.py \
	tests/e2e/test_issuance_flow.py tests/e2e/test_presentation_flow.py

.PHONY: demo test lint bench openapi lock clean

demo: $(VENV)/run.stamp
	$(BIN)/idservice demo

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(PYTEST_ARGS)
	$(BIN)/python -m pytest $(PYTEST_ARGS) --postgres $(ON_BOTH_DATABASES)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.openapi --check

bench: $(VENV)/dev.stamp build/oracles.stamp
	$(BIN)/python -m bench

openapi: $(VENV)/dev.stamp
	$(BIN)/python -m tools.openapi

# Maintainers only: needs uv on the path. The files name no index address and no path of a machine.
LOCK = uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) --extra postgresql -c requirements/run.txt pyproject.toml -o requirements/postgresql.txt
	$(LOCK) --extra postgresql --group dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
	cd requirements && $(LOCK) build.in -o build.txt
	cd requirements && $(LOCK) oracles.in -o oracles.txt

clean:
	rm -rf $(VENV) build

# Stamps depend on the pins alone: editing a lint rule in pyproject.toml rebuilds nothing.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt requirements/build.txt | $(VENV)/bin/python
	$(PIP) install --no-deps --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --no-index -e .
	touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	touch $@

# Peer libraries live in an environment of their own: in one with ours they downgrade each other.
build/oracles.stamp: requirements/oracles.txt
	mkdir -p build
	$(PYTHON) -m venv --clear build/oracles
	build/oracles/bin/python -m pip --disable-pip-version-check -q install --no-deps --require-hashes -r requirements/oracles.txt
	touch $@
