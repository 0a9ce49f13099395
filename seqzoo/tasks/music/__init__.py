"""Music: one to many, each step of a piece given the steps before."""

from seqzoo.tasks.music.commands import GenerateFlags as GenerateFlags
from seqzoo.tasks.music.commands import generate as generate
from seqzoo.tasks.music.data import STEPS as STEPS
from seqzoo.tasks.music.data import Transposed as Transposed
from seqzoo.tasks.music.data import as_split as as_split
from seqzoo.tasks.music.data import frames as frames
from seqzoo.tasks.music.data import load as load
from seqzoo.tasks.music.data import load_test as load_test
from seqzoo.tasks.music.data import tokens as tokens
from seqzoo.tasks.music.task import MusicTask as MusicTask
