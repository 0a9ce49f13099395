"""What `pip install` brings, and what `import seqzoo` does."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import pytest
from extent import full

import seqzoo
from seqzoo import layers, presets

ROOT = Path(__file__).parents[1]


def test_import_seqzoo_imports_neither_keras_nor_a_backend():
    check = "import seqzoo, sys; assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=True)


def test_its_names_are_looked_up_when_they_are_used():
    assert seqzoo.layers is layers and seqzoo.load is presets.load and seqzoo.list_presets() == presets.names()
    assert set(seqzoo.__all__) <= set(dir(seqzoo)) and all(hasattr(seqzoo, name) for name in seqzoo.__all__)
    with pytest.raises(AttributeError, match="module 'seqzoo' has no attribute 'nothing'"):
        seqzoo.nothing  # noqa: B018  (to look it up is the test)


@full
def test_a_wheel_holds_the_shipped_models(tmp_path):
    """Outside of the clone, so that nothing but the wheel is found."""
    for name in ("seqzoo", "recipes", "saved_models"):
        shutil.copytree(ROOT / name, tmp_path / "clone" / name)
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", str(tmp_path), str(tmp_path / "clone")]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("seqzoo-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
        top = {name.split("/")[0] for name in archive.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"seqzoo", "recipes"}
    ask = "import seqzoo; print(seqzoo.__file__, seqzoo.load('sentiment').answers(['a delightful, moving film'])[0].label)"
    environment = {"PYTHONPATH": str(tmp_path / "site"), "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", ask]
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    file, label = answer.split()
    assert Path(file).is_relative_to(tmp_path / "site") and label == "positive"


@pytest.mark.parametrize(
    "imports, names",
    [
        ("import seqzoo.layers", ["own"]),
        ("import seqzoo.models", ["own", "sentiment"]),
        ("seqzoo.decoding", ["own", "sentiment"]),
    ],
)
def test_a_saved_model_loads_after_an_import(imports, names, tmp_path):
    """`seqzoo.decoding`: any attribute of seqzoo that needs Keras registers all layers and models."""
    keras.Sequential([keras.Input((None, 3)), layers.GRU(4, reset_after=True)]).save(tmp_path / "own.keras")
    shutil.copy(ROOT / "saved_models" / "sentiment" / "model.keras", tmp_path / "sentiment.keras")
    script = "\n".join(
        ["import keras", imports if " " in imports else f"import seqzoo; {imports}"]
        + [f"keras.saving.load_model({str(tmp_path / name)!r} + '.keras')" for name in names]
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True)


def test_another_backend_gets_one_sentence():
    sentence = 'seqzoo runs on the Keras backends "tensorflow", "jax" and "torch", got KERAS_BACKEND="numpy".'
    environment = os.environ | {"KERAS_BACKEND": "numpy", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for command, start in (["-c", "import seqzoo.layers"], "ImportError: "), (["-m", "recipes.sentiment"], "error: "):
        done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode != 0 and done.stderr.splitlines()[-1] == start + sentence
    assert len(done.stderr.splitlines()) == 1
