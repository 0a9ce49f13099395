"""Translation: many to many (Tx ≠ Ty), a text in, a text of another length out."""

from seqzoo.tasks.translation.commands import PredictFlags as PredictFlags
from seqzoo.tasks.translation.commands import check_locales as check_locales
from seqzoo.tasks.translation.commands import commands_of as commands_of
from seqzoo.tasks.translation.data import encoded as encoded
from seqzoo.tasks.translation.data import load as load
from seqzoo.tasks.translation.data import load_test as load_test
from seqzoo.tasks.translation.data import unrolled as unrolled
from seqzoo.tasks.translation.data import with_quick as with_quick
from seqzoo.tasks.translation.sources import LIMITATIONS as LIMITATIONS
from seqzoo.tasks.translation.sources import SOURCES as SOURCES
from seqzoo.tasks.translation.task import TranslationTask as TranslationTask
from seqzoo.tasks.translation.tokens import levels as levels
from seqzoo.tasks.translation.tokens import train_tokenizers as train_tokenizers
