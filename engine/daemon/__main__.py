"""Run the engine: ``python -m engine.daemon``. Clients start it; nobody needs to."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import os
import signal
import sys
import threading

from engine import paths
from engine.client.launch import socket_path
from engine.daemon.server import AlreadyRunning

IDLE_SECONDS = 600.0
"""How long an engine without client, call or run waits before it leaves."""


def main() -> int:
    paths.log_file().parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[
            logging.handlers.RotatingFileHandler(
                paths.log_file(), maxBytes=2_000_000, backupCount=2, encoding="utf-8"
            )
        ],
    )
    faulthandler.enable(file=sys.stderr)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    log = logging.getLogger("engine")
    try:
        from engine.daemon.service import Service

        idle = float(os.environ.get("COLDOPEN_IDLE_SECONDS", IDLE_SECONDS))
        service = Service(socket_path(), idle_seconds=idle)
    except AlreadyRunning:
        log.info("another engine is already running")
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(
            number, lambda *_: threading.Thread(target=service.leave, daemon=True).start()
        )
    log.info("engine %d listens at %s", os.getpid(), socket_path())
    service.run()
    log.info("engine %d left", os.getpid())
    return 0


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    # Whoever waits for a model or for torch to be imported is not waited for: everything that
    # matters is on disk, and an interpreter that winds down under such threads may hang.
    os._exit(status)
