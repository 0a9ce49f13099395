"""The loop over time as one operator of PyTorch, which `torch.compile` takes into its graph without tracing the steps.

A unit without a hand-written gradient is traced step by step, for no operator contains automatic differentiation.
The gradient of the operator computes the loop again: an operator cannot keep what `seqzoo.engine.recurrence` keeps.
"""

import dataclasses
import sys

import optree

from seqzoo.backend.common import LazyModule

torch = sys.modules.get("torch") or LazyModule("torch")

_loops = []  # a function, its loop, and the names of its weights and constants, by the number that the operator is given


def run(function, loop, arguments, constants):
    """`function(loop, arguments, constants)`, as `torch.compile` traces it."""
    unit, *options = loop
    fields = [getattr(unit, name) for name in type(unit).__match_args__]
    number = _number(function, type(unit), fields, type(loop), options, [*arguments["weights"]], [*constants])
    flat = [arguments["x"], *arguments["state"], *arguments["weights"].values(), *constants.values()]
    results, parts = operator(number, flat), len(arguments["state"])
    return tuple(results[: len(results) - parts]), tuple(results[len(results) - parts :])


def _number(function, unit, fields, loop, options, weights, constants):
    """The number of a loop, a constant of the graph. `torch.compile` hands over no dataclass and no NamedTuple, but parts."""
    if len(dataclasses.fields(unit)) != len(fields):
        raise TypeError(f"`torch.compile` needs positional fields of a unit, and `{unit.__name__}` has others.")
    key = function, loop(unit(*fields), *options), weights, constants
    if key not in _loops:
        _loops.append(key)
    return _loops.index(key)


def _call(number, flat):
    """The outputs and the last state of a loop, flat."""
    function, loop, weights, constants = _loops[number]
    (x, *flat), parts = flat, len(loop.unit.State._fields)
    named = dict(zip((*weights, *constants), flat[parts:], strict=True))
    arguments = {"x": x, "state": tuple(flat[:parts]), "weights": {name: named[name] for name in weights}}
    return optree.tree_leaves(function(loop, arguments, {name: named[name] for name in constants}))


def _outputs(number: int, flat):
    with torch.no_grad():
        given = {id(a) for a in flat}
        return [a.clone() if id(a) in given else a.contiguous() for a in _call(number, flat)]


def _outputs_like(number, flat):
    _, loop, *_ = _loops[number]
    (x, *state), parts = flat, len(loop.unit.State._fields)
    outputs = [state[0].new_empty((*x.shape[:2], state[0].shape[1]))] if loop.sequences else []
    return outputs + [_contiguous_like(part) for part in state[:parts]]


def _gradients(number: int, flat, upstream):
    """The gradients of the arrays of floats."""
    flat = [a.detach().requires_grad_() if a.is_floating_point() else a for a in flat]
    with torch.enable_grad():
        results = _call(number, flat)
    floats = [a for a in flat if a.is_floating_point()]
    return [a.contiguous() for a in torch.autograd.grad(results, floats, upstream, materialize_grads=True)]


def _gradients_like(number, flat, upstream):
    return [_contiguous_like(a) for a in flat if a.is_floating_point()]


def _contiguous_like(a):
    return torch.empty_like(a, memory_format=torch.contiguous_format)


def _operator():
    tensors = list[torch.Tensor]
    _outputs.__annotations__ |= {"flat": tensors, "return": tensors}
    _gradients.__annotations__ |= {"flat": tensors, "upstream": tensors, "return": tensors}
    outputs = torch.library.custom_op("seqzoo::loop", _outputs, mutates_args=())
    gradients = torch.library.custom_op("seqzoo::loop_gradients", _gradients, mutates_args=())
    outputs.register_fake(_outputs_like)
    gradients.register_fake(_gradients_like)

    def keep(ctx, inputs, output):
        ctx.number, flat = inputs
        ctx.save_for_backward(*flat)

    def backward(ctx, upstream):
        flat = list(ctx.saved_tensors)
        of_floats = iter(gradients(ctx.number, flat, list(upstream)))
        return None, [next(of_floats) if a.is_floating_point() else None for a in flat]

    outputs.register_autograd(backward, setup_context=keep)
    torch.compiler.assume_constant_result(_number)
    return outputs


operator = None if isinstance(torch, LazyModule) else _operator()
