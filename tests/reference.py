"""An independent oracle: the equations in NumPy float64, one row and one step at a time.

Weights are in the notes' form: `W_<gate>` `(units, units + inputs)` acts on [c<t-1>, x<t>] (or [a<t-1>, x<t>]),
`b_<gate>` and `p_<gate>` are `(units,)`.
"""

import functools

import numpy as np


def sigma(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def stack(*parts):
    return np.concatenate(parts)


# A step takes the weights, the state, x<t> and the state's dropout mask. It returns the next state, a<t> first.


def simple_rnn(w, state, x, drop, g=np.tanh):
    (a_prev,) = state
    a = g(w["W_a"] @ stack(a_prev * drop, x) + w["b_a"])
    return (a,)


def simplified_gru(w, state, x, drop):
    (c_prev,) = state
    c_tilde = np.tanh(w["W_c"] @ stack(c_prev * drop, x) + w["b_c"])
    gamma_u = sigma(w["W_u"] @ stack(c_prev * drop, x) + w["b_u"])
    c = gamma_u * c_tilde + (1 - gamma_u) * c_prev
    return (c,)


def gru(w, state, x, drop):
    (c_prev,) = state
    gamma_r = sigma(w["W_r"] @ stack(c_prev * drop, x) + w["b_r"])
    c_tilde = np.tanh(w["W_c"] @ stack(gamma_r * c_prev * drop, x) + w["b_c"])
    gamma_u = sigma(w["W_u"] @ stack(c_prev * drop, x) + w["b_u"])
    c = gamma_u * c_tilde + (1 - gamma_u) * c_prev
    return (c,)


def reset_after_gru(w, state, x, drop):
    (c_prev,) = state
    size, inner = len(c_prev), {}
    for gate in "urc":
        of_c, of_x = w[f"W_{gate}"][:, :size], w[f"W_{gate}"][:, size:]
        inner[gate] = of_x @ x + w[f"b_{gate}"], of_c @ (c_prev * drop) + w[f"recurrent_bias_{gate}"]
    gamma_u, gamma_r = sigma(sum(inner["u"])), sigma(sum(inner["r"]))
    c_tilde = np.tanh(inner["c"][0] + gamma_r * inner["c"][1])
    return (gamma_u * c_tilde + (1 - gamma_u) * c_prev,)


def normed(*vectors):
    """Each of the vectors, after the mean and the variance of all their numbers together are 0 and 1."""
    whole = np.concatenate(vectors)
    whole = (whole - whole.mean()) / np.sqrt(whole.var() + 1e-5)
    return np.split(whole, len(vectors))


def layer_norm_gru(w, state, x, drop):
    (c_prev,) = state
    size = len(c_prev)
    of_x = {gate: w[f"W_{gate}"][:, size:] @ x for gate in "urc"}
    of_c = {gate: w[f"W_{gate}"][:, :size] @ (c_prev * drop) for gate in "urc"}
    for name, of in (("input", of_x), ("recurrent", of_c)):
        of["u"], of["r"] = normed(of["u"], of["r"])
        (of["c"],) = normed(of["c"])
        of |= {gate: w[f"{name}_gain_{gate}"] * of[gate] for gate in "urc"}
    gamma_u = sigma(of_x["u"] + of_c["u"] + w["b_u"])
    gamma_r = sigma(of_x["r"] + of_c["r"] + w["b_r"])
    c_tilde = np.tanh(of_x["c"] + gamma_r * of_c["c"] + w["b_c"])
    return (gamma_u * c_tilde + (1 - gamma_u) * c_prev,)


def layer_norm_lstm(w, state, x, drop):
    a_prev, c_prev = state
    size = len(a_prev)
    of_x = normed(*(w[f"W_{gate}"][:, size:] @ x for gate in "ufoc"))
    of_a = normed(*(w[f"W_{gate}"][:, :size] @ (a_prev * drop) for gate in "ufoc"))
    z = {
        gate: w[f"input_gain_{gate}"] * with_x + w[f"recurrent_gain_{gate}"] * with_a + w[f"b_{gate}"]
        for gate, with_x, with_a in zip("ufoc", of_x, of_a, strict=True)
    }
    c = sigma(z["u"]) * np.tanh(z["c"]) + sigma(z["f"]) * c_prev
    (c_normed,) = normed(c)
    a = sigma(z["o"]) * np.tanh(w["cell_gain_c"] * c_normed + w["cell_bias_c"])
    return a, c


def lstm(w, state, x, drop, peephole=""):
    a_prev, c_prev = state
    look = {gate: w[f"p_{gate}"] * c_prev if gate in peephole else 0 for gate in "ufo"}
    c_tilde = np.tanh(w["W_c"] @ stack(a_prev * drop, x) + w["b_c"])
    gamma_u = sigma(w["W_u"] @ stack(a_prev * drop, x) + w["b_u"] + look["u"])
    gamma_f = sigma(w["W_f"] @ stack(a_prev * drop, x) + w["b_f"] + look["f"])
    gamma_o = sigma(w["W_o"] @ stack(a_prev * drop, x) + w["b_o"] + look["o"])
    c = gamma_u * c_tilde + gamma_f * c_prev
    a = gamma_o * np.tanh(c)
    return a, c


STEPS = {
    "SimpleRNN tanh": simple_rnn,
    "SimpleRNN relu": functools.partial(simple_rnn, g=relu),
    "SimplifiedGRU": simplified_gru,
    "GRU": gru,
    "ResetAfterGRU": reset_after_gru,
    "LayerNormGRU": layer_norm_gru,
    "LayerNormLSTM": layer_norm_lstm,
    "LSTM": lstm,
    "LSTM output": functools.partial(lstm, peephole="o"),
    "LSTM all": functools.partial(lstm, peephole="ufo"),
}


def run(
    unit,
    weights,
    x,
    state,
    mask=None,
    go_backwards=False,
    zero_output_for_mask=False,
    dropout=None,
    recurrent_dropout=None,
    zoneout=None,
):
    """The outputs `(batch, T_x, units)`, in the order in which they were computed, and the last state.

    `unit` is a key of `STEPS`; `state` is the initial one, a `(batch, units)` for each part; `mask` is `(batch, T_x)`;
    `dropout` `(batch, inputs)` multiplies every x<t>, `recurrent_dropout` `(batch, units)` the state wherever it enters
    a matrix product. `zoneout` `(batch, T_x, parts * units)` is the share of the new state.
    """
    step = STEPS[unit]
    weights = {name: np.asarray(weight, "float64") for name, weight in weights.items()}
    batch, steps, inputs = x.shape
    units = state[0].shape[1]
    mask = np.ones((batch, steps), bool) if mask is None else mask
    drop_x = np.ones((batch, inputs)) if dropout is None else dropout
    drop_state = np.ones((batch, units)) if recurrent_dropout is None else recurrent_dropout
    outputs = np.zeros((batch, steps, units))
    last = [np.zeros((batch, units)) for _ in state]
    for row in range(batch):
        now = tuple(np.asarray(part[row], "float64") for part in state)
        for i, t in enumerate(reversed(range(steps)) if go_backwards else range(steps)):
            if mask[row, t]:
                before, now = now, step(weights, now, np.asarray(x[row, t], "float64") * drop_x[row], drop_state[row])
                if zoneout is not None:
                    shares = np.split(zoneout[row, t], len(now))
                    now = tuple(k * n + (1 - k) * b for k, n, b in zip(shares, now, before, strict=True))
            if mask[row, t] or not zero_output_for_mask:
                outputs[row, i] = now[0]
        for part, value in zip(last, now, strict=True):
            part[row] = value
    return outputs, tuple(last)


def distance(actual, expected):
    """The largest difference over all arrays of two structures, over max(1, the largest value)."""
    if isinstance(expected, dict):
        assert set(actual) == set(expected)
        return max(distance(actual[name], expected[name]) for name in expected)
    if isinstance(expected, (tuple, list)):
        assert len(actual) == len(expected)
        return max(distance(a, e) for a, e in zip(actual, expected, strict=True))
    actual, expected = np.asarray(actual, "float64"), np.asarray(expected, "float64")
    assert actual.shape == expected.shape
    return np.max(np.abs(actual - expected), initial=0) / max(1, np.max(np.abs(expected), initial=0))


def attention(score, w, s, a):
    """Returns the context of the query s, and the weights on the values a `(T_x, size)`, by the weights in the notes' form."""
    e = [
        {
            "additive": lambda step: w["v"] @ np.tanh(w["W"] @ stack(s, step)),
            "general": lambda step: s @ w["W"] @ step,
            "dot": lambda step: s @ step,
        }[score](step)
        for step in a
    ]
    alpha = np.exp(e - np.max(e, initial=-np.inf)) if len(a) else np.zeros(0)
    alpha = alpha / max(alpha.sum(), 1e-300)
    return alpha @ a, alpha
