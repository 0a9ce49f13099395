"""What is said of a search: a line for each trial, a table and a picture of all, what the best is worth on the test part."""

import dataclasses
import math

from seqzoo.evaluation import tables
from seqzoo.inspection import parallel_coordinates
from seqzoo.training import run_folder
from seqzoo.tuning import search, space

BEST = "best.json"
WRITTEN = (BEST, search.TABLE, "search.png", "README.md")
SHOWN = 10  # trials, in the table
SEEDS = 3  # of the comparison


def progress(it, most, trials):
    """Prints a line of the last of the trials that ended, and writes the best.

    Args:
        it: a `searched.Search`.
        most: how many there may be, or None.
    """
    best, (number, values, quality, epochs, seconds) = max(trials, key=lambda trial: trial.quality), trials[-1]
    so_far = ""
    if best.quality > -math.inf:
        run_folder.write_json(it.place / BEST, dataclasses.asdict(it.with_values_of(best)))
        so_far = f"; best {best.quality:.4f}, trial {best.number}"
    count = f"{len(trials)}/{most}" if most else f"{len(trials)}"
    said = " ".join(f"{name}={value}" for name, value in values.items())
    result = "failed" if quality == -math.inf else f"quality {quality:.4f} after {epochs} {it.recipe.duration}"
    print(f"{count}  trial {number}: {said}: {result}, {seconds:.0f} s{so_far}", flush=True)


def tell(it, trials, compare):
    """Prints, and writes as a README.md, the best trials and, if it is to `compare`, what the best is worth.

    Args:
        it: a `searched.Search`.
        trials: all that ended, the best first.
    """
    best = it.with_values_of(trials[0])
    run_folder.write_json(it.place / BEST, dataclasses.asdict(best))
    ranges = {name: values.log for name, values in it.space.items() if isinstance(values, space.Range)}
    drawn = [(trial.values, trial.quality) for trial in trials if trial.quality > -math.inf]
    parallel_coordinates.draw(drawn, it.place / "search.png", f"{it.recipe.name}: {len(trials)} trials, {it.tuner}", ranges)
    parts = [
        f"The best of {len(trials)} trials, by the validation part, on which the search chose:",
        f"```\n{table(trials[:SHOWN], it.recipe.duration)}\n```",
        f"All are in `trials.csv`, a picture of them in `search.png`, the best in `{BEST}`: "
        f"`python -m recipes.{it.recipe.name} --config {it.place / BEST}` trains it.",
    ]
    print("\n" + "\n\n".join(parts).replace("```\n", "").replace("\n```", "").replace("`", ""), flush=True)
    if compare:
        parts += [f"The test part, which no trial has seen, each trained with {SEEDS} seeds:"]
        print(f"\n{parts[-1]}\n", flush=True)
        compared = tables.table(_compared(it, best))
        print(f"\n{compared}", flush=True)
        parts += [f"```\n{compared}\n```"]
    title = f"# A search for better settings: {it.recipe.name}, {it.tuner}"
    text = "\n\n".join([title, *parts, "![search](search.png)"])
    (it.place / "README.md").write_text(f"{text}\n", encoding="utf-8")


def table(trials, duration="epochs"):
    """Aligned lines."""
    rows = [["trial", "quality", duration, "seconds", *trials[0].values]]
    for number, values, quality, epochs, seconds in trials:
        shown = "failed" if quality == -math.inf else f"{quality:.4f}"
        rows.append([str(number), shown, str(epochs), f"{seconds:.0f}", *map(str, values.values())])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _compared(it, best):
    """The figures of the best, of what would have been without a search, and of the baselines."""
    rows = {}
    for name, config in {"default": it.config, "best": best}.items():
        of_seeds, problem = {}, it.recipe.problem(config)
        for seed in range(config.seed, config.seed + SEEDS):
            model, _ = it.recipe.train_once(dataclasses.replace(config, seed=seed), problem, verbose=False)
            figures = of_seeds[f"{name}, seed {seed}"] = it.recipe.kind.of_model(model, problem.test)
            print(f"{name}, seed {seed}: " + ", ".join(f"{what} {x:.3f}" for what, x in figures.items()), flush=True)
        rows |= of_seeds | {f"{name}, {row}": of for row, of in tables.mean_and_spread(of_seeds).items()}
    return rows | it.recipe.kind.of_baselines(it.recipe.problem(it.config))
