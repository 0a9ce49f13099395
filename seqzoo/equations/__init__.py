"""Recurrent units as equations of the notes, pure functions of arrays: one module a unit, one line an equation."""

from seqzoo.equations.gru import GRU as GRU
from seqzoo.equations.lstm import LSTM as LSTM
from seqzoo.equations.simple_rnn import SimpleRNN as SimpleRNN
from seqzoo.equations.simplified_gru import SimplifiedGRU as SimplifiedGRU
from seqzoo.equations.unit import Unit as Unit
