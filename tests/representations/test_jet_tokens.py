"""Jet tokens against binning particle by particle, and their way back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.artefact import load, save
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.representations.jet_tokens import PADDING, JetTokenMap, JetTokens
from tests.representations.particles import toy_jets


def fitted_on(jets: NDArray[Any], **options: Any) -> JetTokenMap:
    return JetTokens(**options).fit_map(
        ArraySource(make_batch({"constituents": jets})), key=jax.random.key(0)
    )


def tokens_of(jets: NDArray[Any], **options: Any) -> NDArray[np.int32]:
    return fitted_on(jets, **options)(make_batch({"constituents": jets})).x


def by_hand(jet: NDArray[Any], most: int) -> list[int]:
    """Tokens of one jet with 8 bins of pt from 0.5 to 100 GeV and 6 of eta and phi within 0.5."""

    def place(share: float, number: int) -> int:
        return min(max(math.floor(share * number), 0), number - 1)

    found = []
    for pt, eta, phi in sorted((p for p in jet.tolist() if p[0] > 0), key=lambda p: -p[0])[:most]:
        momentum = place(math.log(pt / 0.5) / math.log(200.0), 8)
        found.append(1 + (momentum * 6 + place(eta + 0.5, 6)) * 6 + place(phi + 0.5, 6))
    return found + [PADDING] * (most - len(found))


def test_tokens_equal_binning_by_hand() -> None:
    jets = toy_jets(200)
    found = tokens_of(jets, most=20, bins=(8, 6), pt_range=(0.5, 100.0), half_width=0.5, centred=False)
    assert found.dtype == np.int32 and found.shape == (200, 20)
    np.testing.assert_array_equal(found, [by_hand(jet, 20) for jet in jets])


def test_tokens_lead_back_to_the_particles_within_half_a_bin() -> None:
    jets = toy_jets(50)
    fitted = fitted_on(jets, most=30, pt_range=(0.05, 1000.0), half_width=1.5, centred=False)
    batch = make_batch({"constituents": jets})
    back = fitted.particles(fitted(batch).x)
    for jet, particles in zip(jets.astype(float), back, strict=True):
        ordered = jet[np.argsort(-jet[:, 0], kind="stable")]
        n = int((ordered[:, 0] > 0).sum())
        ratio = np.abs(np.log(particles[:n, 0] / ordered[:n, 0]))
        # bins of log pt over 40, of angles 3.0 over 30
        assert ratio.max() <= 0.5 * np.log(1000.0 / 0.05) / 40 + 1e-6
        assert np.abs(particles[:n, 1:] - ordered[:n, 1:]).max() <= 0.05 + 1e-6
        assert not particles[n:].any()


def test_what_lies_outside_falls_into_the_first_or_the_last_bin() -> None:
    jets = np.array([[[1e6, 2.0, -2.0], [1e-3, -2.0, 2.0]]])
    fitted = fitted_on(jets, most=3, bins=(4, 5), centred=False)
    tokens = fitted(make_batch({"constituents": jets})).x
    assert tokens.tolist() == [[1 + (3 * 5 + 4) * 5 + 0, 1 + (0 * 5 + 0) * 5 + 4, PADDING]]
    assert fitted.vocabulary == 101 and tokens.max() < fitted.vocabulary
    with pytest.raises(InputError, match="tokens from -1 to 3"):
        fitted.particles(np.array([-1, 3]))


def test_tokens_do_not_depend_on_the_order_in_the_file() -> None:
    jets = toy_jets()
    jets[..., 0] = np.where(jets[..., 0] > 0, 2.0, 0.0)
    np.testing.assert_array_equal(tokens_of(jets[:, ::-1], most=5), tokens_of(jets, most=5))


def test_the_largest_vocabulary_fits_into_its_type() -> None:
    jets = np.array([[[1e6, 2.0, 2.0]]])
    fitted = fitted_on(jets, most=1, bins=(1000, 1000), centred=False)
    assert fitted(make_batch({"constituents": jets})).x.tolist() == [[10**9]]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"most": 0}, "sequences of 0 tokens"),
        ({"most": 2.5}, "sequences of 2.5 tokens"),
        ({"bins": (40,)}, r"'bins' is \[40\]"),
        ({"bins": (0, 10)}, r"'bins' is \[0, 10\]"),
        ({"bins": (40, 1001)}, r"'bins' is \[40, 1001\]"),
        ({"pt_range": (0.0, 10.0)}, "'pt_range' is"),
        ({"pt_range": (10.0, 10.0)}, "'pt_range' is"),
        ({"half_width": 0.0}, "half-width 0.0"),
        ({"half_width": np.nan}, "half-width nan"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        tokens_of(toy_jets(), **options)


def test_jets_without_particles_are_named() -> None:
    jets = toy_jets()
    jets[4] = 0
    with pytest.raises(InputError, match="event 4 has no particle"):
        tokens_of(jets)


def test_a_stored_map_makes_the_same(tmp_path: Path) -> None:
    batch = make_batch({"constituents": toy_jets()})
    fitted = JetTokens(bins=(10, 12)).fit_map(ArraySource(batch), key=jax.random.key(0))
    save(tmp_path / "map", fitted)
    loaded, _ = load(tmp_path / "map", {"JetTokenMap": JetTokenMap})
    np.testing.assert_array_equal(loaded(batch).x, fitted(batch).x)
