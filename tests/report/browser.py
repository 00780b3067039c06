"""A headless chromium, driven by its command line alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=5000",
)


@dataclass(frozen=True)
class Visit:
    """What a visit left: the page's elements as text, and the lines of its console."""

    dom: str
    console: list[str]


def chromium() -> str | None:
    """The program that STRANGENESS_CHROMIUM names, or the first one on the path."""
    given = os.environ.get("STRANGENESS_CHROMIUM")
    return given or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


def visit(program: str, page: Path, profile: Path, *options: str) -> Visit:
    """Open a file, let its scripts finish, and close it."""
    command = [program, *_FLAGS, f"--user-data-dir={profile}", *options, "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return Visit(done.stdout, re.findall(r"CONSOLE.*", done.stderr))


def screenshot(program: str, page: Path, profile: Path, picture: Path, *options: str) -> None:
    """Write a picture of the first screen."""
    command = [
        program,
        *_FLAGS,
        f"--user-data-dir={profile}",
        *options,
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
