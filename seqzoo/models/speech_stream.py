"""Speech stream: text of a sound as the sound arrives."""

import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.decoding import ctc


class SpeechStream:
    """Greedy transcription of one sound in chunks of any sizes, by a `SpeechRecognizer` that streams.

    The log probabilities, and so the text, equal those of the whole sound. A step's output is final as soon as its samples are
    there, and, with a `lookahead`, those of as many steps more as the layers look ahead. Memory does not grow with the sound.
    """

    def __init__(self, model):
        if not model.streams:
            raise ValueError("A bidirectional model without `lookahead` cannot stream: it starts at the last sample.")
        self.model, self.encoder = model, model.encoder
        log_mel = self.encoder.log_mel
        self.hop, self.window = self.encoder.step_samples, log_mel.window_samples - log_mel.hop_samples
        self.window += self.hop  # samples that a step reads
        self._run, self._finish = (backend.jit(function, model.variables) for function in (self._step, self._last))
        self.reset()

    def reset(self):
        """Starts another sound."""
        self.waiting, self.state, self.last_token = np.zeros(0, np.float32), None, ctc.BLANK

    def push(self, samples):
        """Takes the next samples `(n,)`. Returns log P of the tokens, `(steps, tokens)`, at the steps that became final."""
        self.waiting = np.concatenate([self.waiting, np.asarray(samples, np.float32)])
        steps = max(0, (len(self.waiting) - self.window) // self.hop + 1)
        found = [self._read(self.waiting[i * self.hop : i * self.hop + self.window], self.window) for i in range(steps)]
        self.waiting = self.waiting[steps * self.hop :]
        return self._joined(found)

    def finish(self):
        """Ends the sound. Returns the log probabilities at the steps that were not final yet. `reset` starts another sound."""
        found, rest = [], self.waiting
        for start in range(0, len(rest), self.hop):
            samples = rest[start : start + self.window]
            found.append(self._read(np.pad(samples, (0, self.window - len(samples))), len(samples)))
        found += self._finish(self.state) if self.state is not None else []
        return self._joined(found)

    def tokens(self, log_p):
        """Returns the tokens, ids, of the next log probabilities of this sound, on the most probable path."""
        path = [self.last_token, *log_p.argmax(axis=1)]
        self.last_token = int(path[-1])
        return [int(token) for before, token in zip(path, path[1:], strict=False) if token not in (before, ctc.BLANK)]

    def _read(self, samples, real):
        mask = np.arange(self.window) < real
        log_p, self.state = self._run(ops.convert_to_tensor(samples[None]), ops.convert_to_tensor(mask[None]), self.state)
        return log_p

    def _step(self, samples, mask, state):
        """One step of the recurrent layers, from the samples of its frames."""
        frames = self.encoder.log_mel(samples, mask=mask)[:, : self.encoder.stack]
        a, state = self.model.recurrent.step(ops.reshape(frames, (1, -1)), state)
        return None if a is None else self._log_p(a), state

    def _last(self, state):
        return [self._log_p(a) for a in self.model.recurrent.finish(state)]

    def _log_p(self, a):
        return ops.log_softmax(self.model.logits(a))

    def _joined(self, found):
        rows = [ops.convert_to_numpy(log_p) for log_p in found if log_p is not None]
        return np.concatenate([np.zeros((0, self.model.logits.units), np.float32), *rows])
