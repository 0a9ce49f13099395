"""Memory tasks as a `Task`: their splits compute the metrics and the baselines."""

from seqzoo.recipe import Task


class MemoryTask(Task):
    """A memory task of `problems.BY_TASK`."""

    def metrics(self, model, split):
        return split.metrics(model)

    def baselines(self, dataset):
        return dataset.test.baselines()
