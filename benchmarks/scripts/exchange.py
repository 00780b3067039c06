"""The rival's side of the exchange (runs in the rival's environment: standard library and NumPy only)."""

import json
import sys
from pathlib import Path

import numpy as np


def inputs():
    """The arguments and the arrays that the harness put into the folder."""
    folder = Path(sys.argv[1])
    arrays = {file.stem: np.load(file, allow_pickle=False) for file in folder.glob("*.npy")}
    return json.loads((folder / "arguments.json").read_text(encoding="utf-8")), arrays


def reply(values, **arrays):
    """Give JSON values and arrays back."""
    folder = Path(sys.argv[1])
    for name, array in arrays.items():
        np.save(folder / f"out_{name}.npy", array, allow_pickle=False)
    (folder / "values.json").write_text(json.dumps(values), encoding="utf-8")
