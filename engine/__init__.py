"""The engine of Cold Open: corpora, models, training, generation and inspection."""

__version__ = "0.1.0"

import os as _os

# Read when torch is loaded. OpenMP's threads otherwise spin for long at every barrier, and on a
# machine whose cores are wanted by others too, training then stands still for most of the time.
_os.environ.setdefault("GOMP_SPINCOUNT", "2000")
