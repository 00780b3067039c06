"""What a comparison measures of a process."""

import subprocess
import sys

import numpy as np

from strangeness.methods.comparison import peak_memory

CHILD = "from strangeness.methods.comparison import peak_memory; print(peak_memory())"


def test_memory_that_was_used_is_seen_here_and_not_in_a_new_process() -> None:
    before = peak_memory()
    block = np.ones(int(4e8 / 8))  # 400 MB, touched
    assert peak_memory() - before > 0.0 and peak_memory() > block.nbytes / 1e6
    said = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True).stdout
    del block
    # A process that only imports the package has far less than this one had.
    assert 50 < float(said) < peak_memory() - 100
