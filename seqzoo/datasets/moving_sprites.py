"""Moving sprites: generated clips whose labels no single frame tells.

A figure moves left, right, up or down, turns either way, grows or shrinks, or turns back half-way; or it stands still, and the
light grows before it fades, or after. In every clip there is more light once, and less light once. Place, size and angle are
uniform at each step, whatever the label: a figure that leaves on one side comes back on the other, and one that has grown to
the largest size is the smallest again. So a frame, whose place in the clip is not known, is equally probable under all labels.

Limitations: the data is generated. A metric on it says little about videos.
"""

import numpy as np

from seqzoo.data.examples import Examples, Splits

NAME = "moving_sprites"
LABELS = ("left", "right", "up", "down", "clockwise", "counterclockwise", "grow", "shrink", "back", "light-dark", "dark-light")
SIZE = 32  # pixels
LENGTHS = (14, 18)  # frames of a clip
SIZES = {"train": 11_000, "validation": 550, "test": 1100}
RADIUS = (0.15, 0.4)  # of a figure, as a share of the frame
EVENT, LIGHT = 2, 60  # frames that more or less light lasts, and how much it is
MOVES = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


def load(seed: int = 0, sizes: dict = SIZES) -> Splits:
    """Returns clips `(T_x, 32, 32, 1)` uint8 in three splits; the labels are equally frequent. `seed` determines all."""
    return Splits(**{split: _examples(seed, i, count) for i, (split, count) in enumerate(sizes.items())}, name=NAME)


def _examples(seed, split, count):
    rng = np.random.default_rng((seed, split))
    labels = [LABELS[i % len(LABELS)] for i in range(count)]
    return Examples([clip(label, rng) for label in labels], labels)


def clip(label: str, rng: np.random.Generator) -> np.ndarray:
    """Returns a clip of a label, `(T_x, 32, 32, 1)` uint8."""
    steps = int(rng.integers(LENGTHS[0], LENGTHS[1] + 1))
    t, turn = np.arange(steps), int(rng.integers(steps // 3, 2 * steps // 3))
    place, angle, phase = rng.uniform(0, 1, 2) * np.ones((steps, 2)), rng.uniform(0, 2 * np.pi), rng.uniform()
    angle, phase = angle * np.ones(steps), phase * np.ones(steps)
    if label in MOVES:
        place = place + np.outer(t, MOVES[label]) * rng.uniform(0.03, 0.08)
    elif label == "back":
        way = list(MOVES.values())[rng.integers(4)]
        place = place + np.outer(np.minimum(t, 2 * turn - t), way) * rng.uniform(0.03, 0.08)
    elif label in ("clockwise", "counterclockwise"):
        angle = angle + t * rng.uniform(0.25, 0.5) * (1 if label == "clockwise" else -1)
    elif label in ("grow", "shrink"):
        phase = phase + t * rng.uniform(0.08, 0.15) * (1 if label == "grow" else -1)
    radius = RADIUS[0] * (RADIUS[1] / RADIUS[0]) ** (phase % 1)
    frames = 110 + 70 * _figure(rng, place, angle, radius) + _light(label, steps, rng)[:, None, None]
    noisy = frames + rng.normal(scale=8, size=frames.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)[..., None]


def _light(label, steps, rng):
    """What is added to the brightness at each step: 0, but for `EVENT` steps of more light and as many of less."""
    first, second = sorted(rng.choice(steps // EVENT - 1, 2, replace=False) * EVENT + int(rng.integers(EVENT)))
    light_first = {"light-dark": True, "dark-light": False}.get(label, bool(rng.integers(2)))
    light = np.zeros(steps)
    light[first : first + EVENT], light[second : second + EVENT] = (LIGHT, -LIGHT) if light_first else (-LIGHT, LIGHT)
    return light


def _figure(rng, place, angle, radius):
    """Frames `(T_x, SIZE, SIZE)` of a figure, 0 to 1: a bar with a foot on one side, without symmetry, with soft edges."""
    grid = (np.arange(SIZE) + 0.5) / SIZE
    y, x = ((grid - place[:, i, None] + 0.5) % 1 - 0.5 for i in range(2))  # the way to the figure, round the edges
    y, x = y[:, :, None] / radius[:, None, None], x[:, None, :] / radius[:, None, None]
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    u, v = cos * x + sin * y, cos * y - sin * x
    soft = 0.03 / radius[:, None, None]
    foot = rng.uniform(0.4, 0.9)
    return np.maximum(_box(u, v, (-0.7, -0.2), (-1, 1), soft), _box(u, v, (-0.7, foot), (0.5, 1), soft))


def _box(u, v, inside_u, inside_v, soft):
    """1 within a rectangle, 0 outside, with edges as wide as `soft`."""
    depth = np.minimum.reduce([u - inside_u[0], inside_u[1] - u, v - inside_v[0], inside_v[1] - v])
    return np.clip(depth / soft + 0.5, 0, 1)
