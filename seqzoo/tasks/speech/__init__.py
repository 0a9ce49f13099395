"""Speech: sounds with transcripts (many to many, Tx ≠ Ty, by CTC), or with labels (many to one)."""

from seqzoo.tasks.speech.commands import PredictFlags as PredictFlags
from seqzoo.tasks.speech.data import check_bands as check_bands
from seqzoo.tasks.speech.data import encodable as encodable
from seqzoo.tasks.speech.data import load as load
from seqzoo.tasks.speech.data import load_test as load_test
from seqzoo.tasks.speech.task import SpeechTask as SpeechTask
from seqzoo.tasks.speech.tokens import tokenizer_of as tokenizer_of
