# Everything runs from .venv, which is made here and rebuilt when pyproject.toml changes.
# Needed beforehand: Python 3.11 or later with its venv module, make, and a package registry that pip can reach.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SMOKE_VENV := build/smoke-venv
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# A PYTHON that the user named is taken at its word; the default gives way to a newer one on the PATH.
ifeq ($(origin PYTHON),file)
CANDIDATES := $(PYTHON) python3.13 python3.12 python3.11 python3.14
else
CANDIDATES := $(PYTHON)
endif

.PHONY: help demo test lint types imports wheel smoke pytest mutants bench pictures format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## a broker, an echo peer and the shell, on this machine
	@$(BIN)/ud2p demo $(ARGS)

test: lint types imports smoke pytest ## everything that must hold before a commit

lint: $(VENV)/.installed-dev ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev ## mypy --strict over sources and tests
	$(BIN)/mypy --strict

imports: $(VENV)/.installed-dev ## import-linter: imports point one way
	$(BIN)/lint-imports

wheel: $(VENV)/.installed-dev ## sdist and wheel into dist/, their contents checked
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python tests/smoke/contents.py dist

smoke: wheel ## the wheel, installed in a fresh venv, at work; then with packages of others
	$(BIN)/python -m venv --clear $(SMOKE_VENV)
	$(SMOKE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	$(SMOKE_VENV)/bin/python -I tests/smoke/installed.py
	rm -rf build/examples
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/examples ./examples/ud2p-*
	$(SMOKE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check build/examples/*.whl
	$(BIN)/python -m tests.smoke.third_parties $(SMOKE_VENV)/bin/ud2p

pytest: $(VENV)/.installed-dev ## the tests, in random order (ARGS="-n 0 -k chat" and the like)
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)

mutants: $(VENV)/.installed-dev ## take every defence out, one at a time: the tests must notice (ARGS="-k gate")
	$(BIN)/python -m tests.mutants $(ARGS)

bench: $(VENV)/.installed-dev ## measure, and print the ratios beside the goals
	$(BIN)/python -m tests.bench $(ARGS)

pictures: $(VENV)/.installed-dev ## draw the README's pictures anew, from real sessions
	$(BIN)/python -m tools.pictures

format: $(VENV)/.installed-dev ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was built, downloaded or cached here
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip learnt --group in 25.1; the one that comes with Python 3.11 is older.
$(VENV)/.installed: pyproject.toml
	@for candidate in $(CANDIDATES); do \
	  if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    python="$$candidate"; break; \
	  fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "ud2p needs Python 3.11 or later with its venv module, and none of these is one: $(CANDIDATES);" \
	    "install it (Debian: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Adding the tools for development"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@
