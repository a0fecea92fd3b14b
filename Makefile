# Each target works on a fresh machine that has Python >= 3.11 and git.
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Threads that wait must not spin: two jobs may share the cores.
export OMP_WAIT_POLICY ?= PASSIVE
INSTALLED := .venv/installed
OSV := https://api.osv.dev

.PHONY: help run studies test test-slow check audit bench clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: $(INSTALLED)  ## from nothing to the report: the whole pipeline, only what changed
	python -m dvc repro
	@echo "report: $(CURDIR)/reports/index.html"

studies: $(INSTALLED)  ## try every idea of the notes at length: sets studies.budget, takes hours
	sed -i.bak 's/^studies: {budget: quick/studies: {budget: full/' params.yaml && rm params.yaml.bak
	python -m dvc repro study report

test: $(INSTALLED)  ## the fast tests with coverage, no internet
	OMP_NUM_THREADS=1 python -m pytest -n 2 --dist loadfile -m "not slow" --cov --cov-report=term:skip-covered

test-slow: $(INSTALLED)  ## the tests that take longer: the pipeline end to end, a real wiki, kill -9
	OMP_NUM_THREADS=1 python -m pytest -n 2 --dist loadfile -m slow

check: $(INSTALLED)  ## style, types, known weaknesses, then the fast tests
	ruff check
	ruff format --check
	mypy
	$(MAKE) audit
	$(MAKE) test

audit: $(INSTALLED)  ## known weaknesses of what is installed, where their list can be reached
	@if RES_OPTIONS="timeout:2 attempts:1" python -c 'import requests; requests.get("$(OSV)", timeout=3)' 2>/dev/null; \
	then python -m pip_audit --vulnerability-service osv --skip-editable --progress-spinner off; \
	else echo "audit: skipped, $(OSV) cannot be reached"; fi

bench: $(INSTALLED)  ## what the pipeline costs here, and what a change re-runs
	python benchmarks/repro.py

clean:  ## remove what stages wrote; downloads and training state stay in .cache and .runs
	rm -rf data/candidates data/raw data/interim data/processed reports dvc.lock
	find models -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed; make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	python -m pip install --quiet --constraint constraints.txt --editable '.[train,export,dev]'
	@python -m dvc config --local core.site_cache_dir "$(CURDIR)/.dvc-site" && chmod 700 .dvc-site
	@touch $@
