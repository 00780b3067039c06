"""``python -m harness --freeze-targets``: note the current bounds as those that may not be loosened."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.targets import freeze

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = {name: REPOSITORY / name / "targets" for name in ("benchmarks", "validation")}
FROZEN = REPOSITORY / "tests" / "structure" / "frozen_targets.json"


def main() -> int:
    """Freeze the bounds, or say what was loosened and return 1."""
    options = argparse.ArgumentParser(prog="python -m harness", description=__doc__)
    options.add_argument("--freeze-targets", action="store_true", required=True)
    options.parse_args()
    complaints = freeze(FOLDERS, FROZEN)
    sys.stderr.writelines(f"{complaint}\n" for complaint in complaints)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
