"""Video activity: many to one, a clip in, its label out."""

from seqzoo.tasks.video.data import folds as folds
from seqzoo.tasks.video.data import load as load
from seqzoo.tasks.video.data import load_test as load_test
from seqzoo.tasks.video.task import VideoTask as VideoTask
