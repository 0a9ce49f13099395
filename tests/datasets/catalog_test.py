"""Data sets of seqzoo by name, on a machine that has none yet."""

import os
import subprocess
import sys

from seqzoo.datasets import catalog

BUILDERS = sorted({*catalog.OURS} - {"generated_entities"})  # the latter needs no builder: it is made from frames
SCRIPT = """
import sys
from seqzoo.datasets import catalog
print(*(catalog.find(name, sys.argv[1]).name for name in sys.argv[2:]))
"""


def test_the_catalog_alone_knows_every_data_set(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), *BUILDERS]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == BUILDERS and len(BUILDERS) == 8
