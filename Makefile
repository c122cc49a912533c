# Two commands set up a fresh machine that has Python 3.11 and make:
#   make demo   simulate, train, score and draw, in demo/ (SIZE=small for a one-minute run)
#   make test   lint, types and tests
# and two more run the paper's benchmark (CONFIG=test.yaml for a trial of about a minute):
#   make benchmark   in one process      make workflow   the same by Snakemake
PYTHON ?= python3.11
SIZE ?= full
CONFIG ?= config.yaml
CORES ?= 2
SECONDS ?= 900
SEED ?= 0
MODULE ?= seqattr/motifs/seqlets.py
TESTS ?= tests/motifs/test_seqlets.py
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo notebooks test test-slow fuzz mutation test-peers test-torch test-workflow test-slurm benchmark workflow bench bench-quick clean

demo: $(VENV)/.installed
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/demo $(SIZE)

test: $(VENV)/.tested
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/check

# The tests that take long, and those that compare with other tools.
test-slow: $(VENV)/.tested
	$(BIN)/pytest -m "slow or shared"

test-peers: $(VENV)/.peers
	$(BIN)/pytest -m peers

# Capture, goldens and zoo under another torch, in an environment of its own: make test-torch VERSION=2.11.0
test-torch:
	PYTHON=$(PYTHON) scripts/test-torch $(VERSION)

# Mutated input files of every kind, for so many CPU seconds: what fails is kept in fuzz-kept/.
fuzz: $(VENV)/.tested
	$(BIN)/python scripts/fuzz.py --seconds $(SECONDS) --seed $(SEED)

# Faults at the boundaries of a module, one at a time: those that its tests do not see are printed.
mutation: $(VENV)/.tested
	$(BIN)/python scripts/mutate.py $(MODULE) $(TESTS)

# The notebooks of docs/, run again from the first cell to the last, in about three minutes.
notebooks: $(VENV)/.notebooks
	$(BIN)/python scripts/notebooks.py $(NAME)

# The paper's TAL-GATA benchmark.
benchmark: $(VENV)/.installed
	$(BIN)/seqattr benchmark tal-gata --out results/tal-gata

workflow: $(VENV)/.workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES) --configfile seqattr/workflow/benchmark/$(CONFIG)

test-workflow: $(VENV)/.tested $(VENV)/.workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" pytest -m "workflow and not slow"

# A Slurm of this one machine: needs root and, where Slurm is missing, Debian's apt-get.
test-slurm: $(VENV)/.tested $(VENV)/.workflow
	scripts/slurm-here install
	PATH="$(CURDIR)/$(BIN):$$PATH" pytest -m workflow tests/workflow/test_slurm.py

$(VENV)/.workflow: $(VENV)/.installed
	$(BIN)/pip install -c constraints.txt -e ".[workflow]"
	touch $@

# Time and memory beside the peers, an hour and more; NAME=laptop keeps speed/results/laptop.json.
# PERFORMANCE.md tells how to read it.
bench: $(VENV)/.peers
	$(BIN)/python -m speed $(if $(NAME),--json $(NAME)) $(BENCH)

bench-quick: $(VENV)/.peers
	$(BIN)/python -m speed --quick $(if $(NAME),--json $(NAME)) $(BENCH)

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -c constraints.txt torch==2.13.0
	$(BIN)/pip install -c constraints.txt -e .
	touch $@

$(VENV)/.notebooks: $(VENV)/.installed
	$(BIN)/pip install -c constraints.txt -e ".[notebooks]"
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/pip install -c constraints.txt -e ".[test]"
	touch $@

$(VENV)/.peers: $(VENV)/.tested
	$(BIN)/pip install -c constraints.txt -e ".[test,peers]"
	touch $@

clean:
	rm -rf $(VENV) demo results .snakemake
