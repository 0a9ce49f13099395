"""Tagging, a tag for every word: metrics of whole entities, sentences with their tags, plots."""

import numpy as np
from sklearn.metrics import confusion_matrix

from seqzoo import recipe
from seqzoo.data import entity_tags
from seqzoo.data.tokenizer import split_words
from seqzoo.evaluation import tables
from seqzoo.inspection import plots
from seqzoo.tasks.tagging.baselines import most_frequent_tags
from seqzoo.tasks.tagging.formats import FORMS, PLAIN_FORMS, format_tags, in_brackets
from seqzoo.tasks.tagging.metrics import entity_metrics, tagging_metrics

SCORED = 2000  # sentences of `validation_f1`


class TaggingTask(recipe.Task):
    """Sentences as lists of words, with a tag for each word; models with `answers(sentences)`."""

    usage = 'print(model.answers([["Harry", "Potter", "invented", "a", "spell", "."]]))'

    def metrics(self, model, split):
        return tagging_metrics(split.targets, predicted_tags(model, split))

    def baselines(self, dataset):
        predictions = most_frequent_tags((dataset.train.inputs, dataset.train.targets), dataset.test.inputs)
        return {name: tagging_metrics(dataset.test.targets, predicted) for name, predicted in predictions.items()}

    def examples(self, model, split, seed, count=5):
        rows = np.random.default_rng(seed).permutation(len(split.inputs))[:count]
        answers = model.answers([split.inputs[i] for i in rows])
        for i, answer in zip(rows, answers, strict=True):
            words, tags = split.inputs[i], split.targets[i]
            right = "right" if answer.labels == tags else f"reference: {in_brackets(words, tags)}"
            yield "", in_brackets(words, answer.labels), right

    def details(self, name, model, dataset):
        """Precision, recall and F1 of each type of entity, where the tags mark entities."""
        if not entity_tags.are_entities(set(dataset.labels)):
            return ""
        return tables.table(entity_metrics(dataset.test.targets, predicted_tags(model, dataset.test)))

    def plots(self, model, split, folder, title):
        """Precision, recall and F1 of each type of entity, and a confusion matrix of the words' types."""
        predicted = predicted_tags(model, split)
        title = f"{title}: {len(predicted):,} sentences of the test split"
        if entity_tags.are_entities(set(model.labels)):
            metrics = entity_metrics(split.targets, predicted)
            series = {name: [of_type[name] for of_type in metrics.values()] for name in ("precision", "recall", "f1")}
            plots.bars(list(metrics), series, folder / "types.png", "of entities", title)
        types = list(dict.fromkeys(entity_tags.parts(label)[1] or label for label in model.labels))
        pairs = [[entity_tags.parts(tag)[1] or tag for tags in all for tag in tags] for all in (split.targets, predicted)]
        plots.confusion(confusion_matrix(*pairs, labels=types), types, folder / "confusion.png", title)

    def predict(self, model, lines, form="text"):
        sentences = [split_words(line) for line in lines]
        forms = FORMS if entity_tags.are_entities(set(model.labels)) else PLAIN_FORMS
        expected = f"{' or '.join(forms)} of a model whose tags mark no entities"
        recipe.check("as", form, lambda form: form in forms, expected)
        answers = iter(model.answers([words for words in sentences if words]))
        for line, words in zip(lines, sentences, strict=True):
            tags, score = next(answers) if words else ([], 1.0)
            yield f"{format_tags(form, line, tags)}\t{score:.3f}\t{' '.join(line.split())}"


def predicted_tags(model, split):
    """The model's tags of each sentence."""
    return [answer.labels for answer in model.answers(split.inputs)]


def validation_f1(split):
    """A function of a model, for the choice of the best epoch: the F1 of entities, or the accuracy of tags without entities.

    The loss is lowest long before the F1 is highest: a network that grows too sure of some words still improves at others.
    """
    split = split.take(list(range(min(SCORED, len(split)))))

    def score(model):
        metrics = tagging_metrics(split.targets, predicted_tags(model, split))
        return metrics.get("f1", metrics["tag_accuracy"])

    return score
