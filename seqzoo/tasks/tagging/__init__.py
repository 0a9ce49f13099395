"""Tagging: many to many, a tag for every word."""

from seqzoo.tasks.tagging.augmentation import MOST_GENERATED as MOST_GENERATED
from seqzoo.tasks.tagging.augmentation import with_generated as with_generated
from seqzoo.tasks.tagging.commands import PredictFlags as PredictFlags
from seqzoo.tasks.tagging.data import load as load
from seqzoo.tasks.tagging.data import load_test as load_test
from seqzoo.tasks.tagging.sources import LIMITATIONS as LIMITATIONS
from seqzoo.tasks.tagging.sources import SOURCES as SOURCES
from seqzoo.tasks.tagging.task import TaggingTask as TaggingTask
from seqzoo.tasks.tagging.task import validation_f1 as validation_f1
from seqzoo.tasks.tagging.vocabulary import alphabet as alphabet
from seqzoo.tasks.tagging.vocabulary import vocabulary as vocabulary
