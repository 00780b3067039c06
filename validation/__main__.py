"""The command of the validation."""

import os
import sys
from pathlib import Path

# Sums must not depend on the number of threads; read when the libraries load.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from harness.command import parser, run
from harness.results import Harness
from harness.rows import validation_row

HARNESS = Harness("validation", Path(__file__).resolve().parent, validation_row, one_core=False)


def main() -> int:
    """Run the validation."""
    return run(HARNESS, parser(HARNESS).parse_args())


if __name__ == "__main__":
    sys.exit(main())
