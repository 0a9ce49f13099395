"""What a recipe says of a model that invents names: how probable names are, beside n-grams; names of its own; pictures."""

import functools

import numpy as np
from scipy.special import log_softmax
from sklearn.metrics import confusion_matrix

from seqzoo.data.batches import steps_in_order
from seqzoo.decoding import generate
from seqzoo.evaluation import tables
from seqzoo.evaluation.n_grams import NGrams
from seqzoo.inspection import plots
from seqzoo.recipe import report
from seqzoo.tasks.names import data

ORDER = 5  # of the n-grams: characters
SHARES = (0.3, 0.5, 0.7, 0.8, 0.9)  # of a class's own n-grams beside those of all names
SAMPLED = 200  # names of each class that are compared with the lists
SHOWN = 10
LONGEST = 40  # characters of a name that is drawn

# Probabilities


def scores(model, names):
    """log P(name | class), natural, its end included: `(names, classes)`, one column where there are no classes."""
    y = data.sequences(model.tokenizer, names)
    classes = range(max(len(model.labels), 1))
    of_classes = [steps_in_order(functools.partial(_of_batch, model, number), y, batch_size=256) for number in classes]
    return np.array([[log_p.sum() for (log_p,) in of_names] for of_names in of_classes]).T


def _of_batch(model, number, batch):
    """log P of each character, given those before it and the class: `(batch, T)`."""
    y = batch["inputs"]
    given = {"inputs": np.pad(y, ((0, 0), (1, 0)))[:, :-1]}
    if model.labels:
        given["label"] = np.full(len(y), number, np.int32)
    z = log_softmax(model.predict_on_batch(given), axis=-1)
    return (np.take_along_axis(z, y[..., None], axis=-1)[..., 0],)


def n_gram_scores(problem, names):
    """{baseline: scores}: n-grams of all names; where there are classes those of each class, and a mixture of both.

    The share of either in the mixture is the one that is best on the validation part.
    """
    tokenizer = data.tokenizer(problem.train.inputs)
    models = _n_grams(problem, tokenizer)
    asked = _of_n_grams(models, data.sequences(tokenizer, names))
    if not problem.labels:
        return {f"{ORDER}-grams": np.array([log_p.sum(axis=1) for log_p in asked])}
    validation = _of_n_grams(models, data.sequences(tokenizer, problem.validation.inputs))
    best = max(SHARES, key=lambda share: _own(_mixed(share, validation), problem.validation).sum())
    own = np.array([log_p[1:].sum(axis=1) for log_p in asked])
    return {f"{ORDER}-grams of the class": own, f"mixed, {best} and {1 - best:.1f} of all": _mixed(best, asked)}


def _n_grams(problem, tokenizer):
    """Of all names, then of each class."""
    y, vocabulary = data.sequences(tokenizer, problem.train.inputs), tokenizer.size - 2  # neither <pad> nor <bos>
    of_classes = ([y[i] for i in np.flatnonzero(of_class)] for of_class in np.transpose(problem.train.y))
    return [NGrams(ORDER).fit(of_some, vocabulary) for of_some in (y, *of_classes)]


def _of_n_grams(models, sequences):
    """For each name log P of its characters by each of the models: `(models, T)`."""
    return [np.array([model.log_probabilities(y) for model in models]) for y in sequences]


def _mixed(share, found):
    """log P of each name under each class: `(names, classes)`."""
    weighted = ((np.log(1 - share) + log_p[0], np.log(share) + log_p[1:]) for log_p in found)
    return np.array([np.logaddexp(of_all, own).sum(axis=1) for of_all, own in weighted])


# Figures


def _own(scored, part):
    """Each name's score under its own class: `(names,)`."""
    return scored[np.arange(len(scored)), part.y.argmax(axis=1)] if len(part.y) else scored[:, 0]


def bits_per_character(scored, part):
    """Of real characters and the end of each name."""
    characters = sum(len(name) + 1 for name in part.inputs)
    return float(-_own(scored, part).sum() / characters / np.log(2))


def _figures(scored, part):
    figures = {"bits_per_character": bits_per_character(scored, part)}
    if len(part.y):
        figures["accuracy"] = float(np.mean(scored.argmax(axis=1) == part.y.argmax(axis=1)))
    return figures


def _of_model(model, part):
    return _figures(scores(model, part.inputs), part)


def _of_baselines(problem):
    found = n_gram_scores(problem, problem.test.inputs)
    return {name: _figures(scored, problem.test) for name, scored in found.items()}


def _examples(model, part, seed, count=5):
    """Names, the class that would most probably bring each forth, and its own; nothing where there are no classes."""
    chosen = np.random.default_rng(seed).permutation(len(part.inputs))[: count if model.labels else 0]
    names = [part.inputs[i] for i in chosen]
    for i, scored in zip(chosen, scores(model, names) if names else [], strict=True):
        yield part.inputs[i], model.labels[scored.argmax()], part.targets[i]


KIND = report.Kind(_of_model, _of_baselines, _examples, asked="`python -m recipes.names generate` asks it")


def of_each_class(name, model, problem):
    """The table of a trained model on the test part, class by class, beside the best of the n-grams, and some of its own names.

    Of the names sampled the share `novel` is not in the training part; of these, the share `held_out` is in another part.
    """
    test, rows, lines = problem.test, {}, []
    known = set(problem.train.inputs)
    held_out = {*problem.validation.inputs, *problem.test.inputs}
    scored, of_n_grams = scores(model, test.inputs), list(n_gram_scores(problem, test.inputs).values())[-1]
    for number, label in enumerate(model.labels or ["all"]):
        inside = [i for i, actual in enumerate(test.targets) if not model.labels or actual == label]
        part = type(test)([test.inputs[i] for i in inside], [], test.y[inside] if model.labels else [])
        sampled = sample_names(model, number, SAMPLED, seed=number)
        novel = [invented for invented in sampled if invented not in known]
        rows[label] = {
            f"{name}, bits": bits_per_character(scored[inside], part) if inside else np.nan,
            f"{ORDER}-grams, bits": bits_per_character(of_n_grams[inside], part) if inside else np.nan,
            "novel": len(novel) / len(sampled),
            "held_out": len(held_out.intersection(novel)) / max(len(novel), 1),
        }
        lines.append(f"{label}: {', '.join(sampled[:SHOWN])}")
    said = f"novel: share of {SAMPLED} drawn names that it did not learn from; held out: share of these that other parts have"
    return f"{tables.table(rows)}\n{said}\n\n" + "\n".join(lines)


# Names of its own


def sample_names(model, number, count, sampler=None, seed=0):
    """Names of a class, given by its number, as they are drawn: some may be drawn twice."""
    label = np.full(count, number, np.int32) if model.labels else None
    found = generate(model.step, model.initial_state(count, label), LONGEST, sampler, seed=seed)
    return [model.tokenizer.decode(ids) for ids in found.sequences]


def pictures(folder, model, part, history):
    """Curves; and of the names of each class, under which class they are most probable. Returns the paths."""
    title, folder = folder.name, report.folder_of_pictures(folder)
    plots.curves(history, folder / "curves.png", title)
    if model.labels:
        predicted = np.array(model.labels)[scores(model, part.inputs).argmax(axis=1)]
        counts = confusion_matrix(part.targets, predicted, labels=list(model.labels))
        plots.confusion(counts, model.labels, folder / "confusion.png", f"{title}: the class that most probably has the name")
    return sorted(folder.glob("*.png"))
