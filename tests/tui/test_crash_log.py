"""What goes wrong inside is in a file, and not on the screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPORT = """
import logging
from tui.cli import main as program
from tui.cli.main import main
program.opens_app = lambda *given: True
program._open_app = lambda given: logging.getLogger("asyncio").error(*given)
main(["Future exception was never retrieved %s", "\\udce9"])
main(["not one but %s %s", "arguments"])
"""


def test_what_libraries_report_is_in_the_log_and_not_on_the_screen(user_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REPORT], capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout + done.stderr == ""
    log = user_home / "state" / "coldopen" / "app.log"
    assert "never retrieved \\udce9" in log.read_text()
    assert "asyncio: not one but" in log.read_text()
