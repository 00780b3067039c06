"""A process of a comparison whose fit never ends."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from strangeness.core.workers import child


def asleep(connection: Connection, begun: str) -> None:
    """Stand in for the fits of an entry; ``begun`` is touched when they start."""

    def never(*_: Any) -> None:
        Path(begun).touch()
        time.sleep(600)

    child(connection, never, ())
