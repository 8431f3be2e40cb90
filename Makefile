# Setup and development commands; each command first creates the virtual environment .venv if it is missing.
PYTHON ?= python3
CORES ?= $(shell nproc)
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# The tests of a file run in one process, because they share builds. Two more processes than cores work while others wait.
PARALLEL = -n $$(($(CORES) + 2)) --dist loadfile --no-loadscope-reorder
GOFMT = $(wildcard .venv/lib/python3*/site-packages/go/bin/gofmt)
GO := CGO_ENABLED=0 GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local $(CURDIR)/$(BIN)/go
MODULES := packer templates/entrypoint
# With this variable, each process of the tests compiles all modules of the tests again.
unexport PYTHONDONTWRITEBYTECODE
# The least coverage of `make test` in percent: one point less than was measured. Raise a number when its coverage rises.
COVERED_PYTHON := 90
COVERED_packer := 77
COVERED_templates/entrypoint := 71

# A file system in memory with 4 GB for programs and files. On some disks, creating files takes a third of the tests' time.
MEMORY = $(shell df --output=avail /dev/shm 2>/dev/null | awk 'END { exit $$1 < 4e6 }' && \
	! grep -q '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts && echo /dev/shm)

.DEFAULT_GOAL := example
.PHONY: setup container example unit unit-python test $(MODULES:%=test-%) test-long bench bench-growth faults fuzz properties mutants lint format golden clean

setup: .venv/ready

# This file exists when the virtual environment is complete.
.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt requirements-cluster.txt requirements-storage.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/plugins \
		-r requirements-storage.txt -r requirements-cluster.txt
	touch $@

example: .venv/ready
	$(BIN)/snakemake --cores $(CORES)

# The container in which `snakemake --sdm apptainer` runs the jobs. Needs root, Apptainer and debootstrap. MIRROR: of Debian.
MIRROR ?= $(shell apt-get indextargets --format '$$(REPO_URI)' 'Created-By: Packages' | head -n 1)
container: .venv/ready
	grep -vE '^(#|snakemake|pygments)' requirements.txt | $(BIN)/python -m pip download --quiet --dest .venv/wheels \
		--python-version 3.11 --only-binary=:all: --requirement /dev/stdin
	apptainer build --force --build-arg mirror=$(MIRROR) --build-arg wheels=.venv/wheels \
		workflow/envs/datacontainer.sif workflow/envs/datacontainer.def

# Tests without Snakemake and container engines, in less than two minutes: without the tests marked slow, and with
# few examples of Hypothesis. Go's tests wait often, so they run beside those of Python.
unit: .venv/ready-dev
	@$(MAKE) --no-print-directory -j3 unit-python $(MODULES:%=test-%)

unit-python:
	QUICK=1 PYTEST_DEBUG_TEMPROOT=$(MEMORY) $(PYTEST) tests/unit -m "not slow" $(PARALLEL) $(ARGS)

# All tests, and the coverage of both languages; Hypothesis runs a quarter of its examples.
test: .venv/ready-dev
	@$(MAKE) --no-print-directory -j$(CORES) --output-sync lint $(MODULES:%=test-%)
	$(PYTEST) $(PARALLEL) --cov --cov-report=term:skip-covered --cov-fail-under=$(COVERED_PYTHON) $(ARGS)

$(MODULES:%=test-%): test-%: .venv/ready-dev
	@GO="$(GO)" tests/tools/gotest $* $(COVERED_$*)

# All tests with all examples.
test-long: .venv/ready-dev
	LONG=1 $(PYTEST) $(PARALLEL) $(ARGS)

# docs/performance.md contains the last tables; 25 minutes each. ARGS="--rows edit,archive" selects rows, --quick tries all.
bench bench-growth: .venv/ready
	PYTHONPATH=scripts:tests PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/$(@:bench-%=%).py $(ARGS)

# Runs each fuzz target for FUZZTIME; without the last flag, Go spends the time on minimizing a failing input.
FUZZTIME ?= 10m
FUZZ = $(GO) test -run '^$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 1x
fuzz: .venv/ready
	cd templates/entrypoint && $(FUZZ) -fuzz FuzzOpen ./index
	cd templates/entrypoint && $(FUZZ) -fuzz FuzzParseWhere ./query
	cd templates/entrypoint && $(FUZZ) -fuzz FuzzParsePropfind ./serve
	cd templates/entrypoint && $(FUZZ) -fuzz FuzzRequest ./serve
	cd packer && $(FUZZ) -fuzz FuzzTarReaderNext ./squashfs
	cd packer && $(FUZZ) -fuzz FuzzReaderNext ./shardlist
	cd packer && $(FUZZ) -fuzz FuzzRuleMatch ./scan
	cd packer && $(FUZZ) -fuzz FuzzWriter ./gzip
	cd packer && $(FUZZ) -fuzz FuzzReadKey ./signature

# Tries EXAMPLES new random inputs in each property test; tests/workflow/test_properties.py needs about one second and some MB for each.
EXAMPLES ?= 1000
properties: .venv/ready-dev
	EXAMPLES=$(EXAMPLES) $(PYTEST) -m hypothesis --timeout 0 $(PARALLEL) $(ARGS)

# Damages each kind of file, makes each call on a product fail (one hour), then kills KILLS builds at random moments;
# about 20 seconds for each kill.
KILLS ?= 200
faults: .venv/ready-dev
	FAULTS=all $(PYTEST) tests/workflow/test_heal.py tests/workflow/test_faults.py -k "damaged or silently or full_disk"
	PYTHONPATH=$(CURDIR)/scripts:$(CURDIR)/tests $(BIN)/python tests/tools/injection.py
	PYTHONPATH=$(CURDIR)/scripts:$(CURDIR)/tests $(BIN)/python tests/tools/injection.py --compression none
	PYTHONPATH=scripts:tests $(BIN)/python tests/tools/faults.py --kills $(KILLS) $(ARGS)

# Changes one operator, constant or statement at a time, and prints the changes that no near test notices; 2 to 60 seconds
# for each. ARGS="--count 30 --seed 1 --only packer/scan --jobs 2". .mutants.tsv keeps the outcomes: delete it to begin again.
mutants: .venv/ready-dev
	nice -n 19 $(BIN)/python tests/tools/mutants.py $(ARGS)

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tests/tools/phrases.py
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

# Regenerates the files that the tests compare or generate. Check the difference before a commit.
golden: .venv/ready-dev
	$(PYTEST) tests/workflow/test_documentation.py tests/workflow/test_formats.py --golden
	$(PYTEST) tests/engines/test_report_browser.py -k picture --golden
	$(PYTEST) tests/engines/test_examples.py --golden

clean:
	rm -rf results .snakemake
