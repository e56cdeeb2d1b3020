# `make help` says what there is. Everything that a target needs, it makes first.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
CHROMIUM ?= chromium
export CHROMIUM
BIN := .venv/bin
ENV := .venv/.made
SYNAPSE := .venv-synapse/.made
READERS := tests/readers/node_modules/.made

.PHONY: help env test test-quick lint format map pictures demo bench bench-quality lock clean browser libical

help: ## this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: $(ENV) ## .venv: what the lock names, and this checkout, editable
.venv-synapse: $(SYNAPSE) ## a homeserver's environment, for the tests and the demo

test: $(ENV) $(SYNAPSE) $(READERS) browser libical ## all tests
	$(BIN)/python -m pytest

test-quick: $(ENV) ## the core's tests only, in seconds
	$(BIN)/python -m pytest -q tests/core

lint: $(ENV) ## ruff, its formatter, mypy --strict, the import directions
	$(BIN)/ruff check --output-format concise
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(ENV) ## let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

map: $(ENV) ## write the README's map of the house and its state diagram
	$(BIN)/python -m tests.map

pictures: $(ENV) browser ## take the README's pictures of the forum anew
	$(BIN)/python -m tests.browser.pictures

demo: $(ENV) $(SYNAPSE) ## a meeting from the first message to the published topics; KEEP=1 leaves the servers up
	$(BIN)/peerplugin demo

bench: $(ENV) $(SYNAPSE) ## how fast and how small, as a table
	$(BIN)/python -m tests.bench

bench-quality: $(ENV) ## how good threads and drafts are on meetings that were not learned from (a quarter of an hour)
	$(BIN)/python -m tests.quality

lock: $(ENV) ## resolve the dependencies anew (after a change of pyproject.toml; then make env)
	$(BIN)/python -m piptools compile $(COMPILE) --output-file requirements.lock pyproject.toml
	$(BIN)/python -m piptools compile $(COMPILE) --extra dev --extra learning --output-file requirements-dev.lock pyproject.toml
	$(BIN)/python -m piptools compile $(COMPILE) --output-file tests/synapse.lock tests/synapse.in

clean: ## what the tools left behind, and the environments
	rm -rf .venv .venv-synapse tests/readers/node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find peerplugin integrations tests -name __pycache__ -type d -prune -exec rm -rf {} +

# No address of an index, nothing of the machine it was made on.
COMPILE := --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

$(ENV): requirements-dev.lock pyproject.toml
	@$(call venv,.venv)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(SYNAPSE): tests/synapse.lock
	@$(call venv,.venv-synapse)
	.venv-synapse/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/synapse.lock
	@touch $@

# A second reader of the calendar, as mail programs have it.
$(READERS): tests/readers/package-lock.json
	@$(call need,{ command -v node && command -v npm; },nodejs npm,Node)
	cd tests/readers && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

# It says whether the calendar is a valid one.
libical: $(ENV)
	@$(call need,$(BIN)/python -c 'import sys; from ctypes.util import find_library; sys.exit(not find_library("ical"))',libical3,libical)

# Chromium looks at the forum's pages in the tests. It is the system's: what Playwright would download is another one, and is not wanted.
browser:
	@$(call need,command -v $(CHROMIUM),chromium,Chromium)

# A virtual environment in $(1). Debian keeps the means to make one in a package of its own.
define venv
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "peerplugin needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.11 ..." >&2; exit 1; }; \
$(call need,$(PYTHON) -c 'import ensurepip',python3-venv,Python's venv); \
echo "making $(1)"; $(PYTHON) -m venv $(1)
endef

# What the command $(1) finds, or else Debian's package $(2); $(3) is what people call it.
define need
$(1) >/dev/null 2>&1 || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "$(2) is missing: installing it"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(2) >/dev/null; \
	else \
		echo "$(3) is missing. On Debian: sudo apt-get install $(2), then the same command again." >&2; exit 1; \
	fi; }
endef
