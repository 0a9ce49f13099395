PYTHON := $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BIN := $(dir $(shell $(PYTHON) -c "import sys; print(sys.executable)"))
NUMERIC := tests/equations tests/engine tests/layers tests/laws tests/models tests/decoding
# Of these, what compares with Keras's layers says the same on every backend, and takes long where Keras does not compile.
OF_KERAS := $(addprefix --ignore=tests/layers/,conversion_test.py keras_suite_test.py swap_test.py)
PYTEST := $(PYTHON) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: check check-full lint test presets

check: lint test

# Everything, also what `check` leaves out: the tests marked `full`, all combinations of parameters, loops compiled as users' are.
# In four processes also on two cores: each keeps in memory what it compiled.
check-full: PYTEST += --full -n 4
check-full: lint test

lint:
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)lint-imports

test:
	$(PYTEST)
	KERAS_BACKEND=jax $(PYTEST) $(NUMERIC) $(OF_KERAS)
	if $(PYTHON) -c "import torch" 2> /dev/null; then KERAS_BACKEND=torch $(PYTEST) tests/engine tests/layers tests/laws $(OF_KERAS); fi

# The shipped models, each by the command in its metrics.json.
presets:
	for folder in saved_models/*/; do \
		$(PYTHON) $$(sed -n 's/^  "command": "python \(.*\)",$$/\1/p' $$folder/metrics.json) || exit 1; \
	done
