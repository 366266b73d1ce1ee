# The one entry: `make` lists the targets.
# Variables: PYTHON (3.11 or newer), ARGS (passed on by run, test, bench), TESTS (what test runs), WORKERS (how many
# processes run the tests, each a file at a time).

PYTHON ?= python3
ARGS ?=
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# Fast suites first; whatever else lies under tests/ comes after them.
SUITES := $(addprefix tests/,unit cases property contract integration e2e)
TESTS ?= $(wildcard $(SUITES)) $(filter-out $(SUITES) tests/__pycache__,$(patsubst %/.,%,$(wildcard tests/*/.))) \
	$(wildcard tests/test_*.py)

# The resolver is no part of the project's environment: only `make lock` wants it, in a virtualenv of its own.
UV_VERSION := 0.13.9
LOCK_VENV := .venv-lock
UV := $(LOCK_VENV)/bin/uv
LOCK_ANY := $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links
LOCK := $(LOCK_ANY) pyproject.toml
REQUIREMENTS := deploy/requirements

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench bench-peers proto fmt lock docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s  %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv from the pinned requirements (the second time there is nothing to do)

$(READY): $(REQUIREMENTS)/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "rolecall needs Python 3.11 or newer and $(PYTHON) is %d.%d: try `make PYTHON=python3.13`" % sys.version_info[:2])'
	@echo "setting up $(VENV) (once; about half a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r $(REQUIREMENTS)/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## start the server for development, with demo data in .rolecall/dev.db (ARGS='--http off' is passed on)
	@mkdir -p .rolecall
	@$(BIN)/rolecall serve --dev --db .rolecall/dev.db $(ARGS)

test: setup ## run the tests, fast suites first (TESTS=tests/unit ARGS=-x to choose)
	@$(BIN)/python -m pytest $(TESTS) --numprocesses $(WORKERS) --dist loadfile $(ARGS)

check: setup ## format, lint, types, layers, protos and what is generated from them: what CI runs before the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/buf lint protos
	$(BIN)/buf format --diff --exit-code protos
	$(BIN)/python protos/generate.py --check
	$(BIN)/python docs/generate.py --check

bench: setup ## measure and print the figures
	@$(BIN)/python -m bench $(ARGS)

# Fetches them into .bench/, of its own; they are no part of the project's environment. ARGS=--write as for `bench`.
bench-peers: setup ## the same for other engines on the same question: Cerbos, pycasbin, cedarpy
	@$(BIN)/python -m bench.peers.install
	@$(BIN)/python -m bench.peers $(ARGS)

proto: setup ## regenerate src/rolecall/api from protos/
	$(BIN)/python protos/generate.py

docs: setup ## regenerate the parts of docs/ that come from the code and the protos
	$(BIN)/python docs/generate.py

fmt: setup ## format the Python and the protos, and mend what the linter can
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/buf format --write protos

lock: $(UV) ## pin the newest versions that fit pyproject.toml, with hashes
	$(LOCK) --output-file $(REQUIREMENTS)/runtime.txt
	$(LOCK) --extra envoy --constraint $(REQUIREMENTS)/runtime.txt --output-file $(REQUIREMENTS)/envoy.txt
	$(LOCK) --extra dev --constraint $(REQUIREMENTS)/envoy.txt --output-file $(REQUIREMENTS)/dev.txt
	$(LOCK_ANY) bench/peers/requirements.in --no-annotate --output-file bench/peers/requirements.txt

$(UV): Makefile
	@$(PYTHON) -m venv $(LOCK_VENV)
	@$(LOCK_VENV)/bin/python -m pip --quiet --disable-pip-version-check install uv==$(UV_VERSION)
	@touch $@

clean: ## remove the virtualenvs, caches and builds (.rolecall, with the development data, stays)
	rm -rf $(VENV) $(LOCK_VENV) .bench dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
