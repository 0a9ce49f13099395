"""The test data of a trained model: no rows that it was trained on, unless a note says so."""

import contextlib
import dataclasses
import io
import os

from seqzoo.data.files import place
from seqzoo.errors import DataError, UsageError, boundary, note
from seqzoo.recipe.flags import flag_of
from seqzoo.recipe.training_data import TrainingData


def load_test_data(recipe, config, folder, model):
    """The dataset of a trained model. The data of the training, wherever they are now, have the test split of the training; of
    other data the test split is a whole file. A note counts the test rows that were trained on, if any.

    Args:
        config: `DATA_FIELDS` of the test data.

    Raises:
        DataError: the data cannot be read; or a file of the training has changed since.
    """
    recorded, trained = TrainingData.load(folder), recipe.trained_config(folder)
    trained = dataclasses.replace(trained, data_dir=config.data_dir)
    config = dataclasses.replace(trained, **{field: getattr(config, field) for field in config.DATA_FIELDS})
    dataset = _dataset(recipe, config, trained, folder, recorded, model)
    recorded.note_learnt(config.data, recipe.task_of(trained), dataset.test)
    return dataset


def _dataset(recipe, config, trained, folder, recorded, model):
    """The dataset of the training if `config` has its data, else with other data as its test split."""
    if all(place(getattr(config, field)) == place(getattr(trained, field)) for field in config.DATA_FIELDS):
        return _training_dataset(recipe, trained, folder, recorded, model)
    with contextlib.suppress(DataError, UsageError), _without_notes():
        dataset = recipe.dataset(config, model)
        if TrainingData.of(dataset, recipe.task_of(trained)).digest == recorded.digest:
            return dataset
    try:
        with _without_notes():  # those of the test data follow
            dataset = _training_dataset(recipe, trained, folder, recorded, model)
    except DataError as error:
        raise DataError(f"{error}; to test on other data, the baselines need those of the training too") from error
    if recorded.rows is None:
        note(f"{folder}: has no record of its rows, by which those that were trained on would be seen in {config.data}")
    with boundary(config.data):
        test = recipe.load_test_split(config, trained, dataset)
    return dataclasses.replace(dataset, test=test) if dataclasses.is_dataclass(dataset) else dataset._replace(test=test)


def _without_notes():
    return contextlib.redirect_stderr(io.StringIO())


def _training_dataset(recipe, trained, folder, recorded, model):
    """The dataset of the training, read again; of a named data set perhaps in another version."""
    try:
        dataset, task = recipe.dataset(trained, model), recipe.task_of(trained)
    except DataError as error:
        flags = ", ".join(flag_of(type(trained), field) for field in trained.FILE_FIELDS if getattr(trained, field))
        raise DataError(f"{error}; {folder} was trained on these data: {flags} can say where they are now") from error
    if recorded.digest is None:
        note(f"{folder}: has no digest of its data, by which a change since the training would be seen")
    elif TrainingData.of(dataset, task).digest != recorded.digest and os.path.exists(os.path.expanduser(trained.data)):
        inputs = [sequence for split in (dataset.train, dataset.validation, dataset.test) for sequence in split.inputs]
        learnt, count = recorded.count(task.rows(inputs))
        raise DataError(
            f"{trained.files()}: changed since {folder} was trained: {learnt:,} of its {count:,} {task.row_name} are among "
            "those that the model was trained on; expected the data of the training, which may be elsewhere"
        )
    return dataset
