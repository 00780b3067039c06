"""Hits around jets through the commands: generated, inspected, searched and scored; and what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from strangeness.catalogue import load
from strangeness.cli import main
from strangeness.core.errors import InputError
from strangeness.core.identity import as_uint64
from strangeness.events import read
from strangeness.events.generation.catalogue import DIJETS_56, SAMPLES, Sample
from strangeness.events.generation.request import Request, requested
from strangeness.events.parquet import write_parquet
from strangeness.report.schema import read_report
from strangeness.representations import CalorimeterImages
from strangeness.representations.calorimeter_images import calorimeter_images
from tests.events.test_hits import jets

TOML = """
seed = 3
out = "run"
[data]
file = "data.parquet"
[reference]
file = "reference.parquet"
[representation]
kind = "calorimeter-images"
pixels = 12
normalisation = "sqrt"
{more}
[detector]
name = "conv-autoencoder"
channels = [4, 3]
hidden = 9
latent = 4
[detector.training]
epochs = 2
[calibration]
kind = "split"
[search]
kind = "counting"
context = "mass"
range = [10, 100]
region = [40, 70]
alpha = 0.2
controls = false
[checks]
simulated = 200
toys = 20
pseudo_experiments = 100
"""


def workspace(folder: Path, more: str = "crop = 0.8") -> Path:
    """Data and reference of 120 jets each, and the configuration of a search."""
    write_parquet(jets(120, 1, name="reference"), folder / "reference.parquet")
    write_parquet(jets(120, 2, name="data", particles=True), folder / "data.parquet")
    (folder / "analysis.toml").write_text(TOML.format(more=more))
    return folder / "analysis.toml"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished search of images of hits."""
    folder = tmp_path_factory.mktemp("searched")
    assert main(["search", str(workspace(folder)), "--quiet"]) == 0
    return folder


def test_a_search_of_images_of_hits_finishes(searched: Path) -> None:
    section = read_report(searched / "run" / "result.json").searches[0]
    assert section.displays and section.displays[0].image is not None
    assert np.shape(section.displays[0].image.values) == (12, 12)
    chain, _ = load(searched / "run" / "chain.strange")
    assert chain.map.columns(()) == ("hits",)
    assert (chain.map.pixels, chain.map.crop, chain.map.normalisation) == (12, 0.8, "sqrt")
    assert tuple(chain.scorer.row_shape) == (12, 12, 3)


def test_its_chain_scores_new_jets_as_it_did(strangeness, searched: Path, tmp_path: Path) -> None:
    said = strangeness(
        "score",
        searched / "run" / "chain.strange",
        searched / "data.parquet",
        "--out",
        tmp_path / "s.parquet",
    )
    assert said.code == 0, said
    new = pq.read_table(tmp_path / "s.parquet").to_pydict()
    before = pq.read_table(searched / "run" / "scores.parquet").to_pydict()
    where = dict(zip(new["id"], new["score"], strict=True))
    np.testing.assert_allclose([where[i] for i in before["id"]], before["score"], rtol=1e-5)
    chain, _ = load(searched / "run" / "chain.strange")
    events = read(searched / "data.parquet", columns=["hits", "mass"])
    order = np.random.default_rng(0).permutation(len(events))[:50]
    shuffled = events.take(order).batch(context="mass")
    # single precision in batches of other sizes
    expected = [where[i] for i in as_uint64(shuffled.id).tolist()]
    np.testing.assert_allclose(chain.score(shuffled), expected, rtol=1e-4)


def test_files_without_hits_and_options_of_others_are_refused(strangeness, tmp_path: Path) -> None:
    path = workspace(tmp_path)
    events = jets(120, 2, name="data", particles=True)
    write_parquet(replace(events, hits=None), tmp_path / "data.parquet")
    assert "has no hits" in strangeness("search", path, "--quiet").error()
    workspace(tmp_path, "half_width = 0.5")
    assert "'half_width' does not belong to kind" in strangeness("search", path, "--quiet").error()
    workspace(tmp_path, "crop = 1.5")
    assert "crop" in strangeness("search", path, "--quiet").error()
    workspace(tmp_path, 'layers = ["ecal", "muons"]')
    assert "muons" in strangeness("search", path, "--quiet").error()


def test_the_table_becomes_the_representation() -> None:
    from strangeness.cli.building import representation_of
    from strangeness.cli.config import RepresentationTable

    values: dict[str, Any] = {"pixels": 20, "crop": 0.5, "layers": ["hcal", "ecal"], "normalisation": "log"}
    made = representation_of(RepresentationTable(kind="calorimeter-images", **values))
    assert made == CalorimeterImages(20, 0.5, ("hcal", "ecal"), "log")
    assert representation_of(RepresentationTable(kind="calorimeter-images")) == CalorimeterImages(40)


def test_inspect_counts_the_hits_of_each_layer(strangeness, tmp_path: Path) -> None:
    events = jets(30)
    write_parquet(events, tmp_path / "jets.parquet")
    assert events.hits is not None
    found = json.loads(strangeness("inspect", tmp_path / "jets.parquet", "--quiet", "--json").out)["hits"]
    assert list(found["layers"].values()) == [int(np.sum(events.hits.layer == k)) for k in range(3)]
    assert found["mean"] == pytest.approx(events.hits.counts.mean())
    text = strangeness("inspect", tmp_path / "jets.parquet", "--quiet").out
    assert f"{found['layers']['ecal']} in ecal" in text


def old_fingerprint(sample: Sample, part: int) -> str:
    """The name of shards as it was before samples could have hits."""
    said = sample.describe(1)
    names = ("layout", "seed", "shard_events", "batch_events", "cuts", "detector", "early_veto", "versions")
    kept = {name: said[name] for name in names}
    lines = [line for line in sample.parts[part].process.lines(1) if not line.startswith("Random:")]
    text = json.dumps(kept | {"settings": lines, "place": part}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_shards_of_other_samples_keep_their_names(sample: Sample) -> None:
    pytest.importorskip("pythia8mc")
    pytest.importorskip("fastjet")
    assert "hits" not in sample.describe(1)
    for place, part in enumerate(sample.parts):
        assert sample.fingerprint(part, 1) == old_fingerprint(sample, place)


def test_a_sample_with_hits_has_shards_of_its_own() -> None:
    pytest.importorskip("pythia8mc")
    pytest.importorskip("fastjet")
    plain, seen = (requested(Request("quark", 10, hits=hits)) for hits in (False, True))
    assert plain.fingerprint(plain.parts[0], 1) != seen.fingerprint(seen.parts[0], 1)
    assert "ecal_profile" in seen.describe(1)["hits"]
    assert not DIJETS_56.hits


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("dijet", "--hits"),
            "'dijet' gives events of two jets, and hits are around one. Ask for rows 'jets'",
        ),
        (("top", "--rows", "dijets", "--hits"), "Ask for rows 'jets'"),
        (("quark", "--hits", "--no-detector"), "hits without a detector"),
    ],
    ids=range(3),
)
def test_hits_that_cannot_be_are_refused(
    strangeness, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    where = ("--events", "5", "--out", tmp_path / "s.parquet", "--work", tmp_path / "work", "--quiet")
    assert said in strangeness("generate", *arguments, *where).error()


def test_hits_are_not_made_for_events_of_two_jets() -> None:
    from strangeness.events.generation.shards import generate

    pytest.importorskip("pythia8mc")
    pytest.importorskip("fastjet")
    wrong = replace(DIJETS_56, hits=True, shard_events=250)
    with pytest.raises(InputError, match="cannot have hits"):
        generate(wrong, wrong.parts[0], 0, 1)


def test_generated_hits_travel_to_images(strangeness, tmp_path: Path) -> None:
    pytest.importorskip("pythia8mc")
    pytest.importorskip("fastjet")
    from strangeness.events.generation import pythia
    from strangeness.events.generation.jet_hits import jet_hits
    from strangeness.events.generation.windows import padded

    out = tmp_path / "quarks.parquet"
    where = ("--work", tmp_path / "work", "--out", out, "--quiet", "--seed", 5)
    assert strangeness("generate", "quark", "--events", 20, "--hits", *where).code == 0
    sample = requested(Request("quark", 20, hits=True))
    process, cuts = sample.parts[0].process, sample.cuts
    batch, _ = next(iter(pythia.batches(process, 5, sample.shard_events, sample.batch_events)))
    columns, hits = jet_hits(batch, process, cuts, np.random.default_rng([5, 1]))  # type: ignore[arg-type]
    events = read(out, columns=["hits", "mass", "constituents"])
    assert events.hits is not None and events.constituents is not None
    np.testing.assert_allclose(events.features["mass"], columns["mass"][:20], rtol=2**-15)
    assert np.array_equal(events.constituents.counts, columns["multiplicity"][:20])
    assert set(np.asarray(events.truth)) <= set(columns["label"].tolist())
    exact = padded(hits, len(columns["pt"]))[:20]
    half = exact.astype(np.float16).astype(np.float32)
    seen = events.batch().x["hits"]
    assert np.array_equal(seen, half[:, : seen.shape[1]])
    for pixels in (12, 40, 125):
        images = calorimeter_images(seen, pixels)
        # half precision keeps 11 bits of pt, and cells are moved by less than half of their width
        np.testing.assert_allclose(
            images[..., 1:], calorimeter_images(exact, pixels)[..., 1:], rtol=2**-10, atol=1e-4
        )
