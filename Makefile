# make run    sweep convolutions on this computer, fit them, and predict ResNet-50: the whole main job in under 4 minutes
# make test   the tests, with line coverage
# make lint   style, types, and which room may import from which
# make bench  the figures of the README, printed
# Each sets up .venv first, which later calls find done.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
STUBS := $(VENV)/stubs

RUN := build/run
SWEEP := $(BIN)/blackthorn sweep conv2d --out $(RUN)/sweeps
BLOCKS := --range filters=64:512:64 --range channels=64:512:64 --range size=7:56:7
WIDE := --range filters=64:2048:64 --range channels=64:2048:64 --range size=7:56:7
RESNET := "from tests.networks import light_networks; print(light_networks()['light_resnet50'])"
SPACE := --dim filters --dim channels --dim size

.PHONY: run test lint bench clean

run: $(READY)
	rm -rf $(RUN)
	$(SWEEP) $(SPACE) --at kernel=3 $(BLOCKS) --max-points 20
	$(SWEEP) $(SPACE) --at kernel=1 $(WIDE) --max-points 20
	$(SWEEP) $(SPACE) --at kernel=3,stride=2 $(BLOCKS) --max-points 10
	$(SWEEP) $(SPACE) --at kernel=1,stride=2 $(WIDE) --max-points 10
	$(SWEEP) --dim filters --at kernel=7,stride=2,channels=3,size=224 --range filters=16:64:16 --full
	$(BIN)/blackthorn fit $(RUN)/sweeps --out $(RUN)/model.json
	$(BIN)/blackthorn predict "$$($(BIN)/python -c $(RESNET))" --device $(RUN)/model.json --top 10

test: $(READY)
	$(BIN)/pytest --numprocesses auto --cov --cov-report=term

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=$(STUBS) $(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m tests.bench

clean:
	rm -rf $(VENV) build .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'tensorrt-stubs==10.13.*'  # its needs need a GPU
	$(BIN)/python -m tests.tensorrt_stubs $(STUBS)
	touch $@
