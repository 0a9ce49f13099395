"""Keras layers that compute the notes' equations exactly."""

from seqzoo.layers import conversion as conversion
from seqzoo.layers.attention import AdditiveAttention as AdditiveAttention
from seqzoo.layers.attention import MultiplicativeAttention as MultiplicativeAttention
from seqzoo.layers.bidirectional import Bidirectional as Bidirectional
from seqzoo.layers.compact_embedding import Compact as Compact
from seqzoo.layers.compact_embedding import CompactEmbedding as CompactEmbedding
from seqzoo.layers.compact_embedding import CompactReversibleEmbedding as CompactReversibleEmbedding
from seqzoo.layers.crf import CRF as CRF
from seqzoo.layers.frame_encoder import FrameEncoder as FrameEncoder
from seqzoo.layers.gru import GRU as GRU
from seqzoo.layers.gru import GRUCell as GRUCell
from seqzoo.layers.log_mel import LogMel as LogMel
from seqzoo.layers.lstm import LSTM as LSTM
from seqzoo.layers.lstm import LSTMCell as LSTMCell
from seqzoo.layers.recurrent import Recurrent as Recurrent
from seqzoo.layers.recurrent_cell import RecurrentCell as RecurrentCell
from seqzoo.layers.sensor_encoder import SensorEncoder as SensorEncoder
from seqzoo.layers.simple_rnn import SimpleRNN as SimpleRNN
from seqzoo.layers.simple_rnn import SimpleRNNCell as SimpleRNNCell
from seqzoo.layers.sound_encoder import SoundEncoder as SoundEncoder
from seqzoo.layers.spec_augment import SpecAugment as SpecAugment
from seqzoo.layers.stacked import Stacked as Stacked
from seqzoo.layers.standardization import Standardization as Standardization
