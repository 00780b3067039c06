"""The layout of a report, ``strangeness.report/1``: what ``result.json`` holds and the page is made from."""

from __future__ import annotations

import json
import os
from typing import Any, Literal

from pydantic import BaseModel, JsonValue, ValidationError, model_validator

from strangeness.core.errors import FileError
from strangeness.core.files import existing_file, write_text
from strangeness.report.fields import CLOSED, Finite, Gap, agree
from strangeness.report.parts import (
    CalibrationCurve,
    Cost,
    EventDisplay,
    ImageSet,
    LimitPart,
    SpuriousPart,
    SystematicsPart,
)
from strangeness.search.result import SearchResult

FORMAT = "strangeness.report/1"


class _Part(BaseModel):
    model_config = CLOSED


class Histogram(_Part):
    """Counts with a fit: edges (bins + 1,) in GeV; counts (bins,); fitted and pulls (bins,) or empty."""

    edges: list[Finite]
    counts: list[Finite]
    fitted: list[Finite] = []
    pulls: list[Finite] = []

    @model_validator(mode="after")
    def _agrees(self) -> Histogram:
        bins = len(self.edges) - 1
        if bins < 1 or len(self.counts) != bins or {len(self.fitted), len(self.pulls)} - {0, bins}:
            raise ValueError("one edge more than counts, fitted and pulls is needed")
        return self


class Curve(_Part):
    """Background rejection 1/eps_B over eps_S: median and 68 % band over seeds, None where it has ended."""

    name: str
    control: bool = False
    eps_s: list[Finite]
    rejection: list[Gap]
    low: list[Gap]
    high: list[Gap]
    auc: list[Finite]
    max_sic: list[Gap] = []

    @model_validator(mode="after")
    def _agrees(self) -> Curve:
        agree("eps_s, rejection, low and high", self.eps_s, self.rejection, self.low, self.high)
        return self


class Control(_Part):
    """The same search with another score, or with no selection at all."""

    name: str
    local_z: Gap
    global_p: Gap
    global_z: Gap = None
    note: str = ""


class SearchSection(_Part):
    """One search: ``result`` is a ``SearchResult`` as JSON; curves need truth, which only evaluation has."""

    name: str
    detector: str
    context: str = "mjj"
    statement: str
    said: list[str] = []
    result: dict[str, JsonValue]
    inclusive: Histogram | None = None
    controls: list[Control] = []
    curves: list[Curve] = []
    counts: dict[str, int] = {}
    calibration: CalibrationCurve | None = None
    images: ImageSet | None = None
    displays: list[EventDisplay] = []
    costs: list[Cost] = []
    blinding: str = ""
    systematics: SystematicsPart | None = None
    spurious: SpuriousPart | None = None
    limit: LimitPart | None = None

    @model_validator(mode="after")
    def _holds_a_result(self) -> SearchSection:
        SearchResult.from_dict(self.result)
        return self


class ComparisonRow(_Part):
    """A detector trained on one class that finds another; lists have one entry a seed.

    ``seconds`` is wall time, ``memory`` the peak in MB, ``events`` what it was trained on.
    """

    detector: str
    control: bool = False
    trained_on: str
    finds: str
    auc: list[Finite]
    rejection: dict[str, list[Gap]] = {}
    max_sic: list[Gap] = []
    parameters: int | None = None
    seconds: Gap = None
    memory: Gap = None
    events: int | None = None
    curve: Curve | None = None


class ComparisonSection(_Part):
    """Detectors beside each other, each trained on one class and finding another."""

    name: str = "Jets"
    said: list[str] = []
    rows: list[ComparisonRow]
    images: ImageSet | None = None
    displays: list[EventDisplay] = []


class InjectionPart(_Part):
    """Global significances over the injected strength: median, 68 % band, and the share at 3 sigma or more.

    ``contamination`` is the share of reference or sidebands that is signal, ``reach`` the smallest strength
    with 3 sigma in half of the cases, None where there is none; ``failed`` counts repetitions that could not
    be searched.
    """

    contamination: Finite
    strengths: list[Finite]
    median: list[Finite]
    low: list[Finite]
    high: list[Finite]
    found: list[Finite]
    reach: Gap = None
    repetitions: int
    failed: int = 0

    @model_validator(mode="after")
    def _agrees(self) -> InjectionPart:
        agree("strengths and what was found", self.strengths, self.median, self.low, self.high, self.found)
        return self


class InjectionSection(_Part):
    """What a search finds of an injected signal: ``events`` of background among the data, a curve for each
    contamination, and the largest significance in reach of its pseudo-experiments (None: no bound)."""

    name: str = "Sensitivity"
    detector: str
    context: str = "mjj"
    events: Finite
    largest_z: Gap = None
    said: list[str] = []
    curves: list[InjectionPart]


class Report(_Part):
    """Everything that the page shows; any part but the title may be missing."""

    format: Literal["strangeness.report/1"] = FORMAT
    title: str
    said: list[str] = []
    searches: list[SearchSection] = []
    jets: ComparisonSection | None = None
    comparisons: list[ComparisonSection] = []
    injections: list[InjectionSection] = []
    provenance: dict[str, JsonValue] = {}


def as_json(report: Report) -> str:
    """The report as JSON text without NaN or infinity."""
    return json.dumps(report.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"


def write_report(report: Report, path: str | os.PathLike[str]) -> None:
    """Write the report as JSON, whole or not at all.

    Raises:
        FileError: when it cannot be written.
    """
    write_text(path, as_json(report))


def read_report(path: str | os.PathLike[str]) -> Report:
    """The report in a ``result.json``.

    Raises:
        FileError: when the file is missing, is not JSON, has another format, or a wrong key or value.
    """
    file = existing_file(path)
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise FileError(
                f"'{file}' has the format {_format(values)!r}, not '{FORMAT}'",
                "Give the result.json of this version of strangeness.",
            )
        return Report.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise FileError(
            f"'{file}' is not a valid report: {where}: {first['msg']}", "Run it again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise FileError(f"'{file}' is not JSON ({error})", "Give a result.json.") from error


def _format(values: Any) -> Any:
    return values.get("format") if isinstance(values, dict) else None
