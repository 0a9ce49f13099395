"""What a recipe says of a model that tags: entities found, beside the baseline, sentences with their tags, pictures."""

import json

import numpy as np
from sklearn.metrics import confusion_matrix

from seqzoo.data import entity_tags
from seqzoo.data.targets import Split
from seqzoo.data.tokenizer import split_words
from seqzoo.evaluation import tables
from seqzoo.inspection import plots
from seqzoo.recipe import report
from seqzoo.tasks.tagging import metrics as tagging_metrics

SCORED = 2000  # sentences


def _of_model(model, part):
    return tagging_metrics.tagging_metrics(part.targets, _predicted(model, part))


def _predicted(model, part):
    return [answer.labels for answer in model.answers(part.inputs)]


def score(part):
    """A function of a model, by which to choose: the F1 of entities in a part, or the accuracy of tags where there are none.

    The loss is lowest long before it: a network that has grown too sure of some words still gets better at others.
    """
    part = Split(part.inputs[:SCORED], part.targets[:SCORED], part.y[:SCORED])

    def of_model(model):
        figures = _of_model(model, part)
        return figures.get("f1", figures["tag_accuracy"])

    return of_model


def _of_baselines(problem):
    guesses = tagging_metrics.most_frequent_tags((problem.train.inputs, problem.train.targets), problem.test.inputs)
    return {name: tagging_metrics.tagging_metrics(problem.test.targets, guessed) for name, guessed in guesses.items()}


def _examples(model, part, seed, count=5):
    chosen = np.random.default_rng(seed).permutation(len(part.inputs))[:count]
    answers = model.answers([part.inputs[i] for i in chosen])
    for i, answer in zip(chosen, answers, strict=True):
        right = "right" if answer.labels == part.targets[i] else f"actual: {in_brackets(part.inputs[i], part.targets[i])}"
        yield "", in_brackets(part.inputs[i], answer.labels), right


KIND = report.Kind(_of_model, _of_baselines, _examples)


def in_brackets(words, tagged):
    """The words with their entities in brackets, `[PERSON Harry Potter]`; words/tags where the tags mark none."""
    if not all(entity_tags.parts(tag)[0] for tag in tagged):
        return " ".join(f"{word}/{tag}" for word, tag in zip(words, tagged, strict=True))
    shown, entities = list(words), entity_tags.spans(tagged)
    for start, end, kind in entities:
        shown[start] = f"[{kind} {shown[start]}"
        shown[end - 1] += "]"
    return " ".join(shown)


def shown(form, line, tagged):
    """The tags of a line's words and marks as "text" (`in_brackets`), "bio" (word/tag), or in one of the notes' two forms.

    These count the line's words between spaces, marks and all: "binary" has 1 for each that an entity touches, "spans" has
    `start-end TYPE` for each entity, `end` being the first word after it. "json" has all of it.
    """
    words = split_words(line)
    if form == "text":
        return in_brackets(words, tagged)
    if form == "bio":
        return " ".join(f"{word}/{tag}" for word, tag in zip(words, tagged, strict=True))
    entities = _of_spaced_words(line, tagged)
    if form == "binary":
        return " ".join(str(int(any(e.start <= i < e.end for e in entities))) for i in range(len(line.split())))
    if form == "spans":
        return ", ".join(f"{start}-{end} {kind}" for start, end, kind in entities)
    found = [{"start": start, "end": end, "type": kind} for start, end, kind in entities]
    return json.dumps({"words": words, "tags": tagged, "spans": found}, ensure_ascii=False)


def _of_spaced_words(line, tagged):
    """The entities, counted in words between spaces."""
    number = [i for i, word in enumerate(line.split()) for _ in split_words(word)]
    return [entity_tags.Span(number[start], number[end - 1] + 1, kind) for start, end, kind in entity_tags.spans(tagged)]


def evaluate(name, model, problem):
    """The table of a trained model on the test part and, where the tags mark entities, that of each type of them."""
    actual, predicted = problem.test.targets, _predicted(model, problem.test)
    shown = tables.table({name: tagging_metrics.tagging_metrics(actual, predicted)} | _of_baselines(problem))
    if entity_tags.are_entities(set(problem.labels)):
        shown += f"\n\n{tables.table(tagging_metrics.entity_metrics(actual, predicted))}"
    return shown


def pictures(folder, model, part, history):
    """Curves; the F1 of each type of entity, and what types of words are taken for. Returns the paths."""
    title, folder = folder.name, report.folder_of_pictures(folder)
    predicted = _predicted(model, part)
    plots.curves(history, folder / "curves.png", title)
    title = f"{title}: {len(predicted):,} sentences of the test part"
    if entity_tags.are_entities(set(model.labels)):
        figures = tagging_metrics.entity_metrics(part.targets, predicted)
        series = {name: [of_type[name] for of_type in figures.values()] for name in ("precision", "recall", "f1")}
        plots.bars(list(figures), series, folder / "types.png", "of entities", title)
    kinds = list(dict.fromkeys(entity_tags.parts(label)[1] or label for label in model.labels))
    pairs = [
        [entity_tags.parts(tag)[1] or tag for sentence in tagged for tag in sentence] for tagged in (part.targets, predicted)
    ]
    plots.confusion(confusion_matrix(*pairs, labels=kinds), kinds, folder / "confusion.png", title)
    return sorted(folder.glob("*.png"))
