"""``strangeness cite``: BibTeX of detectors, of what an artefact holds, of what a result was made with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from strangeness.catalogue import all_detectors, find_detector
from strangeness.cli.showing import described
from strangeness.core.cards import Citation

CALIBRATION = Citation(
    key="Vovk2005",
    authors="V. Vovk, A. Gammerman and G. Shafer",
    title="Algorithmic Learning in a Random World",
    year=2005,
    where="Springer",
)
"""Of split and Mondrian conformal p-values."""
CALIBRATIONS = {
    "covariate-shift": Citation(
        key="Tibshirani2019",
        authors="R. J. Tibshirani, R. Foygel Barber, E. J. Candes and A. Ramdas",
        title="Conformal prediction under covariate shift",
        year=2019,
        where="NeurIPS 32, arXiv:1904.06019",
    ),
    "localised": Citation(
        key="Guan2023",
        authors="L. Guan",
        title="Localized conformal prediction: a generalized inference framework for conformal prediction",
        year=2023,
        where="Biometrika 110, 33-50, arXiv:2106.08460",
    ),
}
"""Of other calibrations, beside it."""
SEARCH = Citation(
    key="Choudalakis2011",
    authors="G. Choudalakis",
    title="On hypothesis testing, trials factor, hypertests and the BumpHunter",
    year=2011,
    where="arXiv:1101.0390",
)
"""Of the bump hunt."""


def cited(names: Sequence[str], *, as_json: bool) -> str:
    """The citations of detectors by name, or of files; of all detectors without a name.

    Raises:
        ConfigError: for an unknown name.
        FileError: for a file that cannot be read.
    """
    found: dict[str, Citation] = {}
    for name in names or sorted(all_detectors()):
        for citation in _of_file(Path(name)) if Path(name).is_file() else [find_detector(name).card.citation]:
            found[citation.key] = citation
    if as_json:
        return json.dumps([{**vars(one), "bibtex": one.bibtex()} for one in found.values()], indent=1)
    return "\n\n".join(citation.bibtex() for citation in found.values())


def _of_file(path: Path) -> list[Citation]:
    configuration = described(path).get("configuration")
    detector = configuration.get("detector") if isinstance(configuration, dict) else None
    detectors = [str(detector.get("name", ""))] if isinstance(detector, dict) else []
    calibration = configuration.get("calibration") if isinstance(configuration, dict) else None
    kind = str(calibration.get("kind", "")) if isinstance(calibration, dict) else ""
    own = [CALIBRATIONS[kind]] if kind in CALIBRATIONS else []
    return [*(find_detector(name).card.citation for name in detectors if name), CALIBRATION, *own, SEARCH]
