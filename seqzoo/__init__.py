"""A Keras 3 model zoo of recurrent sequence models."""

__version__ = "0.1.0"
