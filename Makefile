PYTHON := $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BIN := $(dir $(PYTHON))
NUMERIC := tests/equations tests/engine tests/layers tests/models

.PHONY: check lint test presets

check: lint test

lint:
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)lint-imports

test:
	$(PYTHON) -m pytest
	KERAS_BACKEND=jax $(PYTHON) -m pytest $(NUMERIC)
	if $(PYTHON) -c "import torch" 2> /dev/null; then KERAS_BACKEND=torch $(PYTHON) -m pytest $(NUMERIC); fi

# The models that ship.
presets:
	$(PYTHON) -m recipes.sentiment train --out saved_models/sentiment
