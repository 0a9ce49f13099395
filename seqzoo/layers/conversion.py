"""Conversion of layers from and to Keras and PyTorch; the only module with the gate letters of Keras and PyTorch.

The notes' Γu, Γf, c̃, Γo of an LSTM are Keras's i, f, c, o and PyTorch's i, f, g, o. The notes' Γu, Γr, c̃ of a GRU are Keras's
z, r (the reset gate) and h, and PyTorch's z, r and n, with z = 1 - Γu: the weights of z are those of Γu, negated.
"""

import contextlib

import keras
import numpy as np
from keras import layers as theirs
from keras.src.models.functional import Functional  # not public

from seqzoo import equations
from seqzoo.layers.bidirectional import Bidirectional
from seqzoo.layers.gru import GRU
from seqzoo.layers.lstm import LSTM
from seqzoo.layers.recurrent import Recurrent
from seqzoo.layers.simple_rnn import SimpleRNN
from seqzoo.layers.stacked import Stacked
from seqzoo.layers.weight_mark import accepting_unmarked

TO_KERAS = {GRU: theirs.GRU, LSTM: theirs.LSTM, SimpleRNN: theirs.SimpleRNN, Bidirectional: theirs.Bidirectional}
FROM_KERAS = {cls: ours for ours, cls in TO_KERAS.items()}
COLUMNS = {  # gates in the notes' letters; a capital marks a gate with negated weights
    **{GRU: "urc", LSTM: "ufoc", SimpleRNN: "a"},
    **{theirs.GRU: "Urc", theirs.LSTM: "ufco", theirs.SimpleRNN: "a"},
}
OF_TORCH = {GRU: "rUc", LSTM: "ufco", SimpleRNN: "a"}
OURS_ONLY = {  # arguments that the other library lacks
    theirs.GRU: {"relevance_gate", "layer_norm", "segments", "zoneout"},
    theirs.LSTM: {"peephole", "layer_norm", "segments", "zoneout"},
    theirs.SimpleRNN: {"implementation", "segments", "zoneout"},
    theirs.Bidirectional: {"lookahead"},
}
NOT_IN_CONFIG = "seed", "implementation", "use_cudnn"  # arguments that some Keras layers leave out of their config
BLIND_TO_SIGNS = type(None), keras.constraints.MaxNorm, keras.constraints.UnitNorm, keras.constraints.MinMaxNorm
TO_TORCH = {GRU: "GRU", LSTM: "LSTM", SimpleRNN: "RNN"}
TORCH_NAMES = "weight_ih", "weight_hh", "bias_ih", "bias_hh"


def from_keras(layer):
    """Returns the seqzoo layer equal to a Keras layer: from the first real step on, outputs and states are the same.

    `keras.layers.GRU` has `reset_after=True` by default, and so has the layer that it becomes.

    Without `return_sequences`, `zero_output_for_mask` has no effect on ours. A GRU with `reset_after` has two biases as two
    weights, one in Keras, so `clipnorm`, which clips each weight, trains it a little differently.

    Arguments, weights, `trainable` and the states of a stateful layer are copied; dropout starts anew from its seed. An unbuilt
    layer gives an unbuilt layer: its update gate in a GRU starts as Keras's gate does, not as the negative of that, which is
    right for initializers symmetric about zero. A regularizer of a GRU is assumed to ignore the sign of a weight.

    Args:
        layer: a `keras.layers.GRU`, `LSTM` or `SimpleRNN`, or a `Bidirectional` of these; no subclass. A list of such layers,
            the lowest first, becomes a `Stacked`. A `keras.Sequential` or a functional `keras.Model` becomes a model with such
            layers converted. Both models share all other layers, also a `TimeDistributed` of a recurrent one. The new model is
            compiled as the given one is, with a new optimizer.

    Raises:
        ValueError: another layer or activation; a GRU with a constraint that may depend on the sign of a weight, or with
            `reset_after` and a constraint of the bias, which holds both biases in Keras.
    """
    if isinstance(layer, (list, tuple)):
        return Stacked([from_keras(each) for each in layer])
    if isinstance(layer, keras.Model):
        return _model(layer, from_keras, FROM_KERAS)
    return _with_weights_of(layer, _empty(layer, FROM_KERAS))


def to_keras(layer):
    """Returns the Keras layer equal to a seqzoo layer, the inverse of `from_keras`. A round trip keeps weights to the bit.

    Arguments that Keras lacks and that change no result are lost: `segments`, and `implementation` of a SimpleRNN.

    Args:
        layer: a seqzoo `GRU`, `LSTM` or `SimpleRNN`, or a `Bidirectional` of these; no subclass. A `Stacked` becomes a list of
            layers, and a list or a model one of converted layers, as in `from_keras`.

    Raises:
        ValueError: another layer, what Keras lacks (a `peephole`, `lookahead`, `layer_norm`, `zoneout`, `residual` or `dense`,
            `relevance_gate=False`, and `dropout` between the layers of a `Stacked`), or a constraint of a GRU as above.
    """
    if isinstance(layer, (list, tuple)):
        return [to_keras(each) for each in layer]
    if isinstance(layer, keras.Model):
        return _model(layer, to_keras, {*TO_KERAS, Stacked, Recurrent})
    if type(layer) is Stacked:
        for name in ("residual", "dense", "dropout"):
            _refuse_if(getattr(layer, name), layer, f"a list of Keras's layers has no `{name}`; `.layers` are those of ours")
        return [to_keras(each) for each in layer.layers]
    return _with_weights_of(layer, _empty(layer, TO_KERAS))


def load_weights(model, path, unmarked=False):
    """Loads a file that `model.save_weights` wrote into a model with seqzoo layers.

    Args:
        unmarked: whether to accept a file without the mark of seqzoo. Right for a file that seqzoo wrote before it wrote marks,
            wrong for a file of `keras.layers`, whose weights have the same shapes: see `from_keras`.
    """
    with accepting_unmarked() if unmarked else contextlib.nullcontext():
        model.load_weights(path)


def to_torch(layer):
    """Returns a `torch.nn.GRU`, `LSTM` or `RNN`, `batch_first`, with the weights of a built seqzoo layer.

    The module returns the output at every step and the last state, as all of PyTorch's do. The bias of the layer becomes
    `bias_ih`; `bias_hh` is the recurrent bias of a GRU, and zero for the others. Dropout inside a layer, regularizers,
    constraints and the state of a stateful layer are lost.

    Args:
        layer: a seqzoo `GRU(reset_after=True)`, `LSTM` or `SimpleRNN`, a `Bidirectional(merge_mode="concat")` of one of them,
            or a `Stacked` of either.

    Raises:
        ValueError: another layer, an unbuilt layer, what PyTorch lacks (a `peephole`, `lookahead`, `layer_norm`, `zoneout`,
            `residual` or `dense`), or directions or layers that differ.
    """
    import torch

    _check_for_torch(layer)
    stack = _stack(layer)
    first, *others = _directions(stack[0])
    arguments = {"num_layers": len(stack), "bias": first.use_bias, "batch_first": True, "bidirectional": bool(others)}
    arguments |= {"dropout": layer.dropout if len(stack) > 1 else 0.0, "dtype": getattr(torch, first.variable_dtype)}
    arguments |= {"nonlinearity": first.cell.unit.activation} if type(first) is SimpleRNN else {}
    module = getattr(torch.nn, TO_TORCH[type(first)])(first.cell.kernel.shape[0], first.units, **arguments)
    weights = {name + end: weight for end, of in _by_ending(layer) for name, weight in _torch_weights(of).items()}
    module.load_state_dict({name: torch.tensor(weight) for name, weight in weights.items()})
    return module


def from_torch(module, **arguments):
    """Returns a built seqzoo layer with the weights of a PyTorch module; `Bidirectional` or `Stacked` as the module is.

    The layer takes `(batch, T_x, inputs)` for any `batch_first` of the module. A GRU keeps PyTorch's two biases; the bias of
    the other layers is their sum.

    Args:
        module: a `torch.nn.GRU`, a `torch.nn.LSTM` without projection, or a `torch.nn.RNN`; no subclass.
        **arguments: arguments of the layer. `return_sequences` is True unless given, and `dtype` the module's.

    Raises:
        ValueError: another module, or a `proj_size`.
    """
    import torch

    classes = {getattr(torch.nn, name): cls for cls, name in TO_TORCH.items()}
    _refuse_if(type(module) not in classes, module, "only torch.nn.GRU, torch.nn.LSTM and torch.nn.RNN can be, and no subclass")
    _refuse_if(module.proj_size, module, f"`proj_size={module.proj_size}` is a projection, and our LSTM has none")
    own_of_module = {"use_bias", "activation", "relevance_gate", "reset_after", "layer_norm", "peephole"}.intersection(
        arguments
    )
    _refuse_if(own_of_module, module, f"the module says what these are: {', '.join(sorted(own_of_module))}")
    low = module.weight_ih_l0.dtype not in (torch.float32, torch.float64)
    _refuse_if(low, module, "its weights must be float32 or float64: `module.float()`")
    arguments = {"return_sequences": True, "dtype": str(module.weight_ih_l0.dtype).removeprefix("torch.")} | arguments
    of_all = {name: arguments[name] for name in ("name", "dtype", "trainable") if name in arguments}
    cls = classes[type(module)]
    own = {GRU: {"reset_after": True}, LSTM: {}, SimpleRNN: {"activation": getattr(module, "nonlinearity", None)}}[cls]
    layer = cls(module.hidden_size, use_bias=module.bias, **own, **arguments)
    if module.bidirectional:
        layer = Bidirectional(layer, **of_all)
    if module.num_layers > 1:
        layer = Stacked(layer, module.num_layers, dropout=module.dropout, seed=arguments.get("seed"), **of_all)
    layer.build((None, None, module.input_size))
    weights = {name: weight.double().cpu().numpy() for name, weight in module.state_dict().items()}
    for end, of in _by_ending(layer):
        of.set_weights(_our_weights(type(of), [weights[name + end] for name in TORCH_NAMES if name + end in weights]))
    return layer


def _model(model, convert, classes, made=None):
    """Returns a functional or Sequential model with its layers of `classes` converted, and all others as they are.

    `made` are the layers converted so far, by the `id` of the given one: a layer may stand in several models.
    """
    made = {} if made is None else made

    def counterpart(layer):
        if isinstance(layer, keras.Model):
            return _model(layer, convert, classes, made)
        if type(layer) not in classes:
            return layer
        if id(layer) not in made:
            made[id(layer)] = convert(layer)
        _refuse_if(isinstance(made[id(layer)], list), layer, "inside a model one layer cannot become several")
        return made[id(layer)]

    known = isinstance(model, (keras.Sequential, Functional))
    _refuse_if(not known, model, "only a Sequential or functional model can be: convert the layers of another")
    return keras.models.clone_model(model, clone_function=counterpart)


def _empty(layer, counterparts):
    """Returns the unbuilt counterpart of a layer."""
    _check_for_keras(layer, counterparts)
    cls = counterparts[type(layer)]
    config = _config(layer, cls)
    if isinstance(layer, theirs.Bidirectional):
        forward, backward = (_empty(direction, counterparts) for direction in _directions(layer))
        forward.get_config = lambda: _config(layer.forward_layer, type(forward))  # `cls` copies it from this config
        return cls(**config | {"layer": forward, "backward_layer": backward})
    try:
        return cls.from_config(config)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{layer.name}` cannot be converted: {error}") from error


def _config(layer, cls):
    """Returns the configuration of a layer, restricted to the arguments of its counterpart's class."""
    config = layer.get_config()
    if type(layer) in COLUMNS:
        config |= {name: getattr(of, name) for of in (layer.cell, layer) for name in NOT_IN_CONFIG if hasattr(of, name)}
    return {name: value for name, value in config.items() if name not in OURS_ONLY.get(cls, ())}


def _with_weights_of(layer, counterpart):
    """Returns `counterpart` with the weights of `layer`, built as far as `layer` is."""
    if layer.built:
        counterpart.build_from_config(layer.get_build_config())
    for given, made in zip(_directions(layer), _directions(counterpart), strict=True):
        made.activity_regularizer = given.activity_regularizer  # Keras's SimpleRNN accepts but loses it
        if given.cell.built:
            _copy_weights(given, made)
    return counterpart


def _copy_weights(given, made):
    columns = COLUMNS[type(given)], COLUMNS[type(made)]
    permuted = [_permuted(weight, *columns) for weight in given.get_weights()]
    if type(made) is GRU and len(made.weights) > len(permuted):  # Keras's two biases are one weight
        permuted[2:] = permuted[2]
    elif type(given) is GRU and len(permuted) > len(made.weights):
        permuted[2:] = [np.stack(permuted[2:])]
    made.set_weights(permuted)
    for old, new in zip(given.weights, made.weights, strict=False):
        new.trainable = old.trainable
    if len(made.weights) > len(given.weights):
        made.weights[-1].trainable = given.weights[-1].trainable
    for old, new in zip(given.states or (), made.states or (), strict=True):
        new.assign(keras.ops.convert_to_numpy(old))


def _permuted(weight, given, wanted):
    """Returns a weight with its columns reordered by gate; the columns of one gate are adjacent."""
    blocks = dict(zip(given, np.split(weight, len(given), axis=-1), strict=True))
    return np.concatenate([blocks[gate] if gate in blocks else -blocks[gate.swapcase()] for gate in wanted], axis=-1)


def _torch_weights(layer):
    """Returns PyTorch's weights of one direction, by name."""
    columns = COLUMNS[type(layer)], OF_TORCH[type(layer)]
    kernel, recurrent_kernel, *biases = [_permuted(weight.astype("float64"), *columns).T for weight in layer.get_weights()]
    if len(biases) == 1:
        biases.append(np.zeros_like(biases[0]))
    return dict(zip(TORCH_NAMES, [kernel, recurrent_kernel, *biases], strict=False))


def _our_weights(cls, weights):
    """Returns seqzoo's weights of one direction, from PyTorch's in the order of `TORCH_NAMES`."""
    kernel, recurrent_kernel, *biases = weights
    biases = [sum(biases)] if biases and cls is not GRU else biases
    return [_permuted(weight.T, OF_TORCH[cls], COLUMNS[cls]) for weight in (kernel, recurrent_kernel, *biases)]


def _stack(layer):
    return layer.layers if type(layer) is Stacked else [layer]


def _directions(layer):
    return [layer.forward_layer, layer.backward_layer] if isinstance(layer, theirs.Bidirectional) else [layer]


def _by_ending(layer):
    """Returns `(suffix of the PyTorch weight names, direction)` for each direction of each layer."""
    stack = [dict(zip(("", "_reverse"), _directions(each), strict=False)) for each in _stack(layer)]
    return [(f"_l{i}{side}", of) for i, sides in enumerate(stack) for side, of in sides.items()]


def _check_for_keras(layer, counterparts):
    library = "Keras" if counterparts is FROM_KERAS else "seqzoo"
    only = f"only the GRU, LSTM, SimpleRNN and Bidirectional of {library} can be, and no subclass"
    _refuse_if(type(layer) is Stacked, layer, "it is one of seqzoo already")
    _refuse_if(type(layer) not in counterparts, layer, f"it is a {type(layer).__name__}, and {only}")
    config = layer.get_config()
    for name in ("peephole", "layer_norm"):
        _refuse_if(config.get(name), layer, f"Keras has no `{name}`")
    _refuse_if(counterparts is TO_KERAS and _has_zoneout(layer), layer, "Keras has no `zoneout`")
    _refuse_if(config.get("lookahead") is not None, layer, "Keras has no `lookahead`")
    sizes = {getattr(of.cell, "output_size", None) for of in _directions(layer)}
    _refuse_if(counterparts is TO_KERAS and len(sizes) > 1, layer, "Keras's has directions of one size")
    _refuse_if(not config.get("relevance_gate", True), layer, "Keras has no `relevance_gate=False`")
    for name in [f"{of}_constraint" for of in ("kernel", "recurrent", "bias")] if "reset_after" in config else ():
        blind = type(getattr(layer, name)) in BLIND_TO_SIGNS
        _refuse_if(not blind, layer, f"`{name}` may depend on the sign of a weight, and the update gate's changes")
    both = config.get("reset_after") and layer.bias_constraint is not None
    _refuse_if(
        both, layer, "`bias_constraint` of Keras's GRU with `reset_after` sees two biases as one weight, and of ours each"
    )


def _check_for_torch(layer):
    stack = [_directions(each) for each in _stack(layer)]
    directions = [of for level in stack for of in level]
    known = {*TO_TORCH, Bidirectional}.issuperset(map(type, [*_stack(layer), *directions]))
    _refuse_if(not known, layer, "only our GRU, LSTM and SimpleRNN can be, and Bidirectional and Stacked ones of them")
    units = {type(of.cell.unit) for of in directions}
    before = not units.isdisjoint([equations.GRU, equations.SimplifiedGRU])
    _refuse_if(before, layer, "torch.nn.GRU has its relevance gate (the reset gate) after the product: `reset_after=True`")
    normed = not units.isdisjoint([equations.LayerNormGRU, equations.LayerNormLSTM])
    _refuse_if(normed, layer, "PyTorch has no `layer_norm`")
    _refuse_if(any(map(_has_zoneout, directions)), layer, "PyTorch has no `zoneout`")
    _refuse_if(any(of.cell.unit.peepholes for of in directions), layer, "PyTorch has no `peephole`")
    _refuse_if(not all(of.cell.built for of in directions), layer, "it has no weights yet: build it first")
    kinds = {(len(level), of.cell.unit, of.units, of.use_bias, of.variable_dtype) for level in stack for of in level}
    _refuse_if(len(kinds) > 1, layer, "its layers or directions differ, and those of a PyTorch module are alike")
    _refuse_if(any(of.go_backwards != (i == 1) for level in stack for i, of in enumerate(level)), layer, "it goes backwards")
    merge_modes = {getattr(each, "merge_mode", "concat") for each in _stack(layer)}
    _refuse_if(merge_modes != {"concat"}, layer, 'PyTorch has no `merge_mode` but "concat"')
    ahead = any(getattr(each, "lookahead", None) is not None for each in _stack(layer))
    _refuse_if(ahead, layer, "PyTorch has no `lookahead`")
    has_more = type(layer) is Stacked and (layer.residual or layer.dense)
    _refuse_if(has_more, layer, "PyTorch has no `residual` and no `dense`")


def _has_zoneout(layer):
    return any(of.cell.share is not None for of in _directions(layer) if hasattr(of.cell, "share"))


def _refuse_if(condition, layer, reason):
    if condition:
        raise ValueError(f"`{getattr(layer, 'name', type(layer).__name__)}` cannot be converted: {reason}.")
