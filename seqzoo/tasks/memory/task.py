"""Memory tasks as a `Task`: the problems know their metrics and baselines."""

from seqzoo.recipe import Task


class MemoryTask(Task):
    """One of `problems.BY_TASK`."""

    def metrics(self, model, split):
        return split.metrics(model)

    def baselines(self, dataset):
        return dataset.test.baselines()
