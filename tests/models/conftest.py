"""The engine's plain path: XLA would compile for each of many shapes. `tests/layers` holds both paths to the same laws."""

import pytest

from seqzoo.backend import xla


@pytest.fixture(autouse=True)
def _plain_path():
    with xla(False):
        yield
