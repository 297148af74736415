"""How long a newcomer waits for a readable, speaker-labelled exchange on the bundled corpus.

Trains with ``--preset 2m`` in an empty home and writes; everything through the command line.

    python -m benchmarks.first_exchange
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "assets" / "corpus"
PROMPT = "DELIA: Who put a wedding cake in dryer six?\n\n"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="co-") as folder:
        environment = dict(os.environ, HOME=folder)
        for name in ("STATE", "DATA", "CONFIG", "CACHE"):
            environment[f"XDG_{name}_HOME"] = f"{folder}/{name.lower()}"

        def coldopen(*arguments: str) -> str:
            command = [sys.executable, "-m", "tui.cli.main", *arguments]
            done = subprocess.run(
                command, env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
            return done.stdout

        begun = time.perf_counter()
        coldopen("train", str(CORPUS), "--name", "first", "--preset", "2m")
        trained = time.perf_counter() - begun
        text = coldopen("write", "first", "--prompt", PROMPT, "--tokens", "80", "--seed", "1")
        total = time.perf_counter() - begun
        models = json.loads(coldopen("models", "--json"))["models"]
        coldopen("engine", "stop", "--force")
    perplexity = next(m["perplexity"] for m in models if m["name"] == "first")
    speeches = re.findall(r"^[A-Z][A-Z .']+: \S.*$", text, re.MULTILINE)
    print(f"trained in {trained:.0f} s (validation perplexity {perplexity:.1f}),")
    print(f"first exchange after {total:.0f} s: {len(speeches)} labelled speeches\n\n{text}")
    return 0 if total < 180 and len(speeches) >= 2 else 1


if __name__ == "__main__":
    sys.exit(main())
