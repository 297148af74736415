"""Where files live: one function per place, all under the user's own directories."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "coldopen"


def expanded(path: str | Path) -> Path:
    """``path`` with ``~`` as a home; as it is where that is nobody's, as in ``~$draft.txt``."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def printable(name: str) -> str:
    """``name`` with the bytes in it that are no UTF-8 as ``\\xe9`` and so on."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a character that no file system made
        return name.encode("utf-8", "backslashreplace").decode()


def data_dir() -> Path:
    """Models and drafts: what must never be lost."""
    return Path(platformdirs.user_data_dir(_APP))


def models_dir() -> Path:
    """One folder per trained model."""
    return data_dir() / "models"


def drafts_dir() -> Path:
    """The writer's scripts, their journals and their trees of alternatives."""
    return data_dir() / "drafts"


def state_dir() -> Path:
    """Logs and the engine's socket: may be deleted while nothing runs."""
    return Path(platformdirs.user_state_dir(_APP))


def run_dir() -> Path:
    """Holds the engine's socket and lock; not XDG_RUNTIME_DIR, which vanishes at logout."""
    return state_dir() / "run"


def log_file() -> Path:
    """The engine's log."""
    return state_dir() / "engine.log"


def config_file() -> Path:
    """The user's settings, TOML."""
    return Path(platformdirs.user_config_dir(_APP)) / "config.toml"


def cache_dir() -> Path:
    """Tokenised corpora, keyed by content: can always be made again."""
    return Path(platformdirs.user_cache_dir(_APP))


def bundled_corpus() -> Path:
    """The folder of the sitcom that ships with the program."""
    return _assets() / "corpus"


def bundled_model() -> Path:
    """The folder of the model that ships with the program."""
    return _assets() / "pretrained" / "spin-cycle"


def bundled_moods() -> Path:
    """The folder of the network that tells moods and ships with the program."""
    return _assets() / "pretrained" / "dialogue-moods"


def bundled_models() -> tuple[Path, ...]:
    """The folders of all that ships trained."""
    return (bundled_model(), bundled_moods())


def bundled_labels() -> Path:
    """The folder of the labelled texts that it learned moods from."""
    return _assets() / "moods"


def _assets() -> Path:
    import assets

    return Path(os.fspath(assets.__path__[0]))
