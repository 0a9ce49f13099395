"""Label probabilities of each base, for sequences of any length, predicted in overlapping windows."""

from keras import ops

from seqzoo.data import overlapping_windows


def probabilities(model, inputs, batch_size=32):
    """P(label) at each base of each input: a list of arrays `(T_x, labels)`.

    An input longer than the model's `max_length` is read in overlapping windows. Of two windows that hold a base, the window
    in which the base lies further from an end predicts it.
    """
    return overlapping_windows.predict(_batch_function(model), inputs, model.max_length, batch_size)


def _batch_function(model):
    """A function from a batch to label probabilities; with a CRF marginal probabilities."""
    if model.crf is None:
        return lambda batch: (model.predict_on_batch(batch),)
    return lambda batch: (ops.convert_to_numpy(model.crf.marginals(model.predict_on_batch(batch), batch["mask"])),)
