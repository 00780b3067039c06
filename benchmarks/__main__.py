"""The command of the benchmarks; it stays on one core, and so do the rivals that it starts."""

import os
import sys
from pathlib import Path

# Read when the libraries load, and inherited by the rivals.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_threads] = "1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from benchmarks.rivals import make_environments
from benchmarks.timing import stay_on_one_core
from harness.command import parser, run
from harness.results import Harness
from harness.rows import benchmark_row

HARNESS = Harness("benchmarks", Path(__file__).resolve().parent, benchmark_row, one_core=True)


def main() -> int:
    """Run the benchmarks, or make the environments of the rivals."""
    options = parser(HARNESS)
    options.add_argument(
        "--make-envs", type=Path, metavar="DIR", help="make the rivals' environments and stop"
    )
    options.add_argument("--rivals", type=Path, metavar="DIR", help="where they are (or STRANGENESS_RIVALS)")
    arguments = options.parse_args()
    if arguments.make_envs:
        make_environments(arguments.make_envs)
        return 0
    if arguments.rivals:
        os.environ["STRANGENESS_RIVALS"] = str(arguments.rivals)
    stay_on_one_core()
    return run(HARNESS, arguments)


if __name__ == "__main__":
    sys.exit(main())
