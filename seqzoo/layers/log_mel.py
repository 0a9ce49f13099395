"""Log-mel spectrogram as a layer: it is saved with the model, and gives the same numbers on every backend."""

import keras
import numpy as np
from keras import ops

FLOOR = 80.0  # dB below full scale: quieter sounds count as silence
LARGEST = 1e4  # of a sample: its square stays far from float32's end


@keras.saving.register_keras_serializable("seqzoo")
class LogMel(keras.layers.Layer):
    """Log-mel spectrogram of waveforms `(batch, samples)`, 1.0 at full scale -> `(batch, frames, bands)`.

    Frame t is made of the samples from t * hop to t * hop + window; samples beyond the end are zeros. A waveform has a frame
    for each hop that begins in it. A frame depends on its own samples alone, since the floor is fixed:
    `keras.layers.MelSpectrogram` puts it below the loudest frame of the whole batch. Energies are in dB, 0 for a sine at full
    scale and at least -80; `adapt` sets the mean and the deviation by which each band is normalised. At masked frames the
    output is 0.

    Args:
        sample_rate: samples a second.
        bands: number of mel bands, triangles on the scale 2595 log10(1 + f / 700) (S.S. Stevens and D. O'Shaughnessy).
        window: length of a frame, in seconds.
        hop: distance of two frames, in seconds.
        dtype: the dtype policy; the spectrogram is computed in float32.

    Call arguments: the waveforms; `mask`, booleans `(batch, samples)`, which `frames_mask` turns into that of the output.
    """

    def __init__(self, sample_rate, bands=40, window=0.032, hop=0.01, **kwargs):
        super().__init__(autocast=False, **kwargs)
        for name, size in (("sample_rate", sample_rate), ("bands", bands)):
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise ValueError(f"`{name}` must be a positive integer, got {size!r}.")
        self.sample_rate, self.bands, self.window, self.hop = sample_rate, bands, window, hop
        self.window_samples, self.hop_samples = round(window * sample_rate), round(hop * sample_rate)
        if not 1 <= self.hop_samples <= self.window_samples:
            raise ValueError(f"`hop` must be a sample at least and `window` at most, got {hop!r} and {window!r}.")
        self.filters = mel_filters(sample_rate, bands, self.window_samples)  # (window_samples // 2 + 1, bands)
        if not self.filters.any(axis=0).all():
            raise ValueError(f"`bands` must be fewer: some of {bands} lie between two frequencies of a window of {window} s.")
        self.supports_masking = True

    def build(self, waveform_shape):
        shape = {"shape": (self.bands,), "trainable": False, "dtype": "float32"}
        self.mean = self.add_weight(name="mean", initializer="zeros", **shape)
        self.deviation = self.add_weight(name="deviation", initializer="ones", **shape)
        self.built = True

    def call(self, waveforms, mask=None):
        if mask is not None:
            waveforms = ops.where(mask, waveforms, 0)
        normal = (self.decibels(waveforms) - self.mean) / self.deviation
        if mask is not None:
            normal = ops.where(ops.expand_dims(self.frames_mask(mask), -1), normal, 0)
        return ops.cast(normal, self.compute_dtype)

    def decibels(self, waveforms):
        """Energies in dB, `(batch, frames, bands)`, not normalised."""
        samples = ops.shape(waveforms)[1]
        waveforms = ops.clip(ops.cast(waveforms, "float32"), -LARGEST, LARGEST)
        beyond = self.window_samples - self.hop_samples + (-samples) % self.hop_samples
        waveforms = ops.pad(waveforms, [[0, 0], [0, beyond]])
        real, imaginary = ops.stft(
            waveforms, self.window_samples, self.hop_samples, self.window_samples, window="hann", center=False
        )
        full_scale = (self.window_samples / 4) ** 2  # of a sine: half its amplitude, times the mean of the window, a half
        energies = ops.matmul((real**2 + imaginary**2) / full_scale, ops.convert_to_tensor(self.filters))
        return 10 / np.log(10) * ops.log(ops.maximum(energies, 10 ** (-FLOOR / 10)))

    def adapt(self, waveforms):
        """Sets the mean and the deviation of each band to those of the frames of a list of waveforms `(samples,)`."""
        if not self.built:
            self.build(None)
        frames = np.concatenate([ops.convert_to_numpy(self.decibels(np.asarray(wave)[None]))[0] for wave in waveforms])
        self.mean.assign(frames.mean(axis=0))
        self.deviation.assign(np.maximum(frames.std(axis=0), 1.0))  # a silent band stays quiet

    def frames_mask(self, mask):
        """The mask of the frames, of the mask of the samples: a frame is real if its first sample is."""
        return mask[:, :: self.hop_samples]

    def compute_mask(self, waveforms, mask=None):
        return None if mask is None else self.frames_mask(mask)

    def compute_output_shape(self, waveform_shape):
        batch, samples = waveform_shape
        return batch, samples and -(-samples // self.hop_samples), self.bands

    def get_config(self):
        own = {name: getattr(self, name) for name in ("sample_rate", "bands", "window", "hop")}
        return super().get_config() | own


def mel_filters(sample_rate, bands, window):
    """Returns the weights of triangular filters, float32 `(window // 2 + 1, bands)`: each rises from the centre of the band
    below to 1 at its own and falls to the centre of the band above; centres are equally far from each other in mel."""
    mel_of, hertz_of = (lambda f: 2595 * np.log10(1 + f / 700)), (lambda mel: 700 * (10 ** (mel / 2595) - 1))
    low, centre, high = (hertz_of(np.linspace(0, mel_of(sample_rate / 2), bands + 2))[i : bands + i] for i in range(3))
    frequencies = np.fft.rfftfreq(window, 1 / sample_rate)[:, None]
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
