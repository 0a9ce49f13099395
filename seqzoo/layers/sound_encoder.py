"""Sound encoder: waveforms become vectors of a few frames each, for recurrent layers."""

import keras
from keras import ops

from seqzoo.layers.arguments import positive_integer
from seqzoo.layers.log_mel import LogMel
from seqzoo.layers.spec_augment import SpecAugment


@keras.saving.register_keras_serializable("seqzoo")
class SoundEncoder(keras.layers.Layer):
    """Waveforms `(batch, samples)` -> `LogMel` -> `SpecAugment` -> `(batch, T_x, stack * bands)`, `stack` frames side by side.

    T_x is the number of steps of `step_samples` samples that begin in the waveform. At masked steps the output is 0.

    Args:
        sample_rate, bands, window, hop: arguments of `LogMel`.
        stack: frames of a step: a recurrent layer then runs `stack` times fewer steps.
        augment: whether `SpecAugment` hides spans in training.
        seed: random seed of `SpecAugment`.

    Call arguments: the waveforms; `mask`, booleans `(batch, samples)`, which `steps_mask` turns into that of the output.
    """

    input_shape_of_step, input_dtype = (), "float32"  # of a sample

    def __init__(self, sample_rate, bands=40, window=0.032, hop=0.01, stack=3, augment=False, seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.log_mel = LogMel(sample_rate, bands, window, hop, dtype=self.dtype_policy)
        self.stack, self.augment, self.seed = positive_integer("stack", stack), augment, seed
        self.spec_augment = SpecAugment(seed=seed, dtype=self.dtype_policy) if augment else None
        self.step_samples = stack * self.log_mel.hop_samples
        self.features = stack * bands
        self.supports_masking = True

    def build(self, waveforms_shape):
        self.log_mel.build(waveforms_shape)
        self.built = True

    def call(self, waveforms, mask=None, training=False):
        x = self.log_mel(waveforms, mask=mask)
        if self.augment:
            frames_mask = None if mask is None else self.log_mel.frames_mask(mask)
            x = self.spec_augment(x, mask=frames_mask, training=training)
        batch, frames, bands = ops.shape(x)
        x = ops.pad(x, [[0, 0], [0, (-frames) % self.stack], [0, 0]])
        return ops.reshape(x, (batch, -1, self.stack * bands))

    def adapt(self, waveforms):
        """Normalises each band by waveforms of the training data: see `LogMel.adapt`."""
        self.log_mel.adapt(waveforms)
        self.built = True

    def steps_mask(self, mask):
        """The mask of the output `(batch, T_x)`, of the mask of the samples."""
        return mask[:, :: self.step_samples]

    def steps(self, samples):
        """The number T_x of steps of a waveform of that many samples."""
        return -(-samples // self.step_samples)

    def compute_mask(self, waveforms, mask=None):
        return None if mask is None else self.steps_mask(mask)

    def compute_output_shape(self, waveforms_shape):
        batch, samples = waveforms_shape
        return batch, samples and self.steps(samples), self.features

    def get_config(self):
        own = {name: getattr(self.log_mel, name) for name in ("sample_rate", "bands", "window", "hop")}
        return super().get_config() | own | {"stack": self.stack, "augment": self.augment, "seed": self.seed}
