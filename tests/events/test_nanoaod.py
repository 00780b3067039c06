"""NanoAOD and PFNano: events with two fat jets, single jets, against a loop over the events."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.events import concatenate_events, read, read_chunks
from tests.events.roots import Event, Jet, made_up, nanoaod, write

SHARED = Path(os.environ.get("STRANGENESS_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return nanoaod(tmp_path / "nano.root", made_up(20))


def leading(event: Event) -> list[Jet]:
    return sorted(event.jets, key=lambda jet: -jet.values["pt"])[:2]


def momentum(jet: Jet) -> np.ndarray:
    pt, eta, phi, mass = (jet.values[name] for name in ("pt", "eta", "phi", "mass"))
    theta = 2 * np.arctan(np.exp(-eta))
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt / np.tan(theta)
    return np.array([np.sqrt(px**2 + py**2 + pz**2 + mass**2), px, py, pz])


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_events_have_their_two_leading_jets(file: Path, chunk: int) -> None:
    kept = [event for event in made_up(20) if len(event.jets) >= 2]
    events = concatenate_events(list(read_chunks(file, chunk)))
    assert len(events) == len(kept) < 20
    assert events.provenance["events_in_file"] == 20
    assert events.provenance["left_out_below_two_fat_jets"] == 20 - len(kept)
    for row, event in enumerate(kept):
        jets = leading(event)
        total = momentum(jets[0]) + momentum(jets[1])
        # Float32 branches, double precision after them.
        assert events.features["mjj"][row] == pytest.approx(
            np.sqrt(total[0] ** 2 - total[1:] @ total[1:]), rel=1e-6
        )
        for number, jet in enumerate(jets, 1):
            value = jet.values
            assert events.features[f"pt{number}"][row] == value["pt"]
            assert events.features[f"eta{number}"][row] == value["eta"]
            assert events.features[f"phi{number}"][row] == value["phi"]
            assert events.features[f"mj{number}"][row] == value["mass"]
            assert events.features[f"tau21_{number}"][row] == value["tau2"] / value["tau1"]
            assert events.features[f"tau32_{number}"][row] == value["tau3"] / value["tau2"]


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_constituents_of_events_are_those_of_their_two_jets(file: Path, chunk: int) -> None:
    kept = [event for event in made_up(20) if len(event.jets) >= 2]
    found = concatenate_events(list(read_chunks(file, chunk))).constituents
    assert found is not None and not found.relative
    for row, event in enumerate(kept):
        cells = [event.candidates[place] for jet in leading(event) for place in jet.particles]
        expected = sorted(((pt * weight, eta, phi) for pt, eta, phi, weight in cells), reverse=True)
        inside = slice(found.offsets[row], found.offsets[row + 1])
        # Rounding of a product to float32.
        got = sorted(zip(found.pt[inside], found.eta[inside], found.phi[inside], strict=True), reverse=True)
        np.testing.assert_allclose(np.array(got), np.array(expected), rtol=1e-6)
        assert np.all(np.diff(found.pt[inside]) <= 0)


@pytest.mark.parametrize("chunk", [1, 4, 1000])
def test_single_jets_have_their_own_particles(file: Path, chunk: int) -> None:
    jets = [(event, jet) for event in made_up(20) for jet in event.jets]
    parts = list(read_chunks(file, chunk, layout="nanoaod-jets"))
    assert max(map(len, parts)) <= chunk
    found = concatenate_events(parts)
    assert list(found.features) == [
        *("pt", "eta", "phi", "mass", "msoftdrop", "tau21", "tau32", "multiplicity")
    ]
    assert len(found) == len(jets) and len(np.unique(found.id, axis=0)) == len(jets)
    lists = found.constituents
    assert lists is not None and lists.relative
    for row, (event, jet) in enumerate(jets):
        assert found.features["msoftdrop"][row] == jet.values["msoftdrop"]
        assert found.features["multiplicity"][row] == len(jet.particles)
        cells = np.array([event.candidates[place] for place in jet.particles])
        order = np.argsort(-cells[:, 0] * cells[:, 3])
        inside = slice(lists.offsets[row], lists.offsets[row + 1])
        d_phi = np.angle(np.exp(1j * (cells[order, 2] - jet.values["phi"])))
        np.testing.assert_allclose(lists.pt[inside], (cells[:, 0] * cells[:, 3])[order], rtol=1e-6)
        # Differences of float32 angles of order 1.
        np.testing.assert_allclose(lists.eta[inside], cells[order, 1] - jet.values["eta"], atol=1e-6)
        np.testing.assert_allclose(lists.phi[inside], d_phi, atol=1e-6)


def test_identities_hold_on_to_their_place_in_the_file(tmp_path: Path) -> None:
    events = made_up(20)
    whole = read(nanoaod(tmp_path / "a.root", events))
    lost = next(row for row, event in enumerate(events) if len(event.jets) >= 2)
    events[lost].jets = events[lost].jets[:1]
    fewer = read(nanoaod(tmp_path / "b.root", events), name="a")
    assert np.array_equal(fewer.id, whole.id[1:])


def test_only_what_is_asked_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from strangeness.events.rootfile import Tree

    asked: list[str] = []
    steps = Tree.steps

    def listening(self: Tree, names: Any, chunk: int) -> Any:
        names = list(names)
        asked.extend(names)
        return steps(self, names, chunk)

    monkeypatch.setattr(Tree, "steps", listening)
    events = read(file, columns=["mj2", "MET_pt", "msoftdrop1"])
    assert list(events.features) == ["mj2", "MET_pt", "msoftdrop1"] and events.constituents is None
    assert set(asked) == {"nFatJet", "FatJet_pt", "FatJet_mass", "FatJet_msoftdrop", "MET_pt"}
    kept = [event for event in made_up(20) if len(event.jets) >= 2]
    assert events.features["MET_pt"].tolist() == [event.met for event in kept]
    jets = read(file, layout="nanoaod-jets", columns=["multiplicity", "FatJet_tau3", "MET_pt"])
    assert jets.features["FatJet_tau3"].tolist() == [j.values["tau3"] for e in made_up(20) for j in e.jets]
    assert jets.features["MET_pt"].tolist() == [e.met for e in made_up(20) for _ in e.jets]
    assert jets.constituents is None
    flat = read(file, layout="root")
    assert set(flat.features) == {"MET_pt", "nFatJet", "nFatJetPFCands", "nPFCands"} and len(flat) == 20


def test_a_label_is_a_branch(file: Path) -> None:
    events = read(file, label="nFatJet", columns=["pt1"])
    assert events.truth.tolist() == [len(event.jets) for event in made_up(20) if len(event.jets) >= 2]


def test_mev_is_divided_and_suspected(tmp_path: Path) -> None:
    gev, mev = (
        nanoaod(tmp_path / "gev.root", made_up(20)),
        nanoaod(tmp_path / "mev.root", made_up(20, scale=1000.0)),
    )
    with pytest.raises(
        FileError, match=r"'mjj' of '.*mev.root' has the median .*, too large for GeV. Pass unit='MeV'"
    ):
        read(mev)
    a, b = read(gev), read(mev, unit="MeV")
    for name in a.features:
        np.testing.assert_allclose(a.features[name], b.features[name], rtol=1e-6)
    assert a.constituents is not None and b.constituents is not None
    np.testing.assert_allclose(a.constituents.pt, b.constituents.pt, rtol=1e-6)
    assert np.array_equal(a.constituents.eta, b.constituents.eta)


def spoiled(path: Path, **changes: float) -> Path:
    events = made_up(20)
    first = next(event for event in events if len(event.jets) >= 2)
    first.jets[0].values |= changes
    return nanoaod(path, events)


def test_refusals(tmp_path: Path, file: Path) -> None:
    single = made_up(8)
    for event in single:
        event.jets = event.jets[:1]
    far = made_up(8)
    next(event for event in far if event.jets).jets[0].particles[0] = 8
    cases: list[tuple[Path, dict[str, Any], str]] = [
        (file, {"columns": ["mj"]}, "no column 'mj'. Did you mean mj"),
        (file, {"columns": ["FatJet_pt"]}, "'FatJet_pt' of .* has not one number an event"),
        (file, {"columns": ["PFCands_pt"], "layout": "nanoaod-jets"}, "is neither of fat jets nor of events"),
        (file, {"layout": "jetclass"}, "does not hold 'jetclass' but 'nanoaod'"),
        (file, {"label": "signal"}, "no label column 'signal'"),
        (nanoaod(tmp_path / "b.root", single), {}, "none of the 8 events of .* has two fat jets"),
        (nanoaod(tmp_path / "c.root", far), {}, "'FatJetPFCands_pFCandsIdx' of .* is 8 in event"),
        (
            nanoaod(tmp_path / "d.root", made_up(5), particles=False),
            {"columns": ["constituents"]},
            "no constituents",
        ),
        (
            spoiled(tmp_path / "e.root", pt=-5.0),
            {"columns": ["pt1", "pt2"]},
            "'pt2' of .* holds -5 in event 0",
        ),
        (spoiled(tmp_path / "f.root", pt=np.nan), {"columns": ["mjj"]}, "'mjj' of .* holds nan in event 0"),
    ]
    for path, options, message in cases:
        with pytest.raises((FileError, InputError), match=message) as caught:
            read(path, **options)
        assert "\n" not in str(caught.value) and path.name in str(caught.value)


def test_jets_without_particles_are_kept_with_empty_lists(tmp_path: Path) -> None:
    events = made_up(8)
    for event in events:
        for jet in event.jets:
            jet.particles = []
    jets = read(nanoaod(tmp_path / "a.root", events), layout="nanoaod-jets")
    assert jets.constituents is not None and jets.constituents.counts.max() == 0
    assert jets.features["multiplicity"].max() == 0


def test_a_list_of_absurd_length_is_refused(tmp_path: Path) -> None:
    event = made_up(1, seed=2)[0]
    event.candidates = [(1.0, 0.0, 0.0, 1.0)] * 10_001
    assert event.jets
    event.jets[0].particles = list(range(10_001))
    with pytest.raises(FileError, match=r"has 10001 constituents"):
        read(nanoaod(tmp_path / "a.root", [event]), layout="nanoaod-jets")


@pytest.mark.skipif(not (SHARED / "pfnano.root").exists(), reason=f"no pfnano.root in {SHARED}")
def test_a_real_pfnano_file() -> None:
    events = read(SHARED / "pfnano.root")
    assert len(events) == 10 and events.provenance["left_out_below_two_fat_jets"] == 0
    jets = read(
        SHARED / "pfnano.root", layout="nanoaod-jets", columns=["pt", "FatJet_rawFactor", "constituents"]
    )
    lists = jets.constituents
    assert len(jets) == 24 and lists is not None
    # Weighted particles of a jet make its uncorrected momentum; stored particles are rounded to 10 bits.
    px, py = (np.add.reduceat(lists.pt * turn(lists.phi), lists.offsets[:-1]) for turn in (np.cos, np.sin))
    np.testing.assert_allclose(
        np.hypot(px, py), jets.features["pt"] * (1 - jets.features["FatJet_rawFactor"]), rtol=0.01
    )


@pytest.mark.skipif(not (SHARED / "nano_dimuon.root").exists(), reason=f"no nano_dimuon.root in {SHARED}")
def test_a_real_nanoaod_file_without_particles() -> None:
    events = read(SHARED / "nano_dimuon.root", columns=["mjj", "MET_pt"])
    assert len(events) == 2 and events.provenance["left_out_below_two_fat_jets"] == 38
    assert events.constituents is None


def test_a_tree_beside_another_is_found(tmp_path: Path, file: Path) -> None:
    assert read(file).provenance["tree"] == "Events"
    both = write(tmp_path / "b.root", "mine", {"x": np.arange(3.0)}, beside=True)
    with pytest.raises(FileError, match=r"holds 2 trees \(Runs, mine\). Name one, such as tree='Runs'"):
        read(both)
    assert read(both, tree="mine").features["x"].tolist() == [0, 1, 2]
    with pytest.raises(InputError, match=r"has no tree 'mime'. Did you mean mine"):
        read(both, tree="mime")
