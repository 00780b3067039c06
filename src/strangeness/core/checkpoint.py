"""Checkpoints of the training loop: arrays only, one file a fit, found again by what is being fitted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from strangeness.core.errors import FileError
from strangeness.core.files import BROKEN, written_whole
from strangeness.core.run import current_run

T = TypeVar("T")
History = list[tuple[float, float]]


@dataclass(frozen=True)
class Checkpoint:
    """Saves and restores the state after an epoch; does nothing when the run keeps no checkpoints."""

    path: Path | None
    label: str

    @classmethod
    def of_run(cls, label: str, identity: Any) -> Checkpoint:
        """The checkpoint of a fit; ``identity`` is all that decides its result (settings, key, rows)."""
        folder = current_run().checkpoints
        if folder is None:
            return cls(None, label)
        return cls(folder / f"{label.replace(' ', '-')}-{fingerprint(identity)}.npz", label)

    def restore(self, state: T) -> tuple[T, History, int]:
        """The saved (state, history, best epoch), or ``state`` unchanged with an empty history.

        Raises:
            FileError: when the file cannot be read.
        """
        if self.path is None or not self.path.exists():
            return state, [], 0
        leaves, tree = jax.tree.flatten(state)
        try:
            with open(self.path, "rb") as stream, np.load(stream, allow_pickle=False) as saved:
                new = [_like(leaf, saved[f"leaf{index}"]) for index, leaf in enumerate(leaves)]
                history = [(float(a), float(b)) for a, b in saved["history"]]
                best = int(saved["best_epoch"])
        except BROKEN as error:
            raise FileError(f"the checkpoint '{self.path}' is damaged", "Remove it to begin anew.") from error
        return jax.tree.unflatten(tree, [jax.numpy.asarray(leaf) for leaf in new]), history, best

    def save(self, state: Any, history: History, best_epoch: int) -> None:
        """Write the state whole or not at all."""
        if self.path is None:
            return
        leaves = {f"leaf{index}": np.asarray(leaf) for index, leaf in enumerate(jax.tree.leaves(state))}
        with written_whole(self.path) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, history=np.asarray(history), best_epoch=best_epoch, **leaves)  # type: ignore[arg-type]

    def remedy(self) -> str:
        """What to tell a user whose training was interrupted."""
        if self.path is None:
            return "No checkpoint was kept; give an output folder to be able to resume."
        return "Run the same command again to resume from the last finished epoch."


def _like(leaf: Any, saved: np.ndarray) -> np.ndarray:
    if np.shape(leaf) != saved.shape:
        raise ValueError(f"an array of shape {saved.shape} in the place of {np.shape(leaf)}")
    return saved


def fingerprint(value: Any) -> str:
    """A short hash of a pytree of arrays and of values with a faithful ``repr``."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(value):
        if isinstance(leaf, (np.ndarray, jax.Array)):
            array = np.asarray(leaf)
            digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        else:
            digest.update(repr(leaf).encode())
    return digest.hexdigest()[:16]
