"""Activity: many to one on the channels of sensors."""

from seqzoo.tasks.activity.commands import PredictFlags as PredictFlags
from seqzoo.tasks.activity.commands import WatchFlags as WatchFlags
from seqzoo.tasks.activity.commands import watch as watch
from seqzoo.tasks.activity.data import GAIN as GAIN
from seqzoo.tasks.activity.data import ROTATION as ROTATION
from seqzoo.tasks.activity.data import folds as folds
from seqzoo.tasks.activity.data import load as load
from seqzoo.tasks.activity.data import load_test as load_test
from seqzoo.tasks.activity.task import ActivityTask as ActivityTask
