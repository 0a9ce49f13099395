"""Language modeling: the next token given those before it, or a gap given all others."""

from seqzoo.tasks.language_modeling.commands import COMMANDS as COMMANDS
from seqzoo.tasks.language_modeling.task import ClozeTask as ClozeTask
from seqzoo.tasks.language_modeling.task import LanguageModelTask as LanguageModelTask
from seqzoo.tasks.language_modeling.task import note_few_updates as note_few_updates
