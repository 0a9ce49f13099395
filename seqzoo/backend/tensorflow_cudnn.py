"""cuDNN's recurrent networks on TensorFlow: a unit whose equations they are, over a whole sequence."""

from seqzoo.backend.common import LazyModule, in_order_of_cudnn

tf = LazyModule("tensorflow")


def fits(unit, x, state, weights, mask):
    """Whether cuDNN computes `unit` here: on a GPU, in one precision, with masks at the end of sequences alone.

    Where a mask decides, a boolean tensor.
    """
    in_precision = x.dtype == state[0].dtype and x.dtype in (tf.float32, tf.float64)
    if unit.cudnn is None or not in_precision or not on_gpu():
        return False
    return mask is None or _right_padded(mask)


def on_gpu():
    return bool(tf.config.get_visible_devices("GPU"))  # unlike the logical ones, they may still be configured


def _right_padded(mask):
    lengths = _lengths(mask)
    return tf.reduce_all(mask == tf.sequence_mask(lengths, tf.shape(mask)[1])) & tf.reduce_all(lengths > 0)


def _lengths(mask):
    return tf.reduce_sum(tf.cast(mask, tf.int32), 1)


def run(unit, x, state, weights, mask):
    """The outputs and the last state. Where a sequence has ended, the outputs repeat its last."""
    mode, _ = unit.cudnn
    batch, length = tf.shape(x)[0], tf.shape(x)[1]
    lengths = tf.fill([batch], length) if mask is None else _lengths(mask)
    outputs, last_a, last_c, *_ = tf.raw_ops.CudnnRNNV3(
        input=tf.transpose(x, (1, 0, 2)),
        input_h=state[0][None],  # of one layer in one direction
        input_c=state[-1][None],  # cuDNN reads this of an LSTM alone
        params=_parameters(unit, weights),
        sequence_lengths=lengths,
        rnn_mode=mode,
    )
    outputs, last = tf.transpose(outputs, (1, 0, 2)), [last_a[0], last_c[0]][: len(state)]
    return (outputs if mask is None else tf.where(mask[:, :, None], outputs, last[0][:, None])), last


def _parameters(unit, weights):
    """All weights as one vector: kernel, recurrent kernel and two biases, each transposed and in cuDNN's order of gates."""
    columns = weights["recurrent_kernel"].shape[1]
    zeros = tf.zeros(columns, weights["recurrent_kernel"].dtype)

    def permuted(name):
        blocks = tf.split(tf.transpose(weights.get(name, zeros)), len(unit.gates))
        return tf.reshape(tf.concat(in_order_of_cudnn(unit, blocks), 0), [-1])

    return tf.concat([permuted(name) for name in ("kernel", "recurrent_kernel", "bias", "recurrent_bias")], 0)
