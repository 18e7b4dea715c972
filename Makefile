# crossover: every task that a person or CI runs. `make help` lists them.
SHELL := /bin/bash
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
VENV ?= $(ROOT).venv
PYTHON ?= python3
BIN := $(VENV)/bin
CHECKOV_VERSION := 3.3.30
UV_VERSION := 0.13.9
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' $(ROOT)pyproject.toml)
DOCKER ?= $(or $(wildcard $(ROOT)../shared/k8s/docker),docker)
export DOCKER_BUILDKIT := 1
export CROSSOVER_HOME ?= $(ROOT).crossover

.DEFAULT_GOAL := help
.PHONY: compose-env test-compose test-helm test-kubernetes
.PHONY: images standins test-images sbom
.PHONY: help setup demo crossover up down status doctor test test-nightly test-faults soak test-secured test-fast lint format lock clean

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

crossover: setup ## load 8 million records, search the size at which Spark overtakes PostgreSQL, case by case (45 minutes; ARGS="--param largest=2000000")
	@$(BIN)/crossover demo --dag benchmark_crossover $(ARGS)

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
	@cd $(ROOT) && $(ROOT)tests/install 'chromium|google-chrome|chromium-browser' chromium && $(BIN)/pytest tests/integration tests/e2e -m "not secured and not nightly" -v

test-nightly: $(VENV)/.ready-dev ## what takes minutes a test on the running stack: the write benchmark, disturbed measurements (10 minutes)
	@cd $(ROOT) && $(BIN)/pytest tests/integration -m nightly -v

test-faults: $(VENV)/.ready-dev ## more than 60 faults on a stack of its own, the ledger after each (an hour; ARGS=--short: the dozen of CI, --nightly: three seeds, long outages)
	@cd $(ROOT) && $(ROOT)tests/install faketime faketime && $(BIN)/pytest tests/faults -s -q $(ARGS)

soak: setup ## 10 million records while parts are killed, then the ledger (20 minutes; ARGS=--short: 1 million)
	@$(BIN)/crossover soak $(ARGS)

test-secured: $(VENV)/.ready-dev ## TLS, SCRAM, rights: who may do what, and the whole line with a principal a job on standalone Spark (10 minutes)
	@cd $(ROOT) && $(BIN)/pytest tests/integration -m secured -s

compose-env: ## write .env for docker compose: versions, ports, random passwords; what .env says already stays
	@$(ROOT)compose/make-env

test-compose: $(VENV)/.ready-dev ## docker compose up on the built images, DAG quickstart in it, down again (20 minutes)
	@docker compose version >/dev/null 2>&1 || $(ROOT)tests/install docker-compose docker-compose
	@cd $(ROOT) && if [ -z "$$DOCKER_HOST" ] && [ -x ../shared/k8s/docker ]; then export DOCKER_HOST=$$(../shared/k8s/docker context inspect --format '{{.Endpoints.docker.Host}}'); fi && \
	  $(BIN)/pytest tests/compose -s

test-helm: $(VENV)/.ready-dev ## the chart: rendered, valid for Kubernetes 1.29 to 1.34, own rules, checkov (no cluster; 2 minutes)
	@cd $(ROOT) && $(BIN)/pytest tests/helm
	@cd $(ROOT) && manifests=$$(mktemp -d) && trap 'rm -rf '$$manifests EXIT && PYTHONPATH=. $(BIN)/python tests/helm/chart.py $$manifests && \
	  $(BIN)/uv tool run --quiet --from checkov==$(CHECKOV_VERSION) checkov --config-file helm/checkov.yaml --directory $$manifests

test-kubernetes: $(VENV)/.ready-dev ## images, chart, DAGs and faults on a real Kubernetes: any KUBECONFIG (45 minutes at most; ARGS="-m kubernetes_smoke" is short)
	@cd $(ROOT) && $(BIN)/pytest tests/kubernetes -s $(ARGS)

format: $(VENV)/.ready-dev ## ruff format and the mendable findings
	@cd $(ROOT) && $(BIN)/ruff check --fix . ; $(BIN)/ruff format .

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

lock: $(VENV)/.ready-dev ## resolve requirements*.txt again from pyproject.toml
	@cd $(ROOT) && \
	$(LOCK) pyproject.toml --extra spark --extra airflow --extra stack -o requirements.txt && \
	$(LOCK) pyproject.toml -c requirements.txt -o requirements-app.txt && \
	$(LOCK) pyproject.toml -c requirements.txt --extra spark -o requirements-job.txt && \
	$(LOCK) pyproject.toml -c requirements.txt --extra airflow -o requirements-airflow.txt && \
	$(LOCK) pyproject.toml -c requirements.txt --extra spark --extra airflow --extra stack --extra dev -o requirements-dev.txt && \
	$(LOCK) --group build -o requirements-build.txt

##@ Images
images: ## build crossover-{app,spark,airflow,airflow-local} (DOCKER=another engine's command; TARGETS="app spark" for some)
	@cd $(ROOT) && for target in $(or $(TARGETS),app spark airflow airflow-local); do \
	  $(DOCKER) build --target $$target --tag crossover-$$target:$(VERSION) --build-arg VERSION=$(VERSION) \
	    --label org.opencontainers.image.revision="$$(git describe --always --dirty)" . || exit; done

standins: ## build stand-ins for the official images under their names, where no image registry is reached
	@cd $(ROOT) && for image in postgres:18.6-bookworm apache/kafka:4.4.0 apache/hadoop:3.4.2 apache/airflow:3.3.2-python3.11; do \
	  target=$${image%%:*}; $(DOCKER) build --file tests/standins/Dockerfile --target $${target##*/} --tag $$image . || exit; done

test-images: $(VENV)/.ready-dev ## what is in the images, and that they work read-only without rights (3 minutes)
	@cd $(ROOT) && DOCKER=$(DOCKER) $(BIN)/pytest tests/images

sbom: $(VENV)/.ready-dev ## a CycloneDX bill of materials for each lock, into build/sbom
	@cd $(ROOT) && mkdir -p build/sbom && for lock in requirements*.txt; do \
	  PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml --output-file build/sbom/$${lock%.txt}.cdx.json $$lock || exit; done && ls build/sbom

clean: down ## remove the environment and all state of the local stack
	rm -rf $(VENV) $(CROSSOVER_HOME)
