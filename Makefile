# The set-up and the everyday commands; each does the set-up that it needs, in .venv.
PYTHON ?= python3
CORES ?= $(shell nproc)
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# A file's tests run in one process, as they share what they build.
PARALLEL = -n $(CORES) --dist loadfile --no-loadscope-reorder
GOFMT = $(wildcard .venv/lib/python3*/site-packages/go/bin/gofmt)
GO := CGO_ENABLED=0 GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local $(CURDIR)/$(BIN)/go
MODULES := packer templates/entrypoint

.DEFAULT_GOAL := example
.PHONY: setup example unit test test-long bench bench-entrypoint bench-pipeline bench-whole faults fuzz properties lint format golden clean

setup: .venv/ready

# The file stands for a virtual environment in which everything is installed.
.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt requirements-cluster.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

example: .venv/ready
	$(BIN)/snakemake --cores $(CORES)

# The tests that need neither Snakemake nor an engine.
unit: .venv/ready-dev
	@for module in $(MODULES); do (cd $$module && $(GO) test ./...) || exit; done
	$(PYTEST) tests/unit $(PARALLEL) $(ARGS)

# All tests, and what they cover of both languages; Hypothesis tries a quarter of its examples.
test: .venv/ready-dev lint
	@for module in $(MODULES); do (cd $$module && $(GO) test -coverprofile=$(CURDIR)/.coverage.go ./... && \
		$(GO) tool cover -func=$(CURDIR)/.coverage.go | tail -n 1) || exit; done
	$(PYTEST) $(PARALLEL) --cov --cov-report=term:skip-covered $(ARGS)

# All tests with all examples.
test-long: .venv/ready-dev
	LONG=1 $(PYTEST) $(PARALLEL) $(ARGS)

# Each takes minutes; docs/performance.md holds the last tables.
bench: bench-entrypoint bench-pipeline bench-whole

bench-entrypoint bench-pipeline bench-whole: bench-%: .venv/ready
	PYTHONPATH=scripts PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/$*.py $(ARGS)

# Each target for FUZZTIME; without the last flag Go would spend the time on making a find smaller.
FUZZTIME ?= 10m
FUZZ = $(GO) test -run '^$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 1x
fuzz: .venv/ready
	cd templates/entrypoint && $(FUZZ) -fuzz FuzzOpen ./index
	cd templates/entrypoint && $(FUZZ) -fuzz FuzzParseWhere ./query
	cd packer && $(FUZZ) -fuzz FuzzTarReaderNext ./squashfs
	cd packer && $(FUZZ) -fuzz FuzzReaderNext ./shardlist
	cd packer && $(FUZZ) -fuzz FuzzRuleMatch ./scan
	cd packer && $(FUZZ) -fuzz FuzzWriter ./gzip
	cd packer && $(FUZZ) -fuzz FuzzReadKey ./signature

# Any EXAMPLES datasets, and any edits of as many, through the whole pipeline; about a second each, some MB at a time.
EXAMPLES ?= 1000
properties: .venv/ready-dev
	EXAMPLES=$(EXAMPLES) $(PYTEST) tests/workflow/test_properties.py $(ARGS)

# Damages each kind of file; kills builds at random moments, KILLS times, about 20 seconds each.
KILLS ?= 200
faults: .venv/ready-dev
	FAULTS=all $(PYTEST) tests/workflow/test_heal.py
	PYTHONPATH=scripts:tests $(BIN)/python tests/tools/faults.py --kills $(KILLS) $(ARGS)

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=scripts $(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile rules
	$(BIN)/snakemake --lint
	@test -z "$$($(GOFMT) -l $(MODULES))" || { echo "gofmt would change:"; $(GOFMT) -l $(MODULES); exit 1; }
	@for module in $(MODULES); do (cd $$module && $(GO) vet ./...) || exit; done

format: .venv/ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/Snakefile rules
	$(GOFMT) -w $(MODULES)

# Writes anew what the tests compare with, or generate: look at the difference before you commit it.
golden: .venv/ready-dev
	$(PYTEST) tests/workflow/test_documentation.py tests/workflow/test_formats.py --golden
	$(PYTEST) tests/engines/test_report_browser.py -k picture --golden

clean:
	rm -rf results .snakemake
