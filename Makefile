# lowcloud: build, run, test. Needs Rust, Python 3 and make; `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := tests/.venv
BINARY := $(or $(CARGO_TARGET_DIR),target)/release/lowcloud
PYTEST_FLAGS ?=

.PHONY: help run build check test e2e bench clean

help: ## List the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /\1\t/' | expand -t 10

run: build ## Build and start on 127.0.0.1:4566
	$(BINARY) serve

build: ## Build the release binary
	cargo build --release -p lowcloud

check: ## Format, lints, house rules, unit and scenario tests
	cargo run --quiet -p xtask -- check

test: check e2e ## Everything: check, then the end-to-end tests with real clients

e2e: build $(VENV)/ready ## The end-to-end tests (PYTEST_FLAGS='-k tutorial' picks some)
	cd tests && LOWCLOUD_BINARY="$(abspath $(BINARY))" .venv/bin/python -m pytest $(PYTEST_FLAGS)

bench: build $(VENV)/ready ## Measure the hot paths, start, idle cost and throughput
	cargo bench -p sim
	LOWCLOUD_BINARY="$(abspath $(BINARY))" $(VENV)/bin/python tests/measure.py

# Made again when the pinned requirements change.
$(VENV)/ready: tests/requirements.txt
	@echo "making $(VENV) with the pinned clients"
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

clean: ## Remove what was built
	cargo clean
	rm -rf $(VENV) tests/.pytest_cache
