"""The engine of Cold Open: corpora, models, training, generation and inspection."""

__version__ = "0.1.0"
