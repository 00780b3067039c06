"""The table of every key of ``analysis.toml``, made from the models that check it."""

from __future__ import annotations

from typing import get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from strangeness.cli.building import SIGNAL_WIDTH
from strangeness.cli.config import Config
from strangeness.events.reading import LAYOUTS
from strangeness.methods.dijet_search import ALPHA, FEATURES, MJJ_RANGE
from tests.docs.markdown import code, kind, table, toml

MEANING = {
    "seed": "seeds training, ties and pseudo-experiments",
    "out": "folder of the run, relative to the file; `--out` goes before it",
    "data.file": "events under test; paths are relative to the configuration",
    "data.layout": f"one of {', '.join(map(code, LAYOUTS))}; left out, the content decides",
    "data.unit": "unit of energies, momenta and masses (told by their names); left out: GeV, and what is too "
    "large for it is refused",
    "data.tree": "tree of a ROOT file that holds several",
    "reference.file": "events of the known physics; the table left out, `search.region` is needed",
    "reference.layout": "as `data.layout`",
    "reference.unit": "as `data.unit`",
    "reference.tree": "as `data.tree`",
    "representation.kind": "columns; images of the particles or the hardest of them, as a set or a "
    "chain; what is computed from the particles; or images of hits in tracker and calorimeters: see the "
    "[representations](../reference/representations.md)",
    "representation.features": f"columns or derived features; left out: {toml(list(FEATURES.features))}",
    "representation.log": f"those that enter as log(1 + value); left out: those of "
    f"{toml(list(FEATURES.log))} that are among the features",
    "representation.pixels": "of an image along one side",
    "representation.half_width": "half the side of an image in eta and phi; what lies outside is left out",
    "representation.normalisation": "how the pixels of an image land in [0, 1]: see the "
    "[jet images](../reference/representations.md#jet-images)",
    "representation.most": "particles of a point cloud or a chain, the hardest ones",
    "representation.order": 'of the particles of a chain; "nearest": from the hardest on to the nearest left',
    "representation.position": "of the particles of a chain: eta and phi, or how far from the centroid",
    "representation.radius": "of the jets whose features are computed, radians",
    "representation.degree": "most edges of the graph of an energy flow polynomial, 1 to 5",
    "representation.beta": "exponent of the distances in energy flow polynomials",
    "representation.crop": "share of the side of the window around a jet that calorimeter images show",
    "representation.layers": "detector layers that are the channels of calorimeter images; left out: all",
    "detector.name": "a name from `strangeness list`; its hyperparameters stand beside it",
    "calibration.kind": "p-values in bins of the context, one calibration for all events, by events near in "
    "the context, or by the reference reweighted to the data's context (for a counting search)",
    "calibration.bins": "that many equally filled bins; left out, the bins of the bump hunt, neighbours "
    "merged until the calibration events suffice for the cut (10 equally filled ones for a counting search)",
    "calibration.signed": "accept reference events of negative weight; nothing is then guaranteed of p",
    "calibration.width": "standard deviation of a localised calibration's weights, unit of the context",
    "calibration.edges": "edges of the bins of the context in which the ratio of data to reference is known",
    "calibration.ratio": "that ratio in each of these bins, up to a factor",
    "calibration.randomised": "ties broken at random, so that p is exactly uniform under the null",
    "search.kind": "a bump anywhere in the range, a signal shape at every mass of it, a count in `region`, "
    "or counts in several `regions`",
    "search.context": "the column that is searched and must not be sculpted, GeV",
    "search.range": f"ends of the search in GeV; for `mjj` left out: {toml(list(MJJ_RANGE))}",
    "search.region": "window of the context in GeV; needed by `counting` and without a reference",
    "search.regions": "windows of the context in GeV that are counted together, with one global p-value; for "
    "`windows`",
    "search.signal_width": f"standard deviation of the signal over its mass, for `shape-scan`; left out: "
    f"{toml(SIGNAL_WIDTH)}",
    "search.alpha": f"largest p-value of a selected event; left out: {toml(ALPHA)}",
    "search.relative_width": "width of a histogram bin over its mass",
    "search.parameters": "parameters of the background function, the normalisation included; `F-test` "
    "chooses them on the reference",
    "search.sqrt_s": "centre-of-mass energy in GeV",
    "search.pseudo_experiments": "pseudo-experiments; the smallest global p is 1 / (this + 1)",
    "search.stop_after": "stop when so many pseudo-experiments are as extreme as the data; 0 makes all",
    "search.controls": "whether the control scores run beside the detector",
    "policy.kind": "data that train a detector that learns from data: half of them, the other folds, or "
    "all that are tested; see [which to choose](choose-a-policy.md)",
    "policy.folds": "number of folds",
    "null.kind": "where the global p-value comes from: pseudo-experiments without training, or the whole "
    "chain repeated: with labels of data and reference exchanged, or on pseudo-data of a law fitted to the "
    "reference",
    "null.toys": "most repetitions of the chain",
    "null.stop_after": "stop when so many repetitions are as extreme as the data; 0 makes all",
    "null.strata": "edges of the context between which labels are exchanged; the spectrum of the data then "
    "stays",
    "checks.level": "joint error rate of the validity checks",
    "checks.simulated": "simulations behind the checks of uniformity, sculpting and background function",
    "checks.toys": "background toys behind the check of the type-I error",
    "checks.pseudo_experiments": "pseudo-experiments in each toy",
    "variations.NAME.up": "the reference's events, shifted by one standard deviation of the nuisance NAME: "
    "see [systematics](limits-and-tables.md#systematic-uncertainties)",
    "variations.NAME.down": "the same shifted the other way; left out, the change is mirrored",
    "search.combine": "how [channels](#several-channels) are put together: the largest excess in any, or the "
    "largest sum in one window of all",
    "channels.NAME.data": "data of one more channel, searched together with the others",
    "channels.NAME.reference": "its reference",
    "blind.events": "data events that a [blind](search-blind.md) rehearsal expects in the range; left out: "
    "the reference's sum of weights",
    "spurious_signal.relative_width": "standard deviation of the signal that is fitted to the reference, "
    "over its mass; the table left out, the test is not made",
    "spurious_signal.limit": "largest fake over its statistical error that passes",
    "limit.signal": "simulated signal events, all that were produced; the table left out, no limit is set",
    "limit.luminosity": "in 1/fb: mu is then a cross-section in fb, else signal events made in the data",
    "limit.level": "confidence level",
    "limit.calculator": "left out, the expected background decides: see "
    "[which calculator](limits-and-tables.md#which-calculator)",
    "limit.toys": "pseudo-experiments under each hypothesis",
    "hepdata.keywords": "of every HEPData table; the table left out, none are written",
}


def keys(model: type[BaseModel] = Config, prefix: str = "") -> dict[str, FieldInfo]:
    """Every key of the configuration with its field, tables written with a dot."""
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        inner = _table(field)
        if inner is not None and get_origin(field.annotation) is dict:
            name = f"{name}.NAME"  # tables under names of the user's own
        found |= {f"{prefix}{name}": field} if inner is None else keys(inner, f"{prefix}{name}.")
    return found


def configuration() -> str:
    """One row a key; a key without a meaning here is an error."""
    rows = [
        (
            code(key),
            kind(field.annotation, field.metadata).removesuffix(" or null"),
            _default(field),
            MEANING[key],
        )
        for key, field in keys().items()
    ]
    return table(("key", "type", "default", "meaning"), rows)


def _table(field: FieldInfo) -> type[BaseModel] | None:
    kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return toml(None if field.default_factory is not None else field.default)


def layouts() -> str:
    """One row a layout that is read."""
    return table(("layout", "what it is"), [(code(name), words) for name, words in LAYOUTS.items()])


TABLES = {"configuration": configuration, "layouts": layouts}
