"""Take the README's pictures: the real app, the real engine, the bundled models.

python docs/make_pictures.py
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
DRAFT = (
    "[Spin Cycle, night. Delia counts quarters.]\n\nDELIA: Who put a wedding cake in dryer six?\n\n"
)
EPISODE, SPEECH = "s03e10-check-the-pockets.txt", "OZ: Dryer five is done!"


async def pictures() -> None:
    from engine import paths
    from engine.client import EngineClient
    from engine.protocol.messages import StopEngine
    from tui.app import ColdOpenApp
    from tui.drafts.store import DraftStore
    from tui.screens.inspect import InspectRoom

    drafts = DraftStore()
    drafts.folder.mkdir(parents=True)
    (drafts.folder / "The wedding cake.txt").write_text(DRAFT)
    app = ColdOpenApp(start_room="write")
    async with app.run_test(size=(104, 30)) as pilot:
        await app.engine_ready()
        await pilot.pause(4.0)
        await pilot.press("ctrl+end", "ctrl+g")
        await pilot.pause(3.0)
        await pilot.press("ctrl+l", "ctrl+l")
        await pilot.pause(1.0)
        (HERE / "write.svg").write_text(app.export_screenshot(title="Cold Open"))
        await app.enter("inspect")
        room = app.room("inspect")
        assert isinstance(room, InspectRoom)
        await pilot.press("ctrl+p")
        text = (paths.bundled_corpus() / EPISODE).read_text(encoding="utf-8")
        room.inspect_text(text, text.index(SPEECH))
        await pilot.pause(3.0)
        (HERE / "mood.svg").write_text(app.export_screenshot(title="Cold Open"))
    client = await EngineClient.connect("pictures")
    await client.call(StopEngine(force=True))
    await client.close()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="co-") as home:
        os.environ["HOME"] = home
        for name in ("STATE", "DATA", "CONFIG", "CACHE"):
            os.environ[f"XDG_{name}_HOME"] = f"{home}/{name.lower()}"
        asyncio.run(pictures())


if __name__ == "__main__":
    main()
