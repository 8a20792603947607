# The two that matter: `make site` and `make test`. Written for GNU make 3.81, which macOS has.
#
# What is installed is recorded by empty files in the virtual environment, so that a second run installs nothing:
#   $(VENV)/.made     the environment exists
#   $(VENV)/.runtime  requirements.lock and topicsite itself are installed, editable
#   $(VENV)/.dev      requirements-dev.lock as well
#   $(VENV)/.peers    the generators that the benchmarks compare with, in $(VENV)/peers

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
ROUNDS ?= 5
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
UV := $(BIN)/uv

# Nothing from the user's own environment may leak into the build or the tests.
unexport PYTHONPATH PYTHONHOME

.PHONY: help site test system lint types layers pytest format bench screenshots lighthouse fuzz lock clean
.DEFAULT_GOAL := help

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

site: $(VENV)/.runtime ## install topicsite in .venv and build the example
	$(BIN)/topicsite build
	@echo
	@echo "The site is in output/. Its links begin at the root of a host, so let a server show it, and every edit at once:"
	@echo "    $(BIN)/topicsite serve"

test: system lint types layers pytest ## every check and every test but the long ones

system: ## the programs outside Python that the tests use
	@.ci/system-packages

lint: $(VENV)/.dev ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev ## mypy --strict
	$(BIN)/mypy

layers: $(VENV)/.dev ## import-linter: imports point one way
	$(BIN)/lint-imports

pytest: $(VENV)/.dev ## the tests; WORKERS=2 processes
	$(BIN)/python -m pytest -n $(WORKERS)

format: $(VENV)/.dev ## mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# 500 and 5,000 articles with all generators, 25,000 with ours and Hugo once, a deploy, the preview: an hour or more.
bench: $(VENV)/.dev $(VENV)/.peers ## the benchmarks, and their tables in docs/performance.md (an hour or more)
	$(BIN)/python -m tests.benchmarks --installed $(VENV)/peers --pages 500 --rounds $(ROUNDS)
	$(BIN)/python -m tests.benchmarks --installed $(VENV)/peers --pages 5000 --rounds $(ROUNDS)
	$(BIN)/python -m tests.benchmarks --installed $(VENV)/peers --pages 25000 --rounds 1 \
		--generators topicsite-commonmark,hugo --peer-steps "cold,no change,one article"
	$(BIN)/python -m tests.benchmarks.bench_deploy
	$(BIN)/python -m tests.benchmarks.bench_serve

screenshots: $(VENV)/.dev system ## the pictures of README.md, from the example
	$(BIN)/topicsite build
	$(BIN)/python -m tests.browser.screenshots

lighthouse: $(VENV)/.dev system ## Lighthouse's scores of the example
	$(BIN)/topicsite build
	$(BIN)/python -m tests.browser.scores

fuzz: $(VENV)/.dev system ## the long tests (hours), with many more random examples
	$(BIN)/python -m pytest -n $(WORKERS) -m long --hypothesis-profile=long

lock: $(VENV)/.made ## pin anew what pyproject.toml asks for; UPGRADE=1 takes newer versions
	$(PIP) install 'uv>=0.9.17,<1'
	$(UV) pip compile $(LOCK_OPTIONS) --all-extras --output-file requirements-dev.lock pyproject.toml
	echo hatchling | $(UV) pip compile $(LOCK_OPTIONS) --constraints requirements-dev.lock \
	    --output-file requirements.lock pyproject.toml -

# A release that turns out to be bad is mostly withdrawn within days: nothing younger than a week.
LOCK_OPTIONS = --quiet --universal --python-version 3.11 --generate-hashes --exclude-newer '1 week' \
    --constraints .ci/lock-constraints --no-emit-index-url --no-emit-find-links \
    --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

clean: ## remove what was built and installed here
	rm -rf $(VENV) output .topicsite build dist
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find builder tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
	    echo "There is no $(PYTHON) here." >&2; \
	    echo "On Debian: sudo apt-get install python3 python3-venv; on macOS: brew install python" >&2; \
	    exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "topicsite needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	    echo "Name a newer one: make $(or $(MAKECMDGOALS),site) PYTHON=python3.13" >&2; \
	    exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$(PYTHON) cannot make virtual environments. On Debian: sudo apt-get install $(notdir $(PYTHON))-venv" >&2; \
	    exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing topicsite and its libraries in $(VENV) …"
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what the checks and tests use in $(VENV) …"
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@

$(VENV)/.peers: $(VENV)/.made tests/benchmarks/peers/requirements.txt
	@echo "Installing the generators that the benchmarks compare with in $(VENV)/peers …"
	$(BIN)/python -m venv $(VENV)/peers
	$(VENV)/peers/bin/python -m pip --quiet install --requirement tests/benchmarks/peers/requirements.txt
	@touch $@
