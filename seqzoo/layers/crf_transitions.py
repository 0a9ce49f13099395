"""Valid transitions between labels of entities under the schemes BIO and BIOES.

In both schemes an entity begins with B- and continues with I-. BIOES also marks the last step, E-, and one-step entities, S-.
"""

from typing import NamedTuple

import numpy as np


class Scheme(NamedTuple):
    """Tagging scheme: the prefixes of labels by their role in an entity, each role a string of letters."""

    prefixes: str
    joins: str  # an entity of the same type is open before the step
    stays_open: str  # the entity must continue after the step
    partners: dict  # prefixes without which one is never valid


GOES_ON = "BI"  # the entity may continue after the step
SCHEMES = {
    "BIO": Scheme("BI", joins="I", stays_open="", partners={"I": "B"}),
    "BIOES": Scheme("BIES", joins="IE", stays_open="BI", partners={"B": "E", "I": "BE", "E": "B"}),
}


def allowed(labels, scheme=None):
    """Returns the valid starts, transitions and ends of a sequence of labels.

    Args:
        labels: K different names: "O", or a prefix of the scheme and a type, "B-PER". Without a scheme, any names.
        scheme: "BIO" (also known as IOB2), "BIOES", or None: everything is valid.

    Returns:
        Three boolean arrays: start `(K,)`, transitions `(K, K)`, from the row to the column, and end `(K,)`.

    Raises:
        ValueError: the labels do not fit the scheme, or no valid sequence contains one of them.
    """
    _check(labels, scheme)
    if scheme is None:
        return np.ones(len(labels), bool), np.ones((len(labels),) * 2, bool), np.ones(len(labels), bool)
    rules, tags = SCHEMES[scheme], [_tag(label, scheme) for label in labels]
    _check_partners(labels, scheme)
    start = np.array([prefix not in rules.joins for prefix, _ in tags])
    moves = np.array([[_may_follow(rules, a, b) for b in tags] for a in tags])
    end = np.array([prefix not in rules.stays_open for prefix, _ in tags])
    if not np.any(start & np.diag(moves) & end):  # such a label gives valid sequences of every length
        raise ValueError(f'`labels` must hold "O" or an "S-" under {scheme}, got {list(labels)}.')
    return start, moves, end


def _may_follow(rules, a, b):
    (prefix_a, type_a), (prefix_b, type_b) = a, b
    if prefix_b in rules.joins:
        return prefix_a in GOES_ON and type_a == type_b
    return prefix_a not in rules.stays_open


def _tag(label, scheme):
    """Returns prefix and type of a label: ("B", "PER") of "B-PER", ("O", "") of "O"."""
    prefix, _, type_ = label.partition("-")
    if label != "O" and (prefix not in tuple(SCHEMES[scheme].prefixes) or not type_):
        prefixes = ", ".join(f'"{p}-"' for p in SCHEMES[scheme].prefixes)
        raise ValueError(f'`labels` must be "O", or one of {prefixes} and a type, under {scheme}, got {label!r}.')
    return prefix, type_


def _check(labels, scheme):
    if scheme is not None and scheme not in SCHEMES:
        raise ValueError(f'`scheme` must be None, "BIO" or "BIOES", got {scheme!r}.')
    names = [] if isinstance(labels, str) else list(labels)
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ValueError(f"`labels` must be one or more names, all different, got {labels!r}.")


def _check_partners(labels, scheme):
    for label in labels:
        prefix, type_ = _tag(label, scheme)
        for partner in SCHEMES[scheme].partners.get(prefix, ""):
            if f"{partner}-{type_}" not in labels:
                raise ValueError(f"`labels` must hold '{partner}-{type_}', without which {label!r} is never valid in {scheme}.")
