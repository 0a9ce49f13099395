"""cuDNN's recurrent networks on PyTorch: a unit whose equations they are, over a whole sequence."""

import sys

from seqzoo.backend.common import LazyModule, in_order_of_cudnn

torch = sys.modules.get("torch") or LazyModule("torch")


def fits(unit, x, state, weights, mask):
    """Whether cuDNN computes `unit` here: on a GPU, in one precision, backward, with masks at the end of sequences alone."""
    in_precision = x.dtype == state[0].dtype and x.dtype in (torch.float32, torch.float64)
    if unit.cudnn is None or not in_precision or not _on_gpu(x) or any(map(_has_tangent, (x, *state, *weights.values()))):
        return False
    return mask is None or _right_padded(mask)


def _on_gpu(x):
    return x.is_cuda and torch.backends.cudnn.enabled and torch.backends.cudnn.is_available()


def _has_tangent(a):
    """Whether `a` is differentiated in forward mode."""
    return torch.autograd.forward_ad.unpack_dual(a).tangent is not None


def _right_padded(mask):
    lengths = mask.sum(1, keepdim=True)
    padded = torch.arange(mask.shape[1], device=mask.device) < lengths
    return bool(((mask == padded) & (lengths > 0)).all())


def run(unit, x, state, weights, mask):
    """The outputs and the last state. Where a sequence has ended, the outputs repeat its last."""
    mode, _ = unit.cudnn
    function, parameters = getattr(torch, mode), _parameters(unit, weights)
    options = len(parameters) == 4, 1, 0.0, torch.is_grad_enabled(), False  # layers, dropout, training, bidirectional
    if mask is None:
        outputs, *last = function(x, _joined([part[None] for part in state]), parameters, *options, True)
        return outputs, tuple(part[0] for part in last)
    rnn = torch.nn.utils.rnn
    packed = rnn.pack_padded_sequence(x, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
    first = _joined([part[None, packed.sorted_indices] for part in state])
    outputs, *last = function(packed.data, packed.batch_sizes, first, parameters, *options)
    outputs, _ = rnn.pad_packed_sequence(packed._replace(data=outputs), batch_first=True, total_length=x.shape[1])
    last = tuple(part[0, packed.unsorted_indices] for part in last)
    return torch.where(mask[:, :, None], outputs, last[0][:, None]), last


def _joined(state):
    return tuple(state) if len(state) > 1 else state[0]


def _parameters(unit, weights):
    """The weights in cuDNN's order of gates, transposed, in one piece of memory as cuDNN wants them."""

    def permuted(weight):
        return torch.cat(in_order_of_cudnn(unit, weight.t().chunk(len(unit.gates))))

    biases = ["bias", "recurrent_bias"]  # cuDNN has both, or none
    if any(name in weights for name in biases):
        zeros = weights["recurrent_kernel"].new_zeros(weights["recurrent_kernel"].shape[1])
        weights = dict.fromkeys(biases, zeros) | weights
    parameters = [permuted(weights[name]) for name in ("kernel", "recurrent_kernel", *biases) if name in weights]
    pieces = torch.cat([p.reshape(-1) for p in parameters]).split([p.numel() for p in parameters])
    return [piece.view_as(p) for piece, p in zip(pieces, parameters, strict=True)]
