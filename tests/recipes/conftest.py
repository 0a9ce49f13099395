"""Tiny runs operation by operation: tracing and compiling one takes longer than all of its steps."""

import dataclasses
import os
import shutil

import extent
import keras
import pytest
from matplotlib.figure import Figure

from seqzoo.backend import xla


@pytest.fixture(autouse=True, scope="module")
def _without_xla():
    with xla(False):
        yield


@pytest.fixture(autouse=True)
def _plain(_as_extent_says):
    """With `--full` too. What a module's fixtures prepare is traced then, as users do."""
    with extent.plain():
        yield


# What every module of a recipe's tests says of itself: `NAME`, of its runs' folder; `put(folder)`, its data; and `finish()`,
# which trains on them in the working folder, with the arguments in `form` where there are several forms. `TRACED` where that is
# so long that graphs pay.


@pytest.fixture(autouse=True)
def here(request, tmp_path, monkeypatch):
    """A working folder with the module's data, small pictures, and the default precision afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, dpi, of=Figure.savefig: of(figure, path, dpi=dpi / 4))
    if hasattr(request.module, "put"):
        request.module.put(tmp_path)
    yield tmp_path
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def change(monkeypatch):
    """A function that replaces fields of the `RECIPE` of a module for the time of the test."""
    return lambda module, **fields: monkeypatch.setattr(module, "RECIPE", dataclasses.replace(module.RECIPE, **fields))


@pytest.fixture(scope="module")
def form():
    return ()


@pytest.fixture(scope="module")
def master(request, tmp_path_factory, form):
    """The finished runs of the module: made once."""
    folder, before = tmp_path_factory.mktemp("master"), os.getcwd()
    os.chdir(folder)
    try:
        request.module.put(folder)
        with extent.plain(not (extent.FULL or getattr(request.module, "TRACED", False))):
            request.module.finish(*form)
    finally:
        os.chdir(before)
    return folder / "runs"


@pytest.fixture
def trained(request, master, here):
    """The folder of the finished run, in the working folder."""
    return shutil.copytree(master, here / "runs") / request.module.NAME
