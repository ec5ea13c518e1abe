# `make demo` and `make test` are all that a new user needs; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export TANDEM_CACHE ?= $(HOME)/.cache/tandem
export CARGO_TARGET_DIR ?= $(TANDEM_CACHE)/cargo-target
PYTHON ?= python3
VENV := $(TANDEM_CACHE)/venv
VENV_STAMP := $(VENV)/.installed-$(shell sha256sum requirements.lock | cut -c1-16)
NODE_STAMP := node_modules/.installed-$(shell sha256sum package-lock.json | cut -c1-16)
BASE_SPECIFICATION := $(shell sha256sum toolchain/base_model/specification.py | cut -c1-16)
BASE := $(TANDEM_CACHE)/model/.ready-$(BASE_SPECIFICATION)
TRAINING_BASE := $(TANDEM_CACHE)/model/.dequantised-$(BASE_SPECIFICATION)
BUNDLE := build/bundle
BUNDLE_INPUTS := $(shell find assets/adapters assets/calibrations -name '*.safetensors' -o -name '*.json') $(wildcard toolchain/*.py toolchain/bundle/*.py)

.PHONY: help demo test build doctor preview screenshot format check-android arm64 clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(BUNDLE)/manifest.json build ## base model, bundle, device core, and a Spanish summary in the terminal; then the preview
	bin/toolchain demo
	@if [ -t 1 ] && [ "$${DEMO_BROWSER:-1}" != 0 ]; then $(MAKE) --no-print-directory preview; fi

test: ## everything that CI runs
	@$(PYTHON) scripts/run_tests.py

build: ## the device core (the `tandem` command and the library for the bindings)
	cd native && cargo build --release --locked --quiet -p tandem-cli -p tandem-ffi

doctor: ## what this machine has and lacks
	@$(PYTHON) scripts/doctor.py

preview: $(BUNDLE)/manifest.json $(NODE_STAMP) build ## the app in the browser, on the real core
	npm run --silent bindings -w @tandem/app
	TANDEM_BUNDLE=$(CURDIR)/$(BUNDLE) npm run --silent preview -w @tandem/app

screenshot: $(BUNDLE)/manifest.json $(NODE_STAMP) build ## the pictures of docs/images, from the preview
	npm run --silent bindings -w @tandem/app
	TANDEM_BUNDLE=$(CURDIR)/$(BUNDLE) npm run --silent screenshot -w @tandem/app

format: $(VENV_STAMP) ## format Python and Rust
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	cd native && cargo fmt

check-android: $(NODE_STAMP) ## the Android app, as far as a machine without its SDK can check it
	scripts/check-android.sh || [ $$? = 78 ] # parts were skipped

arm64: $(BUNDLE)/manifest.json build ## the device core for ARM64: its tests and one summary under qemu-user (20 minutes)
	scripts/check-arm64.sh $(BUNDLE)

clean: ## what this clone has built (the cache stays)
	rm -rf build node_modules app/dist

# Set-up steps, each done once; scripts/run_tests.py calls them by name.
.PHONY: python base training-base bundle node
python: $(VENV_STAMP)
base: $(BASE)
training-base: $(TRAINING_BASE)
bundle: $(BUNDLE)/manifest.json
node: $(NODE_STAMP)

# The name holds the hash: a fresh clone, whose file is newer, has nothing to install.
$(VENV_STAMP): | requirements.lock
	@echo "installing the Python packages into $(VENV)" >&2
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes --requirement requirements.lock
	rm -f $(VENV)/.installed-* && touch $@

$(BASE): | $(VENV_STAMP)
	bin/toolchain model get --no-training >/dev/null
	touch $@

$(TRAINING_BASE): | $(BASE)
	bin/toolchain model get >/dev/null
	touch $@

$(BUNDLE)/manifest.json: $(BUNDLE_INPUTS) | $(BASE)
	bin/toolchain export $(BUNDLE) --base >/dev/null

$(NODE_STAMP): package.json app/package.json package-lock.json
	@echo "installing the Node packages" >&2
	npm ci --no-audit --no-fund --loglevel=error
	touch $@
