"""Models for sequences: classification, tagging, generation and language modeling."""

from seqzoo.models.cloze import Cloze
from seqzoo.models.encoder_decoder import EncoderDecoder, Output
from seqzoo.models.forecast_stream import ForecastStream
from seqzoo.models.forecaster import Forecast, Forecaster
from seqzoo.models.language_model import LanguageModel, Scored
from seqzoo.models.many_to_many import Labels, ManyToMany
from seqzoo.models.many_to_one import Answer, ManyToOne
from seqzoo.models.many_to_one_stream import ManyToOneStream, WindowStream
from seqzoo.models.one_to_many import OneToMany
from seqzoo.models.one_to_one import OneToOne
from seqzoo.models.speech_recognizer import SpeechRecognizer, Transcript
from seqzoo.models.speech_stream import SpeechStream

__all__ = [
    "Answer",
    "Cloze",
    "EncoderDecoder",
    "Forecast",
    "ForecastStream",
    "Forecaster",
    "Labels",
    "LanguageModel",
    "ManyToMany",
    "ManyToOne",
    "ManyToOneStream",
    "OneToMany",
    "OneToOne",
    "Output",
    "Scored",
    "SpeechRecognizer",
    "SpeechStream",
    "Transcript",
    "WindowStream",
]
