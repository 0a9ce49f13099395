"""What `make check` leaves to `make check-full`."""

import itertools

import extent
import pytest


@pytest.mark.parametrize("sizes", [(1,), (5,), (3, 4), (7, 5, 2, 2), (2, 3, 4)], ids=str)
def test_each_choice_holds_each_value_and_few_combinations(sizes):
    cases = [set(enumerate(values)) for values in itertools.product(*map(range, sizes))]
    kept = extent.each_choice(cases)
    assert set().union(*(cases[i] for i in kept)) == set().union(*cases)
    assert max(sizes) <= len(kept) <= sum(sizes) - len(sizes) + 1


def test_a_test_without_parameters_is_kept():
    assert extent.each_choice([set()]) == {0}


def test_what_is_left_out_is_marked_and_nothing_else():
    kept, left = extent.without(["b"], ["a", "b"])
    assert kept == "a" and left.values == ("b",) and [mark.name for mark in left.marks] == ["full"]


@pytest.mark.parametrize("a", range(3))
@pytest.mark.parametrize("b", range(3))
def test_in_check_each_value_is_tried_once(request, a, b):
    """This very test: nine combinations, three of them in `make check`."""
    items = [item for item in request.session.items if item.nodeid.startswith(request.node.nodeid.partition("[")[0])]
    assert len(items) == (9 if extent.FULL else 3)
    assert sum(item.get_closest_marker("full") is None for item in items) == 3
