"""CONTRIBUTING's "Add a unit", followed to the letter: the example is one module, and the laws find it and hold."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_example_unit_obeys_the_laws(tmp_path):
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Add a unit")[2]
    (module,) = re.findall(r"Save it as `(seqzoo/equations/\w+\.py)`", text)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (command,) = re.findall(r"```\n.venv/bin/python (-m pytest .*?)\n```", text)
    for name in ("seqzoo", "tests", "setup.cfg"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / module).write_text(code, "utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    run = subprocess.run([sys.executable, *command.split()], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "failed" not in run.stdout
    assert int(re.search(r"(\d+) passed", run.stdout)[1]) >= 20
