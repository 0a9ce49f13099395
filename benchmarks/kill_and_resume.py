"""Test of resuming after SIGKILL: do killed runs end bit for bit equal? `python -m benchmarks.kill_and_resume [KILLS] [SEED]`

Trains a short sentiment model on generated sentences, with a checkpoint after every step: first without a kill, then 20 times
with a SIGKILL at a random moment and a resume. Some runs are killed once more while they resume. Prints how many runs end with
the same weights, to the bit, and the same metrics.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from seqzoo import presets

DATA, SIZES = "--data d.csv", "--units 16 --embedding 8 --epochs 30 --batch-size 8"
FLAGS = f"{DATA} {SIZES} --dropout 0.3 --recurrent-dropout 0.2 --checkpoint-seconds 0"
COMMAND = [sys.executable, "-m", "recipes.sentiment", *FLAGS.split()]
AGAIN = 0.3  # share of runs that are killed twice


def sentences(count=160):
    """Returns generated reviews with labels, as the text of a CSV file."""
    rng, words = random.Random(0), {0: ["dull", "awful", "slow"], 1: ["fine", "lovely", "great"]}
    lines = [f"scene {i} is {rng.choice(words[i % 2])} and {rng.choice(words[i % 2])},{i % 2}" for i in range(count)]
    return "\n".join(["text,label", *lines]) + "\n"


def run(folder, out, *flags, killed_after=None):
    """Runs a training, killed after `killed_after` seconds unless None. Returns whether the run ended by itself."""
    env = os.environ | {"PYTHONPATH": os.getcwd()}
    log = (Path(folder) / "log.txt").open("a")
    process = subprocess.Popen([*COMMAND, "--out", out, *flags], cwd=folder, env=env, stdout=log, stderr=log)
    try:
        status = process.wait(killed_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        status = process.wait()
    if status not in (0, -signal.SIGKILL):
        sys.exit(f"error: {out} ended with status {status}\n{(Path(folder) / 'log.txt').read_text()[-2000:]}")
    return status == 0


def ended(folder, out):
    """Returns weights, test metrics and history of a finished run."""
    metrics = json.loads(Path(folder, out, "metrics.json").read_text())
    weights = [array.tobytes() for array in presets.load(Path(folder, out)).get_weights()]
    return weights, metrics["test"], metrics["history"]


def main(kills=20, seed=0):
    rng, same = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "d.csv").write_text(sentences())
        started = time.monotonic()
        run(folder, "whole")
        seconds, expected = time.monotonic() - started, ended(folder, "whole")
        print(f"without a kill: {seconds:.1f} s, test {expected[1]}", flush=True)
        for number in range(1, kills + 1):
            moments = [rng.uniform(0, seconds) for _ in range(1 + (rng.random() < AGAIN))]
            cut = [not run(folder, f"cut{number}", "--resume", killed_after=moment) for moment in moments]
            run(folder, f"cut{number}", "--resume")
            equal = ended(folder, f"cut{number}") == expected
            same += equal
            kills_text = ", ".join(
                f"{moment:.1f} s{'' if killed else ' (it had ended)'}" for moment, killed in zip(moments, cut, strict=True)
            )
            print(f"{number}: killed after {kills_text}: {'equal' if equal else 'DIFFERENT'}", flush=True)
    print(f"{same} of {kills} runs ended with the same weights and metrics; seed {seed}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
