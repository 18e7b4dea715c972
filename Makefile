# crossover: every task that a person or CI runs. `make help` lists them.
SHELL := /bin/bash
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
VENV ?= $(ROOT).venv
PYTHON ?= python3
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
export CROSSOVER_HOME ?= $(ROOT).crossover

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status doctor test test-fast lint format lock clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(ROOT)Makefile

##@ Use
$(VENV)/.ready: $(ROOT)requirements.txt $(ROOT)pyproject.toml
	@$(PYTHON) $(ROOT)include/crossover/stack/doctor.py || { echo "make: mend what is marked MISSING, then run it again"; exit 2; }
	@echo "making the Python environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(ROOT)requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable $(ROOT)
	@touch $@

setup: ## install the Python packages (pinned, hashes verified) into .venv
	@started=$$SECONDS; $(MAKE) --no-print-directory -f $(ROOT)Makefile $(VENV)/.ready && echo "setup took $$((SECONDS - started)) s"

demo: setup ## start everything, run DAG quickstart, print the results table and where the report is
	@$(BIN)/crossover demo $(ARGS)

up: setup ## start the local stack
	@$(BIN)/crossover up

down: ## stop the local stack (ARGS=--purge forgets its data too)
	@test ! -x $(BIN)/crossover || $(BIN)/crossover down $(ARGS)

status: setup ## health, address, memory and log file of each part
	@$(BIN)/crossover status

doctor: ## name each missing prerequisite and its cure
	@if [ -x $(BIN)/crossover ]; then $(BIN)/crossover doctor; else $(PYTHON) $(ROOT)include/crossover/stack/doctor.py; fi

##@ Work on it
$(VENV)/.ready-dev: $(VENV)/.ready $(ROOT)requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(ROOT)requirements-dev.txt
	@touch $@

lint: $(VENV)/.ready-dev ## ruff, mypy strict, the import law
	@cd $(ROOT) && $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && PYTHONPATH=plugins:. $(BIN)/lint-imports

test-fast: lint ## lint, and the tests that need no running service
	@cd $(ROOT) && $(BIN)/pytest tests/unit tests/spark tests/dags

test: test-fast ## everything: test-fast, then integration and end to end on the real parts (25 minutes at most)
	@cd $(ROOT) && $(ROOT)tests/install-browser && $(BIN)/pytest tests/integration tests/e2e

format: $(VENV)/.ready-dev ## ruff format and the mendable findings
	@cd $(ROOT) && $(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock: $(VENV)/.ready-dev ## resolve requirements*.txt again from pyproject.toml
	@cd $(ROOT) && for lock in ".txt --extra airflow --extra stack" "-job.txt -c requirements.txt" "-dev.txt -c requirements.txt --extra airflow --extra stack --extra dev"; do \
	  set -- $$lock; out=requirements$$1; shift; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --extra spark pyproject.toml "$$@" -o $$out; done

clean: down ## remove the environment and all state of the local stack
	rm -rf $(VENV) $(CROSSOVER_HOME)
