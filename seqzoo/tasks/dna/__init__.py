"""DNA: a label for each sequence, or for each base."""

from seqzoo.tasks.dna.base_task import BaseTask as BaseTask
from seqzoo.tasks.dna.commands import PredictFlags as PredictFlags
from seqzoo.tasks.dna.commands import check_same_kind as check_same_kind
from seqzoo.tasks.dna.commands import label_files as label_files
from seqzoo.tasks.dna.folds import folds as folds
from seqzoo.tasks.dna.sequence_task import SequenceTask as SequenceTask
