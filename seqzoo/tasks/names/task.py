"""Names, one to many: bits a character beside baselines of n-grams, sampled names, plots."""

import numpy as np
from sklearn.metrics import confusion_matrix

from seqzoo.data.targets import Split
from seqzoo.decoding import generate as decode
from seqzoo.evaluation import tables
from seqzoo.inspection import plots
from seqzoo.recipe import Task
from seqzoo.tasks.names.scores import ORDER, bits_per_character, model_scores, n_gram_scores

SAMPLED = 200  # names of each class that are compared with the lists
PRINTED = 10
LONGEST = 40  # characters of a sampled name


class NamesTask(Task):
    """Names as texts, with a class each or none; models that sample a name of a class."""

    imports = "from seqzoo.tasks.names.task import sample_names"
    usage = "print(model.labels, sample_names(model, number=0, count=5))"

    def metrics(self, model, split):
        return _metrics(model_scores(model, split.inputs), split)

    def baselines(self, dataset):
        scores = n_gram_scores(dataset, dataset.test.inputs)
        return {name: _metrics(baseline, dataset.test) for name, baseline in scores.items()}

    def examples(self, model, split, seed, count=5):
        """Some names, each with its most probable class and its own class; none where there are no classes."""
        rows = np.random.default_rng(seed).permutation(len(split.inputs))[: count if model.labels else 0]
        names = [split.inputs[i] for i in rows]
        for i, scores in zip(rows, model_scores(model, names) if names else [], strict=True):
            yield split.inputs[i], model.labels[scores.argmax()], split.targets[i]

    def details(self, name, model, dataset):
        """Metrics by class, beside the best of the n-grams, and some sampled names.

        Of the sampled names the share `novel` is not in the training split; of these, the share `held_out` is in another split.
        """
        test, rows, lines = dataset.test, {}, []
        known, held_out = set(dataset.train.inputs), {*dataset.validation.inputs, *test.inputs}
        scores, n_grams = model_scores(model, test.inputs), list(n_gram_scores(dataset, test.inputs).values())[-1]
        for number, label in enumerate(model.labels or ["all"]):
            inside = [i for i, target in enumerate(test.targets) if not model.labels or target == label]
            split = Split([test.inputs[i] for i in inside], [], test.y[inside] if model.labels else [])
            sampled = sample_names(model, number, SAMPLED, seed=number)
            novel = [sample for sample in sampled if sample not in known]
            rows[label] = {
                f"{name}, bits": bits_per_character(scores[inside], split) if inside else np.nan,
                f"{ORDER}-grams, bits": bits_per_character(n_grams[inside], split) if inside else np.nan,
                "novel": len(novel) / len(sampled),
                "held_out": len(held_out.intersection(novel)) / max(len(novel), 1),
            }
            lines.append(f"{label}: {', '.join(sampled[:PRINTED])}")
        legend = f"novel: share of {SAMPLED} sampled names outside the training split; held out: share of the novel in another"
        return f"{tables.table(rows)}\n{legend}\n\n" + "\n".join(lines)

    def plots(self, model, split, folder, title):
        """A confusion matrix of the class under which a name is most probable."""
        if model.labels:
            predicted = np.array(model.labels)[model_scores(model, split.inputs).argmax(axis=1)]
            counts = confusion_matrix(split.targets, predicted, labels=list(model.labels))
            title = f"{title}: the class that most probably has the name"
            plots.confusion(counts, model.labels, folder / "confusion.png", title)


def _metrics(scores, split):
    metrics = {"bits_per_character": bits_per_character(scores, split)}
    if len(split.y):
        metrics["accuracy"] = float(np.mean(scores.argmax(axis=1) == split.y.argmax(axis=1)))
    return metrics


def sample_names(model, number, count, sampler=None, seed=0):
    """Returns sampled names of the class with that number; some names may occur twice."""
    label = np.full(count, number, np.int32) if model.labels else None
    sampled = decode(model.step, model.initial_state(count, label), LONGEST, sampler, seed=seed)
    return [model.tokenizer.decode(ids) for ids in sampled.sequences]
