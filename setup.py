"""The shipped models become part of the package; setup.cfg says all else."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithModels(build_py):
    def run(self):
        super().run()
        if not self.editable_mode:  # an editable package finds them beside it
            shutil.copytree("saved_models", Path(self.build_lib, "seqzoo", "saved_models"), dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithModels})
