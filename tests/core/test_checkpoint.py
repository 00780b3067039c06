"""Checkpoints: found again by what is being fitted, and refused when damaged."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.checkpoint import Checkpoint, fingerprint
from strangeness.core.errors import FileError
from strangeness.core.run import running
from strangeness.core.train import Training

STATE = {"w": jnp.arange(3.0), "n": jnp.int32(4)}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    with running(checkpoints=tmp_path):
        kept = Checkpoint.of_run("my fit", (1, "a"))
    kept.save(STATE, [(1.0, 2.0), (0.5, 1.5)], 1)
    return kept


def test_what_was_saved_comes_back(checkpoint: Checkpoint) -> None:
    empty = {"w": jnp.zeros(3), "n": jnp.int32(0)}
    state, history, best = checkpoint.restore(empty)
    assert np.array_equal(state["w"], STATE["w"]) and int(state["n"]) == 4
    assert state["n"].dtype == jnp.int32
    assert history == [(1.0, 2.0), (0.5, 1.5)] and best == 1
    assert checkpoint.path is not None and checkpoint.path.name.startswith("my-fit-")
    assert "resume" in checkpoint.remedy()


def test_without_a_folder_nothing_is_kept() -> None:
    checkpoint = Checkpoint.of_run("fit", ())
    checkpoint.save(STATE, [], 0)
    assert checkpoint.restore(STATE) == (STATE, [], 0)
    assert "No checkpoint was kept" in checkpoint.remedy()


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"PK\x03\x04" + bytes(40), b"\x80\x04K\x01.", None], ids=range(5)
)
def test_damage_is_reported(checkpoint: Checkpoint, content: bytes | None) -> None:
    assert checkpoint.path is not None
    whole = checkpoint.path.read_bytes()
    checkpoint.path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(FileError, match=r"the checkpoint '.*npz' is damaged. Remove it to begin anew"):
        checkpoint.restore(STATE)


@pytest.mark.parametrize(
    "state", [{"w": STATE["w"], "n": STATE["n"], "z": jnp.zeros(1)}, {"w": jnp.zeros(4), "n": 1}]
)
def test_a_checkpoint_of_another_state_is_damage(checkpoint: Checkpoint, state: object) -> None:
    with pytest.raises(FileError, match="is damaged"):
        checkpoint.restore(state)


def test_fingerprints_tell_values_types_and_shapes_apart() -> None:
    x = np.arange(6.0)
    different = [
        x,
        x.astype(np.float32),
        x.reshape(2, 3),
        x[::-1],
        Training(),
        Training(epochs=3),
        1,
        1.0,
        "1",
        "2",
    ]
    assert len({fingerprint(value) for value in different}) == len(different)
    assert fingerprint(x[::2]) == fingerprint(x[::2].copy())
