"""Language modeling: the next token given the tokens before, or a gap given all other tokens."""

from seqzoo.tasks.language_modeling.commands import COMMANDS as COMMANDS
from seqzoo.tasks.language_modeling.task import ClozeTask as ClozeTask
from seqzoo.tasks.language_modeling.task import LanguageModelTask as LanguageModelTask
from seqzoo.tasks.language_modeling.task import note_few_updates as note_few_updates
from seqzoo.tasks.language_modeling.task import task_of as task_of
