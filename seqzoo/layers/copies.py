"""Copies of a layer, unbuilt, as `Bidirectional` and `Stacked` make them."""

APART = 1_000_003  # of two seeds: on PyTorch, Keras adds to a seed how often it was drawn from


def copy_of(layer, name, seed_shift, **changes):
    """A layer of the same configuration but for `changes`, with a name of its own and every dropout seed of its own.

    The changes of a `Bidirectional` layer are those of its two directions.
    """
    config = layer.get_config()
    config["name"] = name
    for recurrent in [config[part]["config"] for part in ("layer", "backward_layer") if part in config] or [config]:
        recurrent.update(changes)
    _shift_seeds(config, seed_shift)
    return type(layer).from_config(config)


def _shift_seeds(config, by):
    if isinstance(config.get("seed"), int):
        config["seed"] += by * APART
    inner = [config[part] for part in ("cell", "layer", "backward_layer") if part in config]
    for serialized in [*inner, *config.get("cells", ())]:
        _shift_seeds(serialized["config"], by)
