"""The jets of energyflow in .npz, against sums one by one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.events import concatenate_events, read, read_chunks

Npz = Callable[..., Path]


def jets(n: int, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    """X (n, 8, 4) of pt, y, phi, pid, zero padded; the particles of each jet."""
    rng = np.random.default_rng(seed)
    x, lists = np.zeros((n, 8, 4)), []
    for row in x:
        cells = rng.uniform([1, -1.5, 6.0, 0], [90, 1.5, 6.6, 1], (rng.integers(1, 9), 4))
        row[: len(cells)] = cells
        lists.append(cells)
    return x, lists


@pytest.mark.parametrize("chunk", [1, 4, 1000])
@pytest.mark.parametrize("width", [3, 4])
def test_jets_and_their_particles(npz: Npz, chunk: int, width: int) -> None:
    x, lists = jets(7)
    events = concatenate_events(list(read_chunks(npz("QG", X=x[:, :, :width], y=np.arange(7.0) % 2), chunk)))
    assert list(events.features) == ["pt", "eta", "phi", "mass", "multiplicity"]
    assert events.provenance["format"] == "energyflow" and events.truth.tolist() == [0, 1, 0, 1, 0, 1, 0]
    found = events.constituents
    assert found is not None and found.relative
    for row, cells in enumerate(lists):
        pt, y, phi = cells[:, :3].T
        energy, px, py, pz = (
            np.sum(v) for v in (pt * np.cosh(y), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(y))
        )
        assert events.features["pt"][row] == pytest.approx(np.hypot(px, py))
        assert events.features["eta"][row] == pytest.approx(np.arctanh(pz / np.sqrt(px**2 + py**2 + pz**2)))
        assert events.features["phi"][row] == pytest.approx(np.arctan2(py, px))
        mass2 = energy**2 - px**2 - py**2 - pz**2
        assert events.features["mass"][row] ** 2 == pytest.approx(max(mass2, 0), abs=1e-9 * energy**2)
        inside = slice(found.offsets[row], found.offsets[row + 1])
        order = np.argsort(-pt)
        np.testing.assert_allclose(found.pt[inside], pt[order], rtol=1e-6)
        np.testing.assert_allclose(found.eta[inside], y[order] - events.features["eta"][row], atol=1e-6)
        # The stored angles run beyond pi; the differences do not.
        d_phi = np.angle(np.exp(1j * (phi[order] - events.features["phi"][row])))
        np.testing.assert_allclose(found.phi[inside], d_phi, atol=1e-6)


def test_what_is_asked_for(npz: Npz) -> None:
    x, _ = jets(5)
    path = npz("a", X=x, y=np.zeros(5), other=np.arange(5))
    assert read(path, columns=["mass"]).constituents is None
    assert read(path, columns=["pt", "constituents"], label=None).truth is None
    assert read(path, label="other").truth.tolist() == [0, 1, 2, 3, 4]
    assert read(npz("b", X=x)).truth is None
    assert read(npz("c", X=np.zeros((4, 2)), y=np.zeros(4)), columns=["y"]).features["y"].tolist() == [0] * 4


def test_mev(npz: Npz) -> None:
    x, _ = jets(5)
    path = npz("mev", X=x * [1000, 1, 1, 1])
    with pytest.raises(FileError, match=r"'pt' of .* too large for GeV"):
        read(path)
    np.testing.assert_allclose(
        read(path, unit="MeV").features["mass"], read(npz("gev", X=x)).features["mass"], atol=1e-6
    )


def test_refusals(npz: Npz) -> None:
    def spoiled(place: int, value: float) -> np.ndarray:
        x, _ = jets(4)
        x[2, 0, place] = value
        return x

    empty, _ = jets(4)
    empty[1] = 0
    long = np.ones((1, 10_001, 3))
    cases: list[tuple[Path, dict[str, Any], str]] = [
        (npz("a", X=spoiled(0, -1.0)), {}, "particle 0 of .* in event 2"),
        (npz("b", X=spoiled(1, np.inf)), {}, "particle 0 of .* in event 2"),
        (npz("c", X=empty), {}, "jet 1 of .* has no constituents"),
        (npz("d", X=jets(4)[0], y=np.zeros(3)), {}, "'X' of .* has 4 rows and 'y' has 3"),
        (npz("e", X=jets(4)[0]), {"columns": ["mas"]}, "no column 'mas'. Did you mean mass"),
        (npz("f", X=jets(4)[0], y=np.zeros(4)), {"label": "z"}, "no label column 'z'"),
        (npz("g", X=long), {}, "has 10001 constituents"),
        (npz("h", X=np.full((2, 3, 4), "x")), {}, "'X' of .* is <U1"),
        (npz("i", X=jets(4)[0]), {"layout": "npy"}, "does not hold 'npy' but 'energyflow'"),
    ]
    for path, options, message in cases:
        with pytest.raises((FileError, InputError), match=message) as caught:
            read(path, **options)
        assert "\n" not in str(caught.value) and path.name in str(caught.value)


@pytest.mark.parametrize("keep", [0.1, 0.6, 0.95])
def test_truncated(npz: Npz, keep: float) -> None:
    path = npz("a", X=jets(50)[0], y=np.zeros(50))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(FileError, match=r"truncated or damaged .npz"):
        read(path)
