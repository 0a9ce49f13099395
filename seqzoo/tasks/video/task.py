"""Video activity: classification of clips beside a model that sees one frame; strips of frames."""

import numpy as np

from seqzoo.data.clips import Clip
from seqzoo.datasets import hand_movements
from seqzoo.evaluation.metrics import classification_metrics
from seqzoo.inspection import film_strip
from seqzoo.layers import FrameEncoder
from seqzoo.tasks.classification import ClassificationTask
from seqzoo.tasks.video import baselines

STRIPS = 8  # clips of a picture


class VideoTask(ClassificationTask):
    """Clips, or curves, with one label each; models with `answers(inputs)`.

    Args:
        config: the recipe's.
    """

    imports = "import numpy as np"

    def __init__(self, config):
        self.config = config
        of_curve = config.data == hand_movements.NAME
        shape = f"({hand_movements.POINTS}, 2)" if of_curve else f"({config.frames}, *model.encoder.frame)"
        what = "points, x and y" if of_curve else "frames, height, width, channels: as seqzoo.data.clips.Clip reads a file"
        self.usage = f'clip = np.zeros({shape}, "{"float32" if of_curve else "uint8"}")  # {what}\nprint(model.answers([clip]))'

    def baselines(self, dataset):
        first = np.asarray(dataset.test.inputs[0])
        if first.ndim > 2:
            names = {"one frame alone": baselines.single_frame(dataset, first.shape[1:], self.config.seed)}
        else:
            names = {"nearest neighbour": baselines.nearest(dataset.train, dataset.test)}
        majority = {"majority": [max(dataset.labels, key=dataset.train.targets.count)] * len(dataset.test)}
        return {name: classification_metrics(dataset.test.targets, given) for name, given in (majority | names).items()}

    def format_input(self, value):
        if isinstance(value, Clip):
            return value.path
        is_clip = isinstance(value, np.ndarray) and value.ndim > 2
        return f"{len(value)} frames" if is_clip else super().format_input(value)

    def plots(self, model, split, folder, title):
        """The plots of classification, and the frames of some clips."""
        super().plots(model, split, folder, title)
        if isinstance(model.encoder, FrameEncoder):
            rows = np.random.default_rng(self.config.seed).permutation(len(split.inputs))[:STRIPS]
            inputs = [split.inputs[i] for i in rows]
            captions = [
                f"{answer.label} {answer.score:.2f} ({split.targets[i]})"
                for i, answer in zip(rows, model.answers(inputs), strict=True)
            ]
            film_strip.draw(
                [np.asarray(clip) for clip in inputs], captions, folder / "clips.png", f"{title}: prediction (reference)"
            )

    def predict(self, model, lines):
        """Yields label TAB probability TAB file of each clip; of curves, lines of numbers."""
        if not isinstance(model.encoder, FrameEncoder):
            return super().predict(model, lines)
        size, _, channels = model.encoder.frame
        opened = [Clip(line.strip(), self.config.frames, size, channels) for line in lines]
        named = zip(lines, model.answers(opened), strict=True)
        return (f"{answer.label}\t{answer.score:.3f}\t{line.strip()}" for line, answer in named)
