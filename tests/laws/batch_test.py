"""The rows of a batch know nothing of each other."""

from backends import needs_float64
from laws.cases import cases, close, every_kind, every_unit, law, rows, run


@needs_float64
@every_unit
@every_kind
@law(case=cases())
def test_a_sample_alone_is_the_sample_in_a_batch(unit, kind, case):
    at = case.seed % case.batch
    assert_rows_are_rows(unit, kind, case, slice(at, at + 1))


@needs_float64
@every_unit
@every_kind
@law(case=cases())
def test_the_order_of_the_batch_does_not_matter(unit, kind, case):
    assert_rows_are_rows(unit, kind, case, case.rng(9).permutation(case.batch))


def assert_rows_are_rows(unit, kind, case, at):
    layer, state = case.layer(unit, kind), case.state(unit, kind)
    whole = run(layer, case.x, case.mask, state)
    assert close(run(layer, *rows(case, state, at)), [[array[at] for array in arrays] for arrays in whole])
