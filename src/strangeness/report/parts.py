"""The parts of a report that searches and comparisons share: calibration, images, displays, costs."""

from __future__ import annotations

from pydantic import BaseModel, model_validator

from strangeness.report.fields import CLOSED, Finite, Gap, agree


class _Part(BaseModel):
    model_config = CLOSED


class CalibrationCurve(_Part):
    """Share of held-out null events with p <= alpha, and 68 % and 95 % bands at each alpha.

    The bands are those of exact p-values that share their calibration events; ``calibration`` and ``tested``
    count the events of each calibration bin.
    """

    name: str = ""
    alpha: list[Finite]
    share: list[Finite]
    low: list[Finite]
    high: list[Finite]
    low95: list[Finite]
    high95: list[Finite]
    calibration: list[int]
    tested: list[int]

    @model_validator(mode="after")
    def _agrees(self) -> CalibrationCurve:
        agree("alpha, share and bands", self.alpha, self.share, self.low, self.high, self.low95, self.high95)
        agree("calibration and tested", self.calibration, self.tested)
        return self


class Picture(_Part):
    """An image of one channel: ``values`` in rows, the lowest first; ``half_width`` in eta and phi."""

    label: str
    values: list[list[Finite]]
    half_width: Finite
    events: int | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Picture:
        if not self.values or not self.values[0]:
            raise ValueError("a picture needs at least one pixel")
        agree("rows of a picture", *self.values)
        return self


class ImageSet(_Part):
    """Average images side by side on one scale of intensity, whose name is ``quantity``."""

    said: list[str] = []
    pictures: list[Picture]
    quantity: str = "mean intensity"


class FeatureNote(_Part):
    """A feature of one event.

    ``below`` is the share of the reference below its value, ``score_at_median`` the event's score with this
    feature alone moved to the reference's median.
    """

    name: str
    value: Finite
    median: Finite
    below: Finite
    score_at_median: Gap = None


class EventDisplay(_Part):
    """A strange event: its particles (pt in GeV, eta, phi) and what made it strange.

    That is its features, or its image with the error of each pixel; ``left_out`` counts particles not listed.
    """

    name: str
    score: Finite
    p: Gap = None
    context: dict[str, Finite] = {}
    pt: list[Finite] = []
    eta: list[Finite] = []
    phi: list[Finite] = []
    left_out: int = 0
    features: list[FeatureNote] = []
    image: Picture | None = None
    error: Picture | None = None
    note: str = ""

    @model_validator(mode="after")
    def _agrees(self) -> EventDisplay:
        agree("pt, eta and phi", self.pt, self.eta, self.phi)
        return self


class Cost(_Part):
    """What a score costs: fitted numbers, wall time in s, peak memory in MB, events that it was fitted on."""

    name: str
    control: bool = False
    parameters: int | None = None
    seconds: Gap = None
    memory: Gap = None
    events: int | None = None


class SystematicRow(_Part):
    """One nuisance: the largest relative change of the selected background at +1 and at -1 sigma."""

    name: str
    up: Finite
    down: Finite


class SystematicsPart(_Part):
    """What was shifted, and the p-values of the same search with and without it."""

    rows: list[SystematicRow]
    local_p: Finite
    local_p_without: Finite
    global_p: Finite
    global_p_without: Finite


class SpuriousPart(_Part):
    """The signal that the background function invents: masses in GeV, strength and error in events."""

    text: str
    passed: bool
    masses: list[Finite]
    strength: list[Finite]
    error: list[Finite]

    @model_validator(mode="after")
    def _agrees(self) -> SpuriousPart:
        agree("masses, strength and error", self.masses, self.strength, self.error)
        return self


class LimitPart(_Part):
    """An upper limit on mu, the limits that background alone gives at -2 to 2 sigma, and the signal."""

    statement: str
    level: Finite
    observed: Finite
    expected: list[Finite]
    unit: str
    calculator: str
    background: Finite
    efficiency: Finite
    produced: int
    window: list[Finite]
    notes: list[str] = []
