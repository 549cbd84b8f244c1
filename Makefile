# The verbs of this project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

UV := .tools/bin/uv
BIN := .venv/bin
READY := .venv/.ready
# For every Python from the oldest that there is a TFX for.
LOCK = $(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-annotate --no-header
# A process for each core, and one more, since whole runs wait for processes of their own. The tests of a file stay together,
# since they share what is costly to make; `tests/conftest.py` has the order of files.
SIDE_BY_SIDE := -n $(shell echo $$(($$(nproc) + 1))) --dist loadfile --no-loadscope-reorder
# The Python of the environment: `make setup PYTHON=3.12`. If nothing is given, choose_python.sh decides.
PYTHON :=
# The environment's own commands come first: TFX calls `pip` by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help: ## list the verbs
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: setup
setup: $(READY) ## make the locked environment in .venv

$(UV): requirements-uv.txt
	python3 -m venv --clear .tools
	.tools/bin/python -m pip install --quiet --require-hashes -r requirements-uv.txt
	touch $(UV)

# An environment of another Python than the one that is asked for is made anew.
ifneq ($(PYTHON),)
ifneq ($(PYTHON),$(shell cat $(READY) 2> /dev/null))
.PHONY: $(READY)
endif
endif

# Compiled, because importing TFX from source alone takes a minute.
$(READY): requirements.lock setup.py pyproject.toml | $(UV)
	$(UV) venv --quiet --clear --python "$$(./choose_python.sh $(UV) $(PYTHON))" .venv
	VIRTUAL_ENV="$(CURDIR)/.venv" $(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	VIRTUAL_ENV="$(CURDIR)/.venv" $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	echo $(or $(PYTHON),$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')) > $(READY)

.PHONY: run
run: $(READY) ## run the embedded digits pipeline to a pushed model
	$(BIN)/transferline run digits

.PHONY: lint
lint: $(READY) ## ruff, mypy and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: test
test: lint ## lint, and every test, whole pipelines too
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

.PHONY: test-fast
test-fast: $(READY) ## the tests without whole pipelines
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests/components tests/pipeline tests/transferline

# Thousands of cases of each part; `make torture PARTS="photos csv_rows" CASES=500 SEED=1` takes some. It goes on where it was
# interrupted; build/torture has every result. KEEP=docs/guarantees.json keeps the counts of what is there in that file.
.PHONY: torture
torture: $(READY) ## break the project on purpose: hostile data, killed runs, full disks
	TF_CPP_MIN_LOG_LEVEL=3 PYTHONWARNINGS=ignore::FutureWarning PYTHONPATH=tests/support $(BIN)/python -m torture \
	  $(if $(SEED),--seed $(SEED)) $(if $(CASES),--cases $(CASES)) $(if $(KEEP),--keep $(KEEP)) $(PARTS)

.PHONY: browser
browser: ## install Debian's Chromium, in which the report is tested; without it those tests are skipped
	command -v chromium || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }

# The image of every step on a cluster. BASE names another base image than python:3.12-slim-trixie; where no registry
# answers, podman makes one with debootstrap. ACCELERATOR=gpu or ACCELERATOR=tpu adds the libraries for one.
IMAGE ?= localhost/transferline:latest
export ACCELERATOR ?=

.PHONY: image
image: | $(UV) ## build the image that every step runs in on Kubeflow or Vertex AI
	kubeflow/build_image.sh $(IMAGE)

.PHONY: image-test
image-test: | $(UV) ## every test on Python 3.12 and TFX 1.21, in a container
	kubeflow/build_image.sh $(IMAGE)-locked locked
	kubeflow/test_in_image.sh $(IMAGE)-locked

.PHONY: kubeflow-test
kubeflow-test: $(READY) image ## run each step of compiled pipelines in a strict container, compare with local runs
	$(BIN)/python -W ignore::FutureWarning tests/support/run_in_containers.py --image $(IMAGE) \
	  --engine $$(docker info > /dev/null 2>&1 && echo docker || echo podman)

# The emulator's environment; it needs other releases than ours.
.gcs/.ready: tests/support/cloud_storage/requirements.txt | $(UV)
	$(UV) venv --quiet --clear --python "$$(./choose_python.sh $(UV) $(PYTHON))" .gcs
	VIRTUAL_ENV="$(CURDIR)/.gcs" $(UV) pip install --quiet --compile-bytecode --require-hashes -r $<
	touch $@

.PHONY: gcs-test
gcs-test: $(READY) .gcs/.ready ## pipelines and clients on gs://, on an emulator of Google Cloud Storage
	tests/support/cloud_storage/run.sh $(BIN)/python -m pytest tests/cloud_storage

.PHONY: engines-test
engines-test: $(READY) ## the Beam steps on several workers, one of them killed, and on Prism, where it is installed
	TRANSFERLINE_ENGINES=1 $(BIN)/python -m pytest tests/engines

# Flink's jars, 150 MB, from its Python package.
.flink/.ready: tests/flink/requirements.txt | $(UV)
	rm -rf .flink && mkdir .flink
	.tools/bin/python -m pip download --quiet --no-deps --require-hashes --dest .flink -r $<
	tar -xzf .flink/*.tar.gz -C .flink --strip-components=2 --wildcards '*/lib/flink-dist-*' '*/lib/log4j-*' '*/bin/*.jar'
	rm .flink/*.tar.gz
	touch $@

.PHONY: flink-test
flink-test: $(READY) .flink/.ready ## kubeflow/flink's memory and buffers, on Flink's own runtime; needs a JDK
	TRANSFERLINE_FLINK=.flink $(BIN)/python -m pytest tests/flink

.PHONY: database
database: ## install Debian's PostgreSQL and MariaDB, on which metadata is tested; without them those tests are skipped
	{ ls /usr/lib/postgresql/*/bin/initdb && command -v mariadbd; } || { apt-get update -qq && \
	  apt-get install -y -qq --no-install-recommends postgresql mariadb-server; }

# pip-audit's environment, with the Python that the lock is read for.
.audit/.ready: requirements-audit.txt | $(UV)
	$(UV) venv --quiet --clear --python "$$(./choose_python.sh $(UV) $(PYTHON))" .audit
	VIRTUAL_ENV="$(CURDIR)/.audit" $(UV) pip install --quiet --require-hashes -r $<
	touch $@

.PHONY: audit
audit: .audit/.ready ## known holes of the locked libraries; fails if there are some, or if nobody who knows can be reached
	.audit/bin/python audit.py requirements.lock

.PHONY: format
format: $(READY) ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: | $(UV) ## resolve requirements.in anew into requirements.lock, take the newest uv and pip-audit, and what the emulator of gs:// needs
	$(LOCK) requirements.in requirements-dev.in -o requirements.lock
	echo uv | $(LOCK) - -o requirements-uv.txt
	echo pip-audit | $(LOCK) - -o requirements-audit.txt
	$(LOCK) tests/support/cloud_storage/requirements.in -o tests/support/cloud_storage/requirements.txt

.PHONY: clean
clean: ## remove the environment and the tools' caches
	rm -rf .venv .tools .gcs .audit .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
