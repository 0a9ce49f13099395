"""Cloning of layers: unbuilt copies for `Bidirectional` and `Stacked`."""

from contextlib import contextmanager

from keras.src.backend.common import global_state  # not public: Keras's record of shared objects has no public API

APART = 1_000_003  # distance of two seeds: on PyTorch, Keras adds the number of draws to a seed


def copy_of(layer, name, seed_shift, **changes):
    """Returns an unbuilt copy of a layer, with `changes` in its configuration, its own name and its own dropout seeds.

    For a `Bidirectional` layer the changes apply to both directions.
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

    While Keras loads a model, it takes objects with one `id` for one object, even after an object is gone. Without this context
    the initializer of a copied layer may be deserialized as that of another layer, or in place of a whole layer.
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
