# `make help` lists what can be done. Each command first sets up what it needs and says so.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check fix bench assets environment

# The first Python on the path that is new enough; `make PYTHON=/path/to/python run` chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
# What `make test` runs: all of it, or for example `make test TESTS=tests/metamodel`.
TESTS ?= tests
# One more than the cores of a small machine: tests also wait for processes, browsers and disks.
JOBS ?= 3
# Where HTML templates lie, of pages and of mails.
TEMPLATES := apps conversations forms kanban ledger platform processes reports rules

help: ## Show this list
	@sed -n -E 's/^([a-z]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

run: ## Serve Fluvial with its sample data on http://127.0.0.1:8000
	@$(MAKE) --no-print-directory environment EXTRA=run
	@$(BIN)/python scripts/assets.py
	@$(BIN)/python scripts/debian_packages.py printing
	@FLUVIAL_ENV=$${FLUVIAL_ENV:-development} exec $(BIN)/fluvial serve --with psa --sample

test: environment ## Check the code, then run all tests on SQLite and PostgreSQL
	@$(BIN)/python scripts/assets.py
	@$(BIN)/python scripts/debian_packages.py
	@$(MAKE) --no-print-directory check
	@echo '== Running the tests'
	@$(BIN)/pytest -n $(JOBS) --dist worksteal $(TESTS)

check: environment ## Lint, formatting, types and the order of the layers
	@echo '== Checking style, types and layers'
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/djhtml --check --tabwidth 2 $(TEMPLATES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

fix: environment ## Fix style and formatting automatically where possible
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(BIN)/djhtml --tabwidth 2 $(TEMPLATES)

bench: environment ## Measure against the hand-written baseline (ARGS=--quick for a short run)
	@$(BIN)/python -m bench $(ARGS)

assets: ## Build the front-end bundle and the icons
	@$(MAKE) --no-print-directory environment EXTRA=run
	@$(BIN)/python scripts/assets.py

environment:
	@test -n '$(PYTHON)' || { echo 'Fluvial needs Python 3.11 or newer: install it, or run make PYTHON=/path/to/python.'; exit 1; }
	@$(PYTHON) scripts/environment.py $(or $(EXTRA),dev)
