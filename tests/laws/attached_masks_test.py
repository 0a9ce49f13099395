"""A mask that a layer below has attached is a mask that is passed. Keras's recurrent layers attach none from 3.16 on."""

import dataclasses

import keras
import numpy as np
import pytest
import reference
from backends import TOLERANCES, arrays, needs_float64
from laws.cases import FEW, KINDS, Case, cases, close, every_unit, goes_backwards, law, one_loop, run
from units import UNITS

from seqzoo.layers.arguments import as_list

pytestmark = [needs_float64, pytest.mark.filterwarnings("error:.*mask")]
every_kind = pytest.mark.parametrize("kind", [*KINDS, "lookahead"])

MASK = np.array([[True, False, True, False], [True, True, True, True], [False, True, False, False]])
OF_KIND = {"merge_mode": "concat", "residual": True, "dense": (2,)}


def two_layers(case, unit, kind):
    """Two layers with weights of their own; the second takes an output of the first."""
    below = layer_of(case, unit, kind)
    sequence = keras.tree.flatten(below.compute_output_spec(keras.KerasTensor((case.batch, case.steps, case.inputs))))[0]
    above = dataclasses.replace(case, inputs=sequence.shape[-1], seed=case.seed + 1)
    return below, layer_of(above, unit, kind)


def layer_of(case, unit, kind):
    if kind == "lookahead":
        return case.layer(unit, "Bidirectional", of_kind={"lookahead": 1}, go_backwards=False)
    return case.layer(unit, kind)


def embedded(case):
    """A layer that attaches the mask of a case, and what it is called with."""
    ids = np.where(case.mask, np.arange(case.mask.size).reshape(case.mask.shape) + 1, 0)
    embedding = keras.layers.Embedding(ids.size + 1, case.inputs, mask_zero=True, dtype="float64")
    embedding.build()
    embedding.set_weights([case.rng(8).normal(size=(ids.size + 1, case.inputs))])
    return embedding, ids


def mask_above(layer, mask):
    return mask[:, ::-1] if goes_backwards(layer) else mask


@every_unit
@every_kind
@law(FEW, case=cases(one_loop, masked=True, return_sequences=True, use_bias=True))  # or zeros stay zeros
def test_an_attached_mask_reaches_the_second_layer(unit, kind, case):
    case = dataclasses.replace(case, mask=case.mask ^ (case.rng(7).random(case.mask.shape) < 0.5))  # the first has gaps too
    (below, above), (embedding, ids) = two_layers(case, unit, kind), embedded(case)
    x = embedding(ids)
    expected, _ = run(below, arrays(x), case.mask)
    for attached, plain in zip(as_list(below(x)), expected, strict=False):  # the states come after the outputs
        assert close(run(above, attached), run(above, plain, mask_above(below, case.mask)))


def one_by_one(layers):
    def call(x):
        for layer in layers:
            x = layer(x)
        return x

    return call


def functional(layers):
    inputs = keras.Input((None,), dtype="int32")
    return keras.Model(inputs, one_by_one(layers)(inputs))


def saved(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


def cloned(model):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


MODELS = {
    "called one by one": lambda layers, folder: one_by_one(layers),
    "functional": lambda layers, folder: functional(layers),
    "sequential": lambda layers, folder: keras.Sequential(layers),
    "saved": lambda layers, folder: saved(functional(layers), folder),
    "cloned": lambda layers, folder: cloned(functional(layers)),
}


@every_kind
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("model_of", MODELS.values(), ids=MODELS.keys())
def test_an_attached_mask_reaches_a_pooling_in_every_kind_of_model(kind, backwards, model_of, tmp_path):
    case = Case(*MASK.shape, 3, 3, 0, False, MASK, {"return_sequences": True, "go_backwards": backwards}, OF_KIND)
    (below, above), (embedding, ids) = two_layers(case, UNITS["GRU"], kind), embedded(case)
    pooling = keras.layers.GlobalAveragePooling1D(dtype="float64")
    below_mask = mask_above(below, MASK)
    (x,), _ = run(below, arrays(embedding(ids)), MASK)
    (x,), _ = run(above, x, below_mask)
    expected = arrays(pooling(x, mask=mask_above(above, below_mask)))
    model = model_of([embedding, below, above, pooling], tmp_path)
    assert reference.distance(arrays(model(ids)), expected) <= TOLERANCES["float64"]
