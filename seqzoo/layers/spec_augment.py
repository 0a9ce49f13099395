"""SpecAugment: in training, spans of frames and of bands are hidden, others for each row."""

import keras
from keras import ops

from seqzoo.layers.arguments import positive_integer


@keras.saving.register_keras_serializable("seqzoo")
class SpecAugment(keras.layers.Layer):
    """Masks of time and frequency on spectrograms `(batch, frames, bands)`, in training (D.S. Park et al., Interspeech 2019).

    Hidden values are 0, the mean of normalised bands.

    Args:
        time_masks: spans of frames to hide in each row.
        time_share: largest length of a span, as a share of the row's real frames.
        band_masks: spans of bands to hide in each row.
        band_share: largest width of a span, as a share of the bands.
        seed: random seed.
    """

    def __init__(self, time_masks=2, time_share=0.1, band_masks=2, band_share=0.2, seed=None, **kwargs):
        super().__init__(**kwargs)
        for name, count in (("time_masks", time_masks), ("band_masks", band_masks)):
            if count != 0:
                positive_integer(name, count)
        for name, share in (("time_share", time_share), ("band_share", band_share)):
            if not 0 <= share <= 1:
                raise ValueError(f"`{name}` must be from 0 to 1, got {share!r}.")
        self.time_masks, self.time_share, self.band_masks, self.band_share = time_masks, time_share, band_masks, band_share
        self.seed, self.seeds = seed, keras.random.SeedGenerator(seed)
        self.supports_masking, self.built = True, True

    def call(self, spectrograms, mask=None, training=False):
        if not training:
            return spectrograms
        batch, frames, bands = ops.shape(spectrograms)
        real = ops.full((batch,), frames) if mask is None else ops.sum(ops.cast(mask, "int32"), axis=1)
        hidden = ops.zeros((batch, frames, bands), "bool")
        for _ in range(self.time_masks):
            hidden = hidden | ops.expand_dims(self._span(batch, frames, real, self.time_share), 2)
        for _ in range(self.band_masks):
            hidden = hidden | ops.expand_dims(self._span(batch, bands, ops.full((batch,), bands), self.band_share), 1)
        return ops.where(hidden, 0, spectrograms)

    def _span(self, batch, places, real, share):
        """Booleans `(batch, places)`: a span within the first `real` places, of random length up to a share of them."""
        length, start = (keras.random.uniform((batch, 1), seed=self.seeds) for _ in range(2))
        real = ops.expand_dims(ops.cast(real, "float32"), 1)
        length = ops.floor(length * (share * real + 1))
        start = ops.floor(start * (real - length + 1))
        place = ops.expand_dims(ops.cast(ops.arange(places), "float32"), 0)
        return (place >= start) & (place < start + length)

    def compute_output_spec(self, spectrograms, mask=None, training=False):
        return keras.KerasTensor(spectrograms.shape, spectrograms.dtype)

    def get_config(self):
        names = ("time_masks", "time_share", "band_masks", "band_share", "seed")
        return super().get_config() | {name: getattr(self, name) for name in names}
