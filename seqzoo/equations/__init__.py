"""Recurrent units as equations, the notes' and others, pure functions of arrays: one module a unit, one line an equation."""

from seqzoo.equations.gru import GRU as GRU
from seqzoo.equations.layer_norm_gru import LayerNormGRU as LayerNormGRU
from seqzoo.equations.layer_norm_lstm import LayerNormLSTM as LayerNormLSTM
from seqzoo.equations.lstm import LSTM as LSTM
from seqzoo.equations.reset_after_gru import ResetAfterGRU as ResetAfterGRU
from seqzoo.equations.simple_rnn import SimpleRNN as SimpleRNN
from seqzoo.equations.simplified_gru import SimplifiedGRU as SimplifiedGRU
from seqzoo.equations.unit import Unit as Unit
