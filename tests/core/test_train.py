"""The training loop on a line through points, where the answer is known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError, Interrupted
from strangeness.core.identity import identities, roles
from strangeness.core.run import running
from strangeness.core.train import Fitted, Training, _Loop, train

N, D = 120, 3
KEY = jax.random.key(11)
WHOLE = Training(epochs=12, batch_size=128, chunk=2, learning_rate=0.05, weight_decay=0.0, patience=400)
"""One step holds all training rows; the second step of the block is filled up with weight 0."""
SMALL = replace(WHOLE, batch_size=16, chunk=4)


class Line(eqx.Module):
    """w . x + b."""

    w: Any
    b: Any
    name: str = eqx.field(static=True, default="line")


def squared(model: Line, rows: Any, key: Any) -> Any:
    return (rows["x"] @ model.w + model.b - rows["y"]) ** 2


def zero() -> Line:
    return Line(jnp.zeros(D), jnp.zeros(()))


class Toy:
    """Noisy points on a plane with weights."""

    def __init__(self) -> None:
        rng = np.random.default_rng(2)
        self.id = identities("toy", N)
        self.x = rng.normal(size=(N, D))
        self.y = self.x @ [1.0, -2.0, 0.5] + 0.7 + rng.normal(0.0, 0.5, N)
        self.weight = rng.uniform(0.2, 2.0, N)
        self.holdout = roles(self.id, {"train": 0.8, "holdout": 0.2}, "early stopping")["holdout"]

    def fit(self, settings: Training, **changes: Any) -> Fitted:
        arrays = {
            "x": self.x,
            "y": self.y,
            "weight": self.weight,
            "model": zero(),
            "key": KEY,
            "loss": squared,
            "project": None,
        } | changes
        rows = {"x": arrays["x"], "y": arrays["y"]}
        return train(
            arrays["model"],
            arrays["loss"],
            rows,
            self.id,
            arrays["weight"],
            settings,
            key=arrays["key"],
            label="toy fit",
            project=arrays["project"],
        )

    def least_squares(self) -> np.ndarray:
        """Weighted normal equations of the training rows: (w, b)."""
        kept = ~self.holdout
        design = np.column_stack([self.x, np.ones(N)])[kept]
        weighted = design * self.weight[kept, None]
        return np.linalg.solve(weighted.T @ design, weighted.T @ self.y[kept])


@pytest.fixture(scope="module")
def toy() -> Toy:
    return Toy()


def parameters(fitted: Fitted) -> np.ndarray:
    return np.append(np.asarray(fitted.model.w), fitted.model.b)


def equal(a: Fitted, b: Fitted) -> bool:
    same = np.array_equal(parameters(a), parameters(b)) and np.array_equal(a.history, b.history)
    return same and a.best_epoch == b.best_epoch


def last_parameters(folder: Path) -> list[np.ndarray]:
    """The parameters after the last epoch, which the checkpoint keeps first."""
    (file,) = folder.glob("*.npz")
    with np.load(file) as saved:
        return [saved["leaf0"], saved["leaf1"]]


def test_it_finds_the_least_squares_line(toy: Toy) -> None:
    exact = toy.least_squares()
    # Hold-out points lie on the exact line, so that the best epoch is the one nearest to it.
    y = np.where(toy.holdout, toy.x @ exact[:D] + exact[D], toy.y)
    fitted = toy.fit(replace(WHOLE, epochs=400), y=y)
    assert np.allclose(
        parameters(fitted), exact, atol=1e-3
    )  # the step of Adam at this rate, in single precision
    assert fitted.history[fitted.best_epoch, 1] < 1e-6
    kept = ~toy.holdout
    residual = toy.x[kept] @ exact[:D] + exact[D] - toy.y[kept]
    assert fitted.history[-1, 0] == pytest.approx(np.average(residual**2, weights=toy.weight[kept]), rel=1e-4)


def test_losses_are_weighted_means(toy: Toy) -> None:
    fitted = toy.fit(replace(WHOLE, epochs=1))
    kept = ~toy.holdout
    assert fitted.history[0, 0] == pytest.approx(
        np.average(toy.y[kept] ** 2, weights=toy.weight[kept]), rel=1e-5
    )
    model = fitted.model
    residual = toy.x @ np.asarray(model.w) + float(model.b) - toy.y
    held = np.average(residual[toy.holdout] ** 2, weights=toy.weight[toy.holdout])
    assert fitted.history[0, 1] == pytest.approx(held, rel=1e-5)


def test_holdout_rows_never_move_the_parameters(toy: Toy, tmp_path: Path) -> None:
    moved = np.where(toy.holdout[:, None], toy.x + 100.0, toy.x)
    for epochs in (1, 3, 6):
        settings, folders = replace(SMALL, epochs=epochs), (tmp_path / f"a{epochs}", tmp_path / f"b{epochs}")
        with running(checkpoints=folders[0]):
            plain = toy.fit(settings)
        with running(checkpoints=folders[1]):
            other = toy.fit(settings, x=moved)
        for a, b in zip(*map(last_parameters, folders), strict=True):
            assert np.array_equal(a, b)
        assert np.array_equal(plain.history[:, 0], other.history[:, 0])
        assert not np.any(plain.history[:, 1] == other.history[:, 1])


def test_holdout_follows_identity_not_order(toy: Toy) -> None:
    order = np.random.default_rng(4).permutation(N)
    rows = {"x": toy.x[order], "y": toy.y[order]}
    fitted = train(zero(), squared, rows, toy.id[order], toy.weight[order], WHOLE, key=KEY)
    assert np.allclose(
        fitted.history, toy.fit(WHOLE).history, rtol=1e-5
    )  # sums in another order, single precision


def test_early_stopping_returns_the_best_epoch(toy: Toy, tmp_path: Path) -> None:
    # The hold-out points ask for half of the way, so that its loss falls and rises again.
    y = np.where(toy.holdout, 0.5 * toy.y, toy.y)
    settings = replace(SMALL, epochs=200, patience=3)
    fitted = toy.fit(settings, y=y)
    assert 0 < fitted.best_epoch == np.argmin(fitted.history[:, 1])
    assert len(fitted.history) == fitted.best_epoch + 3 + 1 < 200
    with running(checkpoints=tmp_path):
        toy.fit(replace(settings, epochs=fitted.best_epoch + 1), y=y)
    w, b = last_parameters(tmp_path)
    assert np.array_equal(parameters(fitted), np.append(w, b))


def test_the_key_decides_the_bytes(toy: Toy) -> None:
    assert equal(toy.fit(SMALL), toy.fit(SMALL))
    assert not equal(toy.fit(SMALL), toy.fit(SMALL, key=jax.random.key(12)))


def test_rows_of_weight_zero_do_nothing(toy: Toy) -> None:
    weight = np.where(np.arange(N) % 3 == 0, 0.0, toy.weight)
    moved = np.where(weight[:, None] == 0, -50.0, toy.x)
    assert equal(toy.fit(SMALL, weight=weight), toy.fit(SMALL, weight=weight, x=moved))


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ctrl-C when epoch 4 has been computed and not yet recorded; the list tells the epochs that ran."""
    epoch, ran = _Loop.epoch, []

    def stopped(self: Any, state: Any, number: int, label: str) -> Any:
        ran.append(number)
        result = epoch(self, state, number, label)
        if number == 4 and ran.count(4) == 1:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr("strangeness.core.train._Loop.epoch", stopped)
    return ran


def test_an_interrupted_training_resumes_to_the_same_bytes(
    toy: Toy, tmp_path: Path, interrupted: list[int]
) -> None:
    with running(checkpoints=tmp_path):
        with pytest.raises(
            Interrupted, match=r"toy fit was interrupted in epoch 4. Run the same command again"
        ):
            toy.fit(SMALL)
        resumed = toy.fit(SMALL)
    assert interrupted == [*range(5), *range(4, 12)]
    assert equal(resumed, toy.fit(SMALL))


def test_without_a_folder_an_interruption_says_so(toy: Toy, interrupted: list[int]) -> None:
    with pytest.raises(Interrupted, match="No checkpoint was kept; give an output folder"):
        toy.fit(SMALL)


def test_a_finished_training_is_not_repeated(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(checkpoints=tmp_path):
        first = toy.fit(SMALL)
        monkeypatch.setattr("strangeness.core.train._Loop.epoch", None)
        assert equal(toy.fit(SMALL), first)


def other_loss(model: Line, rows: Any, key: Any) -> Any:
    return jnp.abs(squared(model, rows, key))


def on_the_circle(model: Line) -> Line:
    """The slopes brought back to unit length."""
    return Line(model.w / jnp.linalg.norm(model.w), model.b, model.name)


def test_a_constraint_holds_after_every_step(toy: Toy, tmp_path: Path) -> None:
    settings = replace(WHOLE, epochs=400)
    start = Line(jnp.array([1.0, 0.0, 0.0]), jnp.zeros(()))
    direction = np.array([0.6, -0.8, 0.0])
    with running(checkpoints=tmp_path):
        fitted = toy.fit(settings, model=start, project=on_the_circle, y=toy.x @ direction + 0.3)
    assert np.linalg.norm(last_parameters(tmp_path)[0]) == pytest.approx(1.0, abs=1e-6)
    # rounding of single precision and the last step of Adam
    assert np.allclose(parameters(fitted), [*direction, 0.3], atol=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"key": jax.random.key(12)},
        {"y": np.zeros(N)},
        {"weight": np.ones(N)},
        {"model": Line(jnp.ones(D), jnp.zeros(()))},
        {"model": Line(jnp.zeros(D), jnp.zeros(()), "another network")},
        {"loss": other_loss},
        {"project": on_the_circle},
    ],
    ids=["key", "rows", "weights", "start", "static part", "loss", "constraint"],
)
def test_another_fit_never_resumes_from_this_one(toy: Toy, tmp_path: Path, change: dict[str, Any]) -> None:
    with running(checkpoints=tmp_path):
        toy.fit(replace(WHOLE, epochs=1))
        toy.fit(replace(WHOLE, epochs=1), **change)
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_a_damaged_checkpoint_is_reported(toy: Toy, tmp_path: Path) -> None:
    with running(checkpoints=tmp_path):
        toy.fit(replace(WHOLE, epochs=1))
        (file,) = tmp_path.glob("*.npz")
        file.write_bytes(file.read_bytes()[:-40])
        with pytest.raises(FileError, match=r"the checkpoint .* is damaged. Remove it to begin anew"):
            toy.fit(replace(WHOLE, epochs=1))


def test_what_cannot_be_trained_is_refused(toy: Toy) -> None:
    with pytest.raises(InputError, match=r"a training weight is -1"):
        toy.fit(WHOLE, weight=np.where(np.arange(N) == 3, -1.0, 1.0))
    with pytest.raises(InputError, match="120 events leave no hold-out weight"):
        toy.fit(WHOLE, weight=np.where(toy.holdout, 0.0, 1.0))
    with pytest.raises(InputError, match="120 events leave no training weight"):
        toy.fit(replace(WHOLE, holdout=1.0))
    with pytest.raises(InputError, match="leave no hold-out weight"):
        toy.fit(replace(WHOLE, holdout=0.0))
    with pytest.raises(
        InputError, match=r"the loss of toy fit became (inf|nan) in epoch 0. Lower the learning rate"
    ):
        toy.fit(WHOLE, y=np.full(N, 1e30))


def test_no_epoch_returns_the_start(toy: Toy) -> None:
    fitted = toy.fit(replace(WHOLE, epochs=0))
    assert not parameters(fitted).any() and fitted.history.shape == (0, 2)


def test_integers_in_rows_stay_integers(toy: Toy) -> None:
    rows = {"x": toy.x, "y": np.arange(N) % 2}
    fitted = train(zero(), squared, rows, toy.id, toy.weight, replace(WHOLE, epochs=1), key=KEY)
    assert np.all(np.isfinite(fitted.history))


def test_the_bar_shows_the_losses(
    toy: Toy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with running(progress=True):
        toy.fit(replace(WHOLE, epochs=2))
    shown = capsys.readouterr()
    assert shown.out == "" and "toy fit" in shown.err and "hold-out" in shown.err and "2/2" in shown.err
