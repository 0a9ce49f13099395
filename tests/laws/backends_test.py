"""TensorFlow, JAX and PyTorch agree."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import reference
from backends import only_tensorflow
from laws import other_backend
from laws.cases import every_kind
from units import UNITS

TESTS = Path(other_backend.__file__).parents[1]
OTHERS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]


@pytest.fixture(scope="module")
def asked(request):
    """The layers that the tests which run ask about: `(name, kind)`."""
    params = [item.callspec.params for item in request.session.items if item.path == request.path]
    return sorted({(each["name"], each["kind"]) for each in params})


@pytest.fixture(scope="module")
def processes(asked, tmp_path_factory):
    """One for each other backend that is installed, all at work."""
    folder, roots = tmp_path_factory.mktemp("backends"), os.pathsep.join([str(TESTS.parent), str(TESTS)])
    started = {}
    for backend in OTHERS:
        path = folder / f"{backend}.npz"
        command = [sys.executable, other_backend.__file__, str(path), json.dumps(asked)]
        environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": roots, "JAX_PLATFORMS": "cpu"}
        started[backend] = path, subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    yield started
    for _, process in started.values():
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def files(processes):
    """What they wrote."""
    for _, process in processes.values():
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    return {backend: path for backend, (path, _) in processes.items()}


@pytest.fixture(scope="module")
def here(asked, processes):
    return {(name, kind): other_backend.results(UNITS[name], kind) for name, kind in asked}


@only_tensorflow
@pytest.mark.parametrize("name", UNITS)
@every_kind
@pytest.mark.parametrize("backend", OTHERS)
def test_another_backend_agrees(here, files, backend, kind, name):
    outputs, gradients = other_backend.load(files[backend], name, kind)
    expected, expected_gradients = here[name, kind]
    assert reference.distance(outputs, expected) <= 2e-6
    assert reference.distance(gradients, expected_gradients) <= 2e-5
