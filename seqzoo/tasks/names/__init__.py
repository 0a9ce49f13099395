"""Names: one to many, the characters of a name given its class."""

from seqzoo.tasks.names.commands import GenerateFlags as GenerateFlags
from seqzoo.tasks.names.commands import generate as generate
from seqzoo.tasks.names.data import NextCharacters as NextCharacters
from seqzoo.tasks.names.data import as_split as as_split
from seqzoo.tasks.names.data import load as load
from seqzoo.tasks.names.data import load_test as load_test
from seqzoo.tasks.names.data import sequences as sequences
from seqzoo.tasks.names.data import tokenizer as tokenizer
from seqzoo.tasks.names.task import NamesTask as NamesTask
