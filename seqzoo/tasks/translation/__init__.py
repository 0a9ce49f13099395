"""Translation: many to many (Tx ≠ Ty), a text in, a text of another length out."""

from seqzoo.datasets.human_dates import LOCALES as LOCALES
from seqzoo.tasks.translation.commands import CompareFlags as CompareFlags
from seqzoo.tasks.translation.commands import PredictFlags as PredictFlags
from seqzoo.tasks.translation.commands import compare as compare
from seqzoo.tasks.translation.data import encoded as encoded
from seqzoo.tasks.translation.data import load as load
from seqzoo.tasks.translation.data import load_test as load_test
from seqzoo.tasks.translation.data import unrolled as unrolled
from seqzoo.tasks.translation.data import with_quick as with_quick
from seqzoo.tasks.translation.sources import LIMITATIONS as LIMITATIONS
from seqzoo.tasks.translation.sources import SOURCES as SOURCES
from seqzoo.tasks.translation.task import TranslationTask as TranslationTask
