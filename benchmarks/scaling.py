"""Scaling estimate, time and price of training on n accelerators, as in docs/scaling.md: `python -m benchmarks.scaling -h`

The module measures nothing. Its flags are measurements: the time of a step on one accelerator, and the critical batch size (see
`python -m benchmarks.batch_sizes`).
"""

import dataclasses
import math
import sys

from seqzoo.errors import UsageError
from seqzoo.recipe.flags import check, parse

BYTES = 4  # per number of a gradient


@dataclasses.dataclass(frozen=True)
class Training:
    """Data-parallel training: each accelerator takes the same number of rows of a batch."""

    step_ms: float = 20.0
    """Milliseconds of a step on one accelerator: 1000 / steps_per_second in the log of a run."""
    rows: int = 64
    """Rows of a batch on each accelerator."""
    steps: float = 100_000
    """Training steps with one accelerator."""
    parameters: float = 20e6
    """Trainable parameters of the model."""
    critical: float = 2000
    """Critical batch size in rows: larger batches save few steps."""
    per_host: int = 8
    """Accelerators of a host."""
    within: float = 200.0
    """Bandwidth between accelerators of a host, in GB/s."""
    between: float = 25.0
    """Bandwidth between hosts, in GB/s."""
    message_us: float = 15.0
    """Latency of a message, in microseconds."""
    write: float = 2.0
    """Seconds to write a checkpoint."""
    restart: float = 300.0
    """Seconds from a failure until training continues."""
    hours_to_failure: float = 50_000
    """Mean hours to failure of one accelerator with its share of a host."""
    price: float = 3.0
    """Price of an accelerator for an hour."""

    def __post_init__(self):
        for field in dataclasses.fields(self):
            check(field.name, getattr(self, field.name), lambda x: 0 < x < math.inf, "a positive number")

    def exchange(self, n: int) -> float:
        """Returns the seconds of an all-reduce of the gradients of n accelerators: first within hosts, then between hosts."""
        here, hosts, size = min(n, self.per_host), math.ceil(n / self.per_host), BYTES * self.parameters / 1e9
        sent = 2 * (1 - 1 / here) * size / self.within + 2 * (1 - 1 / hosts) * size / self.between
        return sent + 2 * math.ceil(math.log2(n)) * self.message_us * 1e-6

    def step(self, n: int) -> float:
        """Returns the seconds of a training step. A recurrent gradient is complete at the first time step: nothing overlaps."""
        return self.step_ms / 1000 + self.exchange(n)

    def steps_of(self, n: int) -> float:
        """Returns the steps to the loss that one accelerator reaches after `steps`."""
        return self.steps * (1 + self.critical / (n * self.rows)) / (1 + self.critical / self.rows)

    def cadence(self, n: int) -> float:
        """Returns the seconds between checkpoints that minimise the lost time."""
        return math.sqrt(2 * self.write * 3600 * self.hours_to_failure / n)

    def lost(self, n: int) -> float:
        """Returns the share of time lost to checkpoints, recomputation and restarts."""
        every = self.cadence(n)
        return self.write / every + (every / 2 + self.restart) / (3600 * self.hours_to_failure / n)

    def hours(self, n: int) -> float:
        """Returns the hours of the whole training; infinity if all time is lost."""
        return self.steps_of(n) * self.step(n) / 3600 / (1 - self.lost(n)) if self.lost(n) < 1 else math.inf

    def row(self, n: int) -> dict[str, float]:
        """Returns the table row for n accelerators."""
        return {
            "accelerators": n,
            "batch": n * self.rows,
            "step, ms": 1000 * self.step(n),
            "rows/s": n * self.rows / self.step(n),
            "of ideal, %": 100 * self.step(1) / self.step(n),
            "steps": self.steps_of(n),
            "hours": self.hours(n),
            "as fast": self.hours(1) / self.hours(n),
            "price": n * self.hours(n) * self.price,
            "checkpoint, s": self.cadence(n),
            "lost, %": 100 * self.lost(n),
        }


def table(training: Training, counts: list[int]) -> str:
    """Returns the table for several numbers of accelerators, as aligned lines."""
    rows = [training.row(n) for n in counts]
    lines = [list(rows[0]), *([_short(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)


def _short(value):
    if value == math.inf:
        return "never"
    return f"{value:,.0f}" if value >= 100 or isinstance(value, int) else f"{value:.3g}"


if __name__ == "__main__":
    try:
        print(table(parse(Training, sys.argv[1:], "benchmarks.scaling"), [1, *(2**k for k in range(3, 11))]))
    except UsageError as error:
        sys.exit(f"error: {error}")
