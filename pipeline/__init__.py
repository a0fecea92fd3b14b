"""A Disney character image dataset and the classifiers trained on it."""

__version__ = "0.1.0"
