"""Streaming inference, one sample at a time: `python -m examples.streaming`.

A stack of two GRUs is trained on whole sequences to forecast the next value of a generated signal, two waves and noise. Then
the signal arrives one sample at a time, as from a sensor: `step` takes the sample and the state and returns the output and the
next state, at the same cost for any t. A sample far from its forecast is marked. At the end the forecasts are compared with
those for the whole sequence.
"""

import keras
import numpy as np
from keras import ops

from seqzoo.layers import GRU, Stacked


def signal(steps, seed):
    """Returns a noisy signal `(steps, 1)`, float32."""
    t, noise = np.arange(steps), np.random.default_rng(seed).normal(scale=0.05, size=steps)
    return (np.sin(t / 5) + 0.5 * np.sin(t / 17) + noise).astype("float32")[:, None]


def trained():
    """Returns the trained model, its recurrent layers and the dense layer that forecasts from their output."""
    recurrent, forecast = Stacked(GRU(24, return_sequences=True), depth=2), keras.layers.Dense(1)
    inputs = keras.Input((None, 1))
    model = keras.Model(inputs, forecast(recurrent(inputs)))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    sequences = np.stack([signal(101, seed) for seed in range(64)])
    model.fit(sequences[:, :-1], sequences[:, 1:], batch_size=16, epochs=12, verbose=0)
    return model, recurrent, forecast


def main():
    keras.utils.set_random_seed(0)
    model, recurrent, forecast = trained()
    samples = signal(200, seed=1000)
    samples[150] += 1.5  # an anomaly

    state, expected, forecasts = None, None, []
    for t, sample in enumerate(samples):
        if expected is not None and (t % 20 == 0 or abs(sample[0] - expected) > 0.5):
            mark = "   <- unexpected" if abs(sample[0] - expected) > 0.5 else ""
            print(f"t {t:3}   forecast {expected:6.2f}   came {sample[0]:6.2f}{mark}")
        output, state = recurrent.step(sample[None], state)
        expected = float(ops.convert_to_numpy(forecast(output))[0, 0])
        forecasts.append(expected)

    whole = model.predict(samples[None], verbose=0)[0, :, 0]
    print(f"Largest difference from the whole sequence at once: {np.abs(whole - forecasts).max():.1e}")


if __name__ == "__main__":
    main()
