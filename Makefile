# regear's commands; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

python := .venv/bin/python
MINUTES ?= 5

.PHONY: demo
demo: ## Show write-behind and write-through, on this machine
	@scripts/bootstrap demo
	@scripts/install-wheel
	@$(python) -m scripts.demo

.PHONY: test
test: ## Run all tests, on Redis and once more on Valkey
	@scripts/bootstrap test
	@scripts/test-cpp release
	@scripts/install-wheel
	@scripts/test-python

.PHONY: bench
bench: ## Run the benchmarks: three quarters of an hour, on an idle machine
	@scripts/bootstrap test
	@scripts/install-wheel
	@scripts/test-cpp release
	@$(python) -m benchmarks.capture
	@$(python) -m benchmarks.drain
	@$(python) -m benchmarks.write_through --seconds 4 --pairs 3

.PHONY: soak
soak: ## Crash everything for MINUTES=5 and compare: see docs/testing.md
	@scripts/bootstrap test
	@scripts/install-wheel
	@scripts/soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(SOAK)

.PHONY: faults
faults: ## Let the host die at each step of its protocol
	@scripts/bootstrap test
	@scripts/install-wheel
	@scripts/test-faults

.PHONY: asan
asan: ## Run tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/bootstrap test
	@scripts/install-wheel
	@scripts/sanitize asan

.PHONY: tsan
tsan: ## Run tests with ThreadSanitizer
	@scripts/bootstrap test
	@scripts/install-wheel
	@scripts/sanitize tsan

.PHONY: lint
lint: ## Check format, types and style
	@scripts/bootstrap ci
	@scripts/lint

.PHONY: format
format: ## Format C++ and Python
	@scripts/bootstrap ci
	@scripts/format

.PHONY: wheel
wheel: ## Build the wheel into dist/
	@scripts/bootstrap demo
	@$(python) -m pip wheel --quiet --disable-pip-version-check \
	  --no-build-isolation --no-deps --wheel-dir dist .
	@ls dist/*.whl

.PHONY: clean
clean: ## Remove what was built; .venv stays
	@rm -rf build dist

.PHONY: help
help: ## Show this list
	@sed -n -E 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | \
	  while IFS=$$'\t' read -r name text; do \
	    printf 'make %-8s %s\n' "$$name" "$$text"; \
	  done
