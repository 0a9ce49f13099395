"""Benchmark models with layers of torch.nn, whose one GRU is the reset-after GRU, of the cost of the full GRU."""

import torch

from benchmarks.cases import data, lengths

LAYERS = {
    "full GRU": (torch.nn.GRU, {}),
    "reset-after GRU": (torch.nn.GRU, {}),
    "LSTM": (torch.nn.LSTM, {}),
    "simple RNN": (torch.nn.RNN, {}),
    "bidirectional GRU": (torch.nn.GRU, {"bidirectional": True}),
    "bidirectional LSTM": (torch.nn.LSTM, {"bidirectional": True}),
    "stacked LSTM": (torch.nn.LSTM, {"num_layers": 3}),
}


class Model(torch.nn.Module):
    """Model: a recurrent layer of torch.nn and a dense layer, with packed sequences if there are lengths."""

    def __init__(self, recurrent, inputs, units, lengths=None, **options):
        super().__init__()
        self.recurrent = recurrent(inputs, units, batch_first=True, **options)
        self.dense = torch.nn.Linear(units * (1 + self.recurrent.bidirectional), 1)
        self.lengths = lengths

    def forward(self, x):
        if self.lengths is None:
            return self.dense(self.recurrent(x)[0])
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, self.lengths, batch_first=True, enforce_sorted=False)
        outputs, _ = self.recurrent(packed)
        return self.dense(torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])[0])


def contestants(case, wanted=None):
    """Returns {"torch.nn": {"forward": function, "training step": function}}; {} if torch.nn lacks the unit."""
    if case.unit not in LAYERS:
        return {}
    recurrent, options = LAYERS[case.unit]
    _, _, inputs, units = case.size
    x, y = map(torch.from_numpy, data(case)[:2])
    model = Model(recurrent, inputs, units, torch.from_numpy(lengths(case)) if case.masked else None, **options)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)

    def forward():
        with torch.inference_mode():
            return model(x).numpy()

    def training_step():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return {"torch.nn": {"forward": forward, "training step": training_step}}
