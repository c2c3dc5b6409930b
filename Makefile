# The two commands are "make demo" and "make test"; each sets up what it needs, once.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
COLCON := $(BIN)/python -m colcon
SHELL := /bin/bash

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## make .venv with everything that is needed (quick when nothing changed)
	@PYTHON=$(PYTHON) scripts/setup.sh

.PHONY: demo
demo: setup ## speak commands to a simulated robot: real Whisper, real DDS, separate processes
	@$(BIN)/python -m voice_pipeline demo

.PHONY: bench
bench: setup ## validate every promise, and compare recognition with its peers; the reports go into reports/
	@status=0; $(BIN)/python -m voice_pipeline validate --quick --json reports/validation.json \
		--html reports/validation.html || status=$$?; \
	$(BIN)/python -m voice_pipeline benchmark recognition --runs 1 --json reports/recognition.json \
		--plot reports/recognition.svg && exit $$status

.PHONY: build
build: setup ## build the package with colcon, into build/ and install/
	@$(COLCON) build --packages-select voice_pipeline --event-handlers console_direct-

.PHONY: test
test: build ## build, and run all tests through "colcon test"
	@$(COLCON) test --packages-select voice_pipeline --event-handlers console_direct+ --return-code-on-test-failure
	@$(COLCON) test-result --test-result-base build/voice_pipeline

.PHONY: lint
lint: setup ## ruff and mypy alone
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

.PHONY: config
config: setup ## write config/*.yaml anew from the declared parameters
	@$(BIN)/python -m voice_pipeline parameters --write config

.PHONY: clean
clean: ## remove what was built (not .venv)
	rm -rf build install log reports
