"""Backend primitives on PyTorch: eager loops and an `autograd.Function`. `seqzoo.backend` documents them."""

import contextlib
import functools
import os
import sys
import types

import optree
from keras import ops

from seqzoo.backend import torch_compiled, torch_cudnn
from seqzoo.backend.common import NO_FORWARD_MODE, LazyModule, packed, scan_unrolled
from seqzoo.backend.common import loop_over_chunks as loop_over_chunks

torch = sys.modules.get("torch") or LazyModule("torch")  # at once, for `torch.compile` traces no import
cudnn_fits, cudnn = torch_cudnn.fits, torch_cudnn.run


def compiles():
    return False


def jit_loop(function, loop):
    unit = getattr(loop, "unit", None)  # the loop of a CRF has none
    compiles = torch.compiler.is_compiling() and not torch.compiler.is_exporting()  # an exported program must stand alone
    as_operator = compiles and getattr(unit, "step_gradient", None) is not None
    return functools.partial(torch_compiled.run, function, loop) if as_operator else functools.partial(function, loop)


def jit(function, variables, xla):
    return torch.no_grad()(function)


def cache_compiled(folder):
    pass


def jit_bars_cudnn(unit):
    return False


def chunks_pay():
    return False


def parallel_loops():
    return 1


def discard_traced_gradients():
    return contextlib.nullcontext()


def matmul(a, b):
    return a @ b


def add_bias(z, bias):
    return z + bias


def sum_of_rows(a):
    return ops.sum(a, 0)


def stack(arrays):
    return torch.stack(arrays)


def scan(step, state, inputs, reverse):
    return scan_unrolled(step, state, inputs, reverse, stack)


def kernels_fit(unit, batch, units, dtype):
    return False


def with_static_shape(a, shape):
    return a


def custom_gradient(forward, backward, outputs, arguments, constants, training):
    if not torch.is_grad_enabled():
        return outputs(arguments, constants)
    call = types.SimpleNamespace(forward=forward, backward=backward)
    call.inputs = optree.tree_map(lambda _: 0, (arguments, constants))  # structures, which keep no tensor alive
    results = _autograd_function().apply(call, *optree.tree_leaves((arguments, constants)))
    return packed(call.results, results)[0]


@functools.cache  # one class for all calls: only the collector of reference cycles frees a class
def _autograd_function():
    class Function(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(call, *flat):
            results = call.forward(*packed(call.inputs, flat))
            call.results = optree.tree_map(lambda _: 0, results)
            given = {id(a) for a in flat}  # no views, for they may be changed in place, and none of the inputs itself
            return tuple(torch.clone(a) if id(a) in given else a.contiguous() for a in optree.tree_leaves(results))

        @staticmethod
        def setup_context(ctx, inputs, results):
            ctx.call, *flat = inputs
            _, residuals = packed(ctx.call.results, results)
            ctx.mark_non_differentiable(*optree.tree_leaves(residuals))
            ctx.save_for_backward(*flat, *optree.tree_leaves(residuals))

        @staticmethod
        def backward(ctx, *upstream):
            call = ctx.call
            given, residuals = packed((call.inputs, call.results[1]), ctx.saved_tensors)
            if torch.is_grad_enabled():  # a gradient of this gradient follows, and needs that of the residuals
                _, residuals = call.forward(*given)
            d_outputs, _ = packed(call.results, upstream)
            gradients = optree.tree_leaves(call.backward(*given, residuals, d_outputs))
            return None, *gradients, *[None] * len(optree.tree_leaves(call.inputs[1]))

        @staticmethod
        def jvp(ctx, *tangents):
            raise TypeError(NO_FORWARD_MODE)

    return Function


def vjp(function, arguments, constants, upstream):
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        # New tensors, for the given ones may depend on each other.
        arguments = optree.tree_map(lambda a: a.clone() if a.requires_grad else a.detach().requires_grad_(), arguments)
        outputs = optree.tree_leaves(function(arguments, constants))
        gradients = torch.autograd.grad(
            outputs, optree.tree_leaves(arguments), optree.tree_leaves(upstream), create_graph=again, materialize_grads=True
        )
    return packed(arguments, gradients)


def mean_of_batch(losses):
    return ops.mean(losses)


def profile(folder):
    recorder = torch.profiler.profile()
    recorder.start()

    def stop():
        recorder.stop()
        recorder.export_chrome_trace(os.path.join(folder, "profile.json"))

    return stop
