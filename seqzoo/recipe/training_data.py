"""The record of the data of a training: by it `evaluate` knows the same data on any path, and rows that were trained on."""

import dataclasses

import numpy as np

from seqzoo.data import digest as digests
from seqzoo.data import files
from seqzoo.errors import boundary, note
from seqzoo.training import run_folder

ROWS_FILE = "rows.npy"
SPLITS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """The digest of the rows, splits and labels of a training, and a number for each row that it learnt from.

    Both are None in the record of a run that was written without them.

    Args:
        digest: SHA-256 in hexadecimal, see `data.digest`.
        rows: uint64, of the training and the validation split, see `data.digest.row_numbers`.
    """

    digest: str | None
    rows: np.ndarray | None

    @classmethod
    def of(cls, dataset, task):
        """The record of a dataset; `task.rows` says what its rows are."""
        splits = [(getattr(dataset, name).inputs, getattr(dataset, name).targets) for name in SPLITS]
        learnt = [*dataset.train.inputs, *dataset.validation.inputs]
        return cls(digests.digest([getattr(dataset, "labels", ()), splits]), np.unique(digests.row_numbers(task.rows(learnt))))

    @classmethod
    def load(cls, folder):
        """The record in a run's folder."""
        metrics, rows = folder / "metrics.json", None
        digest = run_folder.read_json(metrics).get("digest") if metrics.exists() else None
        if (folder / ROWS_FILE).exists():
            files.check_regular(folder / ROWS_FILE, "an array of numpy")
            with boundary(folder / ROWS_FILE):
                rows = np.load(folder / ROWS_FILE, allow_pickle=False)
                if rows.dtype != np.uint64 or rows.ndim != 1:
                    raise ValueError(f"expected numbers of rows, found an array {rows.dtype} {rows.shape}")
        return cls(digest, rows)

    def with_files(self, config):
        """The digest of the data and of the further files that the training reads, such as word vectors."""
        further = {field: getattr(config, field) for field in config.FILE_FIELDS if field not in config.DATA_FIELDS}
        contents = [
            files.read_bytes(path, " or ".join([f"a file for --{field.replace('_', '-')}", *config.NAMES]))
            for field, path in further.items()
            if path and path not in config.NAMES
        ]
        return digests.digest([self.digest, *contents]) if contents else self.digest

    def save(self, folder):
        """Writes the rows into a run's folder. The digest stands in its `metrics.json`."""
        np.save(folder / ROWS_FILE, self.rows)

    def count(self, rows):
        """`(how many of the rows were trained on, how many there are)`."""
        numbers = digests.row_numbers(rows)
        return int(np.isin(numbers, self.rows).sum()) if self.rows is not None else 0, len(numbers)

    def note_learnt(self, source, task, test):
        """Notes how many rows of a test split were trained on, if any."""
        learnt, count = self.count(task.rows(test.inputs))
        if learnt:
            note(f"{source}: {learnt:,} of its {count:,} test {task.row_name} are among those that the model was trained on")
