"""Frame encoder: each frame of a clip becomes a vector, for recurrent layers."""

import keras
import numpy as np
from keras import ops

from seqzoo.layers.arguments import positive_integer


@keras.saving.register_keras_serializable("seqzoo")
class FrameEncoder(keras.layers.Layer):
    """Clips `(batch, T_x, height, width, channels)`, numbers from 0 to 255 -> vectors `(batch, T_x, features)`, frame by frame.

    A frame's vector depends on that frame alone: convolutions of stride 2 with ReLU, or a network of `keras.applications`,
    whose weights are not trained; then a dense layer, and layer normalisation, without which the recurrent layers may learn
    nothing for many epochs. `adapt` sets the mean and the deviation by which each channel is normalised before the
    convolutions; without them a background hides what moves before it.

    Args:
        frame: height, width and channels of a frame.
        filters: filters of each convolution, the lowest first.
        features: the size of a vector.
        backbone: name of a class of `keras.applications`, such as "MobileNetV2", in place of the convolutions; frames have
            three channels then.
        weights: weights of the backbone, "imagenet" or a file; random ones if None, as in a model that is loaded.

    Call arguments: the clips; `mask`, booleans `(batch, T_x)`, which is that of the output too.
    """

    input_dtype, by_step = "uint8", True

    def __init__(self, frame, filters=(16, 32, 64), features=64, backbone=None, weights=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.frame = tuple(positive_integer("frame", size) for size in frame)
        if len(self.frame) != 3:
            raise ValueError(f"`frame` must be height, width and channels, got {frame!r}.")
        self.filters, self.features, self.backbone = tuple(filters), positive_integer("features", features), backbone
        policy = {"dtype": self.dtype_policy}
        if backbone is None:
            options = {"kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"} | policy
            layers = [keras.layers.Conv2D(positive_integer("filters", size), **options) for size in filters]
            self.network = keras.Sequential([*layers, keras.layers.Flatten(**policy)])
        else:
            self.network = _application(backbone, self.frame, weights, self.dtype_policy)
        self.dense = keras.layers.Dense(features, **policy)
        self.norm = keras.layers.LayerNormalization(**policy)
        self.supports_masking = True

    @property
    def input_shape_of_step(self):
        """The shape of a frame."""
        return self.frame

    def build(self, clips_shape):
        shape = {"shape": (self.frame[-1],), "trainable": False, "dtype": "float32"}
        self.mean = self.add_weight(name="mean", initializer=keras.initializers.Constant(127.5), **shape)
        self.deviation = self.add_weight(name="deviation", initializer=keras.initializers.Constant(127.5), **shape)
        self.network.build((None, *self.frame))
        self.dense.build(self.network.compute_output_shape((None, *self.frame)))
        self.norm.build((None, self.features))
        self.built = True

    def call(self, clips, mask=None, training=False):
        frames = ops.cast(ops.reshape(clips, (-1, *self.frame)), "float32")
        if self.backbone is None:
            frames = (frames - self.mean) / self.deviation
        vectors = self.network(ops.cast(frames, self.compute_dtype), training=training and self.backbone is None)
        return ops.reshape(self.norm(self.dense(vectors)), (-1, ops.shape(clips)[1], self.features))

    def adapt(self, clips):
        """Sets the mean and the deviation of each channel to those of a list of clips `(T_x, height, width, channels)`."""
        if not self.built:
            self.build((None, None, *self.frame))
        pixels = np.concatenate([np.asarray(clip, np.float32).reshape(-1, self.frame[-1]) for clip in clips])
        self.mean.assign(pixels.mean(axis=0))
        self.deviation.assign(np.maximum(pixels.std(axis=0), 1.0))

    def steps_mask(self, mask):
        """The mask of the output, of the mask of the frames: the same."""
        return mask

    def compute_output_shape(self, clips_shape):
        return (*clips_shape[:2], self.features)

    def get_config(self):
        own = {"frame": list(self.frame), "filters": list(self.filters)}
        return super().get_config() | own | {"features": self.features, "backbone": self.backbone}


def _application(name, frame, weights, policy):
    """A network of `keras.applications` with its preprocessing, without its classes; it is not trained."""
    build = getattr(keras.applications, name, None)
    if not isinstance(build, type(_application)):
        raise ValueError(f'`backbone` must be a name of `keras.applications`, such as "MobileNetV2", got {name!r}.')
    network = build(include_top=False, weights=weights, input_shape=frame, pooling="avg")
    network.trainable = False
    module = next(
        m for m in vars(keras.applications).values() if getattr(m, name, None) is build and hasattr(m, "preprocess_input")
    )
    frames = keras.Input(frame, dtype=policy.compute_dtype)
    return keras.Model(frames, network(module.preprocess_input(frames)))
