"""A task: how models of one kind are evaluated, plotted and queried, whatever recipe trains them."""


class Task:
    """Metrics, baselines, examples, plots and predictions of models of one kind. A task overrides what it has.

    `row_name` says what `rows` yields; `heading` stands above printed examples; `usage` is Python that queries a loaded
    `model`, for the model card, with `imports`; `fold_metrics` are those that a cross-validation prints.
    """

    row_name = "rows"
    heading = "examples of the test split, prediction (reference):"
    imports = ""
    fold_metrics = ("accuracy",)
    usage = "model.answers(inputs)"

    def metrics(self, model, split):
        """`{metric: number}` of a model on a `data.targets.Split`."""
        raise NotImplementedError  # each task has metrics of its own

    def rows(self, inputs):
        """The rows of inputs, by which `evaluate` counts how many of them were trained on."""
        return inputs

    def baselines(self, dataset):
        """`{baseline: {metric: number}}` on the test split, each fitted to the training split."""
        return {}

    def examples(self, model, split, seed):
        """`(input, prediction, reference)`, texts, of a few examples; of a sampled text the prediction alone."""
        return ()

    def details(self, name, model, dataset):
        """A text below the table of metrics, such as metrics by class. `name` is the model's in tables."""
        return ""

    def plots(self, model, split, folder, title):
        """Writes PNG files into a folder."""

    def samples(self, model, folder, seed):
        """Writes files that the model makes into the run's folder."""

    def predict(self, model, lines, **flags):
        """Yields a line of output for each input line; `flags` are those of the recipe's predict verb beyond `PredictFlags`."""
        raise NotImplementedError  # each task has lines of its own
