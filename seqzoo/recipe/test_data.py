"""The test data of a trained model: never rows that it was trained on, unless that is said."""

import contextlib
import dataclasses
import io
import os

from seqzoo.errors import DataError, boundary, note
from seqzoo.recipe.training_data import TrainingData


def load_test_data(recipe, config, folder, model):
    """The dataset of a trained model. The data of the training, read from wherever, have the test split of the training; of
    other data the test split is a whole file, and a note counts the rows that were trained on.

    Args:
        config: that of the trained model, with `DATA_FIELDS` of the test data.

    Raises:
        DataError: the data cannot be read; or those of the training have changed since.
    """
    trained, recorded = recipe.trained_config(folder), TrainingData.load(folder)
    trained, task = dataclasses.replace(trained, data_dir=config.data_dir), recipe.task_of(trained)
    if all(_place(getattr(config, field)) == _place(getattr(trained, field)) for field in config.DATA_FIELDS):
        return _training_dataset(recipe, trained, folder, recorded, model)
    with contextlib.suppress(DataError), contextlib.redirect_stderr(io.StringIO()):  # then they are other data
        dataset = recipe.dataset(config, model)
        if TrainingData.of(dataset, task).digest == recorded.digest:
            return dataset
    dataset = _training_dataset(recipe, trained, folder, recorded, model)
    with boundary(config.data):
        test = recipe.load_test_split(config, trained, dataset)
    learnt, count = recorded.count(task.rows(test.inputs))
    if learnt:
        note(f"{config.data}: {learnt:,} of its {count:,} rows are among those that the model was trained on")
    return dataclasses.replace(dataset, test=test) if dataclasses.is_dataclass(dataset) else dataset._replace(test=test)


def _training_dataset(recipe, trained, folder, recorded, model):
    """The dataset of the training, read again."""
    try:
        dataset, task = recipe.dataset(trained, model), recipe.task_of(trained)
    except DataError as error:
        raise DataError(f"{error}; {folder} was trained on these data: --data says where they are now") from error
    data = TrainingData.of(dataset, task)
    if recorded.digest is None:
        note(f"{folder}: has no digest of its data, by which a change since the training would be seen")
    elif data.digest != recorded.digest:
        inputs = [sequence for split in (dataset.train, dataset.validation, dataset.test) for sequence in split.inputs]
        learnt, count = recorded.count(task.rows(inputs))
        raise DataError(
            f"{trained.data}: changed since {folder} was trained: {learnt:,} of its {count:,} rows are among those that the "
            "model was trained on; expected the data of the training, which --data finds elsewhere"
        )
    return dataset


def _place(value):
    """The real path of a file that exists; any other value as it is."""
    path = os.path.expanduser(value) if isinstance(value, str) else ""
    return os.path.realpath(path) if os.path.exists(path) else value
