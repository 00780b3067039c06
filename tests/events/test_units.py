"""Energies told by the names of columns, and units that cannot be."""

from pathlib import Path

import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.events import read
from strangeness.events.units import is_energy, suspected


@pytest.mark.parametrize(
    "name",
    [
        *(
            "pt",
            "pt1",
            "jet_pt",
            "FatJet_pt",
            "lep1pt",
            "JetPt",
            "pxj1",
            "pzj2",
            "mj1",
            "mJ1",
            "dmJ",
            "mjj",
            "mJJ",
        ),
        *(
            "mass",
            "jet_mass",
            "energy",
            "E_0",
            "MET",
            "MET_pt",
            "HT",
            "sdmass",
            "msoftdrop1",
            "m",
            "m_1",
            "ET",
        ),
    ],
)
def test_energies(name: str) -> None:
    assert is_energy(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "eta",
            "phi1",
            "MET_phi",
            "tau21_1",
            "tau1j1",
            "dR_l1",
            "theta_ll",
            "multiplicity",
            "n",
            "label",
            "1",
            "",
        ),
        *("x0", "a", "nFatJet", "MET_significance", "ttv", "ptD", "mass_ratio"),
    ],
)
def test_other_columns(name: str) -> None:
    assert not is_energy(name)


def test_suspicion_is_about_the_median_of_transverse_momenta_and_masses() -> None:
    assert suspected({"pt": np.full(9, 10_001.0)}, None) == ("pt", 10_001.0)
    assert suspected({"pt": np.full(9, 9_999.0), "eta": np.full(9, 1e6)}, None) is None
    assert suspected({"mjj": np.full(9, 19_000.0)}, None) is None
    assert suspected({"mjj": np.full(9, 21_000.0)}, None) == ("mjj", 21_000.0)
    assert suspected({"pt": np.array([1e9, 2.0, 3.0, np.nan])}, None) is None
    assert suspected({"pt": np.zeros(0)}, None) is None


def test_what_is_too_large_for_gev_is_refused_or_divided(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("lep1pt,MET,eta\n" + "45000,30000,1.5\n" * 3)
    with pytest.raises(FileError, match=r"'lep1pt' of '.*a.csv' has the median 45,000, too large for GeV"):
        read(path)
    events = read(path, unit="MeV")
    assert [events.features[name][0] for name in ("lep1pt", "MET", "eta")] == [45.0, 30.0, 1.5]
    assert read(path, unit="GeV").features["lep1pt"][0] == 45_000
    with pytest.raises(InputError, match=r"unknown unit 'meV'. Did you mean MeV"):
        read(path, unit="meV")
