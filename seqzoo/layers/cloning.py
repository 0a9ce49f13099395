"""Copies of a layer, unbuilt, as `Bidirectional` and `Stacked` make them."""

from contextlib import contextmanager

from keras.src.backend.common import global_state  # not public, but the only place of Keras's record of shared objects

APART = 1_000_003  # of two seeds: on PyTorch, Keras adds to a seed how often it was drawn from


def copy_of(layer, name, seed_shift, **changes):
    """A layer of the same configuration but for `changes`, with a name of its own and every dropout seed of its own.

    The changes of a `Bidirectional` layer are those of its two directions.
    """
    with unshared():
        config = layer.get_config()
        config["name"] = name
        for recurrent in [config[part]["config"] for part in ("layer", "backward_layer") if part in config] or [config]:
            recurrent.update(changes)
        _shift_seeds(config, seed_shift)
        return type(layer).from_config(config)


@contextmanager
def unshared():
    """Context manager: serializes and deserializes objects as if no model were being loaded.

    While it loads one, Keras takes objects of one `id` for one object, also those that are gone: without this, the initializer
    of a layer that was only copied from may arrive as another layer's, or in the place of a whole layer.
    """
    names = [f"shared_objects/id_to_{kind}_map" for kind in ("obj", "config")]
    before = [global_state.get_global_attribute(name) for name in names]
    for name in names:
        global_state.set_global_attribute(name, None)
    try:
        yield
    finally:
        for name, record in zip(names, before, strict=True):
            global_state.set_global_attribute(name, record)


def _shift_seeds(config, by):
    if isinstance(config.get("seed"), int):
        config["seed"] += by * APART
    inner = [config[part] for part in ("cell", "layer", "backward_layer") if part in config]
    for serialized in [*inner, *config.get("cells", ())]:
        _shift_seeds(serialized["config"], by)
