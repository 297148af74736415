"""The README says what is true: its keys are the registry's, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from tui.keymap import ACTIONS

ROOT = Path(__file__).parent.parent


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "docs/architecture.md", "docs/benchmarks.md"):
        page = ROOT / name
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{name}: {target}"


def test_actions_of_the_readme_exist() -> None:
    for action in re.findall(r'^"([a-z]+\.[a-z_]+)" = ', (ROOT / "README.md").read_text(), re.M):
        assert action in ACTIONS
