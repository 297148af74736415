"""What an installation brings: everything that the program opens at run time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from engine import paths

ROOT = Path(__file__).parents[1]


def test_the_wheel_has_styles_corpus_and_model(tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in ("engine", "tui", "assets"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"
    subprocess.run(
        [sys.executable, "-c", build],
        cwd=tree,
        check=True,
        capture_output=True,
        env=os.environ,
        timeout=100,
    )
    (wheel,) = tree.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    needed = [
        *(p.relative_to(ROOT) for p in paths.bundled_corpus().rglob("*") if p.is_file()),
        *(p.relative_to(ROOT) for p in paths.bundled_labels().iterdir()),
        *(p.relative_to(ROOT) for m in paths.bundled_models() for p in m.rglob("*") if p.is_file()),
        *(p.relative_to(ROOT) for p in (ROOT / "tui").rglob("*.tcss")),
        *(p.relative_to(ROOT) for part in ("engine", "tui") for p in (ROOT / part).rglob("*.py")),
        Path("engine/py.typed"),
        Path("tui/py.typed"),
    ]
    assert len(needed) > 100
    assert {str(path) for path in needed} <= inside
    assert not {name for name in inside if name.startswith(("tests/", "benchmarks/"))}
