"""Tiny runs step by step: tracing and compiling one takes longer than all of its steps."""

import importlib

import pytest
from backends import BACKEND

from seqzoo.backend import xla


@pytest.fixture(autouse=True, scope="module")
def _without_xla():
    with xla(False):
        yield


@pytest.fixture(autouse=True)
def _eager():
    """For each test, but not for what a module's fixtures prepare: those run as users run it."""
    if BACKEND != "tensorflow":
        yield
        return
    config = importlib.import_module("tensorflow").config
    config.run_functions_eagerly(True)
    yield
    config.run_functions_eagerly(False)
