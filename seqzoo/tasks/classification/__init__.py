"""Classification: many to one, a label or a number for each input."""

from seqzoo.tasks.classification.ratings import as_split as as_split
from seqzoo.tasks.classification.ratings import labels_of as labels_of
from seqzoo.tasks.classification.task import ClassificationTask as ClassificationTask
from seqzoo.tasks.classification.vocabulary import vocabulary as vocabulary
