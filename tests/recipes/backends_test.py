"""seqzoo and its recipes need the backend in use, and no other."""

import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import seqzoo

ROOT = Path(seqzoo.__file__).parent
SCRIPT = """
import importlib, sys
for name in {modules!r}:
    importlib.import_module(name)
print("imported:", *sorted({{"tensorflow", "torch", "jax"}} & set(sys.modules)))
from recipes import sentiment
from seqzoo.recipe import main
from seqzoo.datasets import catalog
catalog.find("rated_sentences", ".")
for arguments in (["--data", "d.csv", "--units", "2", "--epochs", "1"], ["evaluate"], ["predict", "a fine film"]):
    main(sentiment.RECIPE, arguments)
assert "tensorflow" not in sys.modules
"""


def test_on_jax_nothing_imports_or_needs_tensorflow(tmp_path):
    pytest.importorskip("jax")
    lines = [f"film {i} is {'fine,good' if i % 2 else 'dull,bad'}" for i in range(24)]
    (tmp_path / "d.csv").write_text("\n".join(["text,label", *lines]))
    modules = [module.name for module in pkgutil.walk_packages([str(ROOT)], "seqzoo.")]
    assert "seqzoo.models.many_to_one" in modules
    environment = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT.parent), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", SCRIPT.format(modules=modules)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first == "imported: jax" and last.endswith("\ta fine film")


def test_only_the_backends_files_and_the_conversion_name_a_backend():
    backend = re.compile(r"^\s*(import|from)\s+(tensorflow|jax|torch)\b|\bLazyModule\(\"", re.MULTILINE)
    named = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if backend.search(path.read_text(encoding="utf-8"))]
    names = "tensorflow", "tensorflow_cudnn", "tensorflow_graphs", "jax", "jax_kernel", "torch", "torch_cudnn", "torch_compiled"
    files = {f"backend/{name}.py" for name in names}
    assert set(named) <= files | {"layers/conversion.py"}  # the latter makes PyTorch's modules, under any backend


def test_every_module_can_be_imported():
    for module in pkgutil.walk_packages([str(ROOT)], "seqzoo."):
        importlib.import_module(module.name)
