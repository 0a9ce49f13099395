"""The layer of the tokens' vectors, of any model."""

import keras

from seqzoo.layers import CompactEmbedding, CompactReversibleEmbedding


def token_embedding(vocabulary, size, policy, compact=False, tied=False, **kwargs):
    """Returns an embedding, `(..., )` ids -> `(..., size)`. Its gradients are added up in float32 at any policy: that of a
    frequent id is a sum over all its steps, and a bfloat16 sum soon stops growing.

    Args:
        compact: whether a file holds the vectors as int8, see `layers.CompactEmbedding`.
        tied: whether the layer is Wy too, with `reverse=True`.
    """
    kinds = {
        (False, False): keras.layers.Embedding,
        (False, True): keras.layers.ReversibleEmbedding,
        (True, False): CompactEmbedding,
        (True, True): CompactReversibleEmbedding,
    }
    product = {"reverse_dtype": policy.compute_dtype} if tied else {}
    return kinds[bool(compact), bool(tied)](vocabulary, size, dtype=policy.variable_dtype, **product, **kwargs)
