"""What each half of the program may load, seen from outside: deferred imports hide from linters."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import engine
import tui

TORCH_FREE = (
    "engine.client",
    "engine.config",
    "engine.errors",
    "engine.paths",
    "engine.protocol.messages",
)


def modules_of(package: object) -> list[str]:
    names = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")  # type: ignore[attr-defined]
    return [module.name for module in names if not module.name.endswith("__main__")]


def loaded_after_importing(modules: list[str]) -> set[str]:
    """The top-level packages in a fresh interpreter that has imported ``modules``."""
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print('\\n'.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *modules], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_whole_of_the_tui_never_loads_torch_or_numpy() -> None:
    modules = modules_of(tui)
    assert "tui.app" in modules
    assert not {"torch", "numpy", "safetensors"} & loaded_after_importing(modules)


def test_the_whole_of_the_engine_never_loads_textual() -> None:
    modules = modules_of(engine)
    assert "engine.client.connection" in modules
    assert not {"textual", "rich", "tui"} & loaded_after_importing(modules)


@pytest.mark.parametrize("module", TORCH_FREE)
def test_what_clients_use_of_the_engine_is_free_of_torch(module: str) -> None:
    assert not {"torch", "numpy"} & loaded_after_importing([module])


def test_starting_the_app_imports_no_room() -> None:
    script = (
        "import sys, tui.app\n"
        "print(*(name for name in sys.modules if name.startswith(('tui.screens.', 'engine.'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(done.stdout.split())
    assert not {name for name in loaded if name.startswith("tui.screens.")}
    assert "engine.client.connection" not in loaded
