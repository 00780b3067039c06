"""The configuration of a search: TOML with a fixed set of keys, checked before any work."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from strangeness.cli.tables import (
    BlindTable,
    ChannelTable,
    FileTable,
    HepdataTable,
    LimitTable,
    Positive,
    Range,
    SpuriousTable,
    Table,
    VariationTable,
)
from strangeness.core.errors import ConfigError, nearest
from strangeness.core.files import existing_file

_M = TypeVar("_M", bound=BaseModel)
MAIN = "main"
"""Name of the channel that the tables data and reference describe."""


class RepresentationTable(Table):
    """What a detector sees of an event.

    ``features``: columns in this order, those in ``log`` as log(1 + value); left out, the dijet search's.
    ``images``: of the particles, ``pixels`` along a side. ``points``: the ``most`` hardest particles;
    ``chains``: the same in one row, in an ``order``, ``position`` in the plane or the distance alone.
    ``jet-features``: computed from the particles, those named in ``features``. ``energy-flow``: polynomials
    of up to ``degree`` edges. ``lund-images``: of the primary Lund plane. ``calorimeter-images``: of the hits
    in ``layers``, about the centre of the window around a jet.
    """

    kind: Literal[
        "features",
        "images",
        "points",
        "chains",
        "jet-features",
        "energy-flow",
        "lund-images",
        "calorimeter-images",
    ] = "features"
    features: Annotated[list[str], Field(min_length=1)] | None = None
    log: list[str] | None = None
    pixels: Annotated[int, Field(ge=2, le=512)] = 40
    half_width: Positive = 0.7
    normalisation: Literal["largest", "sum", "set", "log", "sqrt"] = "largest"
    most: Annotated[int, Field(ge=1, le=4096)] = 64
    order: Literal["falling pT", "nearest", "shuffled"] = "falling pT"
    position: Literal["plane", "distance"] = "plane"
    radius: Annotated[float, Field(ge=1e-3, le=3.14)] = 0.8
    degree: Annotated[int, Field(ge=1, le=5)] = 3
    beta: Annotated[float, Field(ge=0.1, le=4.0)] = 1.0
    crop: Annotated[float, Field(gt=0, le=1)] = 1.0
    layers: Annotated[list[Literal["tracks", "ecal", "hcal"]], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> RepresentationTable:
        belongs = {
            "features": ("features", "log"),
            "images": ("pixels", "half_width", "normalisation"),
            "points": ("most",),
            "chains": ("most", "order", "position"),
            "jet-features": ("features", "radius"),
            "energy-flow": ("degree", "beta"),
            "lund-images": ("pixels",),
            "calorimeter-images": ("pixels", "crop", "normalisation", "layers"),
        }
        allowed = {"kind", *belongs[self.kind]}
        stray = sorted(self.model_fields_set - allowed)
        if stray:
            raise ValueError(f"'{stray[0]}' does not belong to kind = '{self.kind}'")
        return self


class DetectorTable(BaseModel):
    """A detector and, under their own names, its hyperparameters."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    name: str


class CalibrationTable(Table):
    """How scores become p-values.

    ``mondrian``: in ``bins`` equally filled ones of the context, or those of the search. ``split``: all
    together. ``localised``: by events near in the context, within ``width``. ``covariate-shift``: the
    reference reweighted by the known ``ratio`` of data to reference in bins of the context between ``edges``.
    ``signed``: accept negative weights of the reference, without a guarantee.
    """

    kind: Literal["mondrian", "split", "localised", "covariate-shift"] = "mondrian"
    bins: Annotated[int, Field(ge=1)] | None = None
    randomised: bool = True
    signed: bool = False
    width: Positive | None = None
    edges: Annotated[list[float], Field(min_length=2)] | None = None
    ratio: Annotated[list[Annotated[float, Field(ge=0, allow_inf_nan=False)]], Field(min_length=1)] | None = (
        None
    )

    @model_validator(mode="after")
    def _fits(self) -> CalibrationTable:
        belongs = {
            "mondrian": ("bins", "signed"),
            "split": ("signed",),
            "localised": ("width",),
            "covariate-shift": ("edges", "ratio"),
        }[self.kind]
        if stray := sorted(self.model_fields_set - {"kind", "randomised", *belongs}):
            raise ValueError(f"'{stray[0]}' does not belong to kind = '{self.kind}'")
        for name in set(belongs) - {"bins", "signed"}:
            if getattr(self, name) is None:
                raise ValueError(f"kind = '{self.kind}' needs '{name}'")
        return self


class SearchTable(Table):
    """A bump anywhere in the context, a signal shape at every mass, a count in a ``region`` or in several
    ``regions``; masses in GeV. None stands for the dijet search's."""

    kind: Literal["bump-hunt", "shape-scan", "counting", "windows"] = "bump-hunt"
    context: str = "mjj"
    range: Range | None = None
    region: Range | None = None
    alpha: Annotated[float, Field(gt=0, lt=1)] | None = None
    relative_width: Annotated[float, Field(gt=0, lt=1)] = 0.025
    regions: Annotated[list[Range], Field(min_length=1)] | None = None
    signal_width: Annotated[float, Field(gt=0, lt=1)] | None = None
    parameters: Literal[3, 4, 5, "F-test"] = 3
    sqrt_s: Positive = 13000.0
    pseudo_experiments: Annotated[int, Field(ge=1)] = 10_000
    stop_after: Annotated[int, Field(ge=0)] = 0
    combine: Literal["largest", "same mass"] = "largest"
    controls: bool = True

    @model_validator(mode="after")
    def _fits(self) -> SearchTable:
        if self.regions is not None and self.kind != "windows":
            raise ValueError(f"'regions' does not belong to kind = '{self.kind}'")
        if self.kind == "windows" and self.regions is None:
            raise ValueError("kind = 'windows' needs 'regions'")
        if self.signal_width is not None and self.kind != "shape-scan":
            raise ValueError(f"'signal_width' does not belong to kind = '{self.kind}'")
        if self.stop_after > self.pseudo_experiments:
            raise ValueError(
                f"'stop_after' should be at most the {self.pseudo_experiments} pseudo_experiments"
            )
        return self


class PolicyTable(Table):
    """Which data train a detector that learns from data: half of them, other folds, or all under test."""

    kind: Literal["split", "k-fold", "same-data"] = "split"
    folds: Annotated[int, Field(ge=2, le=100)] = 5

    @model_validator(mode="after")
    def _fits(self) -> PolicyTable:
        if "folds" in self.model_fields_set and self.kind != "k-fold":
            raise ValueError(f"'folds' does not belong to kind = '{self.kind}'")
        return self


class NullTable(Table):
    """Where the global p-value comes from.

    ``pseudo-experiments`` of the search, without training; or the whole chain repeated on at most ``toys``
    data sets, until ``stop_after`` are as extreme as the data (0: never): ``label-exchange`` between data and
    reference, in bins of the context between ``strata``, or ``pseudo-data`` of a smooth law fitted to the
    reference.
    """

    kind: Literal["pseudo-experiments", "label-exchange", "pseudo-data"] = "pseudo-experiments"
    toys: Annotated[int, Field(ge=1, le=10_000_000)] = 1000
    stop_after: Annotated[int, Field(ge=0)] = 10
    strata: Annotated[list[Positive], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> NullTable:
        if self.kind == "pseudo-experiments" and (stray := sorted(self.model_fields_set - {"kind"})):
            raise ValueError(f"'{stray[0]}' does not belong to kind = '{self.kind}'")
        if self.strata is not None:
            if self.kind != "label-exchange":
                raise ValueError(f"'strata' does not belong to kind = '{self.kind}'")
            if sorted(set(self.strata)) != self.strata:
                raise ValueError("'strata' should rise")
        return self


class ChecksTable(Table):
    """The validity gate: joint error rate, simulations, background toys, pseudo-experiments in each toy."""

    level: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    simulated: Annotated[int, Field(ge=100)] = 2000
    toys: Annotated[int, Field(ge=20)] = 200
    pseudo_experiments: Annotated[int, Field(ge=100)] = 500


class Config(Table):
    """A whole search."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    out: str | None = None
    data: FileTable
    reference: FileTable | None = None
    representation: RepresentationTable = RepresentationTable()
    detector: DetectorTable
    calibration: CalibrationTable = CalibrationTable()
    search: SearchTable = SearchTable()
    policy: PolicyTable = PolicyTable()
    null: NullTable = NullTable()
    checks: ChecksTable = ChecksTable()
    variations: dict[str, VariationTable] = Field(default_factory=dict)
    channels: dict[str, ChannelTable] = Field(default_factory=dict)
    blind: BlindTable = BlindTable()
    spurious_signal: SpuriousTable | None = None
    limit: LimitTable | None = None
    hepdata: HepdataTable | None = None

    @model_validator(mode="after")
    def _fits(self) -> Config:
        if self.limit is not None and self.search.kind not in ("bump-hunt", "counting"):
            raise ValueError(f"'limit' does not belong to search.kind = '{self.search.kind}'")
        if self.spurious_signal is not None and self.search.kind not in ("bump-hunt", "shape-scan"):
            raise ValueError(f"'spurious_signal' does not belong to search.kind = '{self.search.kind}'")
        if self.channels and (self.search.kind != "bump-hunt" or self.reference is None):
            raise ValueError("'channels' needs search.kind = 'bump-hunt' and a reference")
        if self.channels and (self.variations or self.null.kind != "pseudo-experiments"):
            raise ValueError("'channels' does not go with 'variations' or a null that repeats the chain")
        if bad := [
            name for name in self.channels if name == MAIN or not name.replace("-", "_").isidentifier()
        ]:
            raise ValueError(f"a channel is called '{bad[0]}': use letters and digits, and not '{MAIN}'")
        return self

    def channel(self, name: str) -> Config:
        """The configuration of one more channel: the same search on its own files."""
        table = self.channels[name]
        files = {"data": self.data.model_copy(update={"file": table.data})}
        if self.reference is not None:
            files["reference"] = self.reference.model_copy(update={"file": table.reference})
        alone = dict.fromkeys(("spurious_signal", "limit", "hepdata"))
        return self.model_copy(update={**files, **alone, "channels": {}})

    def files(self) -> dict[str, str]:
        """Every file that is read: what it is -> its path."""
        found = {"data": self.data.file}
        if self.reference is not None:
            found["reference"] = self.reference.file
        for name, table in self.variations.items():
            found[f"variations.{name}.up"] = table.up
            if table.down is not None:
                found[f"variations.{name}.down"] = table.down
        for name, channel in self.channels.items():
            found[f"channels.{name}.data"] = channel.data
            found[f"channels.{name}.reference"] = channel.reference
        return found if self.limit is None else {**found, "limit.signal": self.limit.signal}

    def placed(self, place: Callable[[str], str]) -> Config:
        """The configuration with the path of every file changed."""

        def moved(table: Table | None, *keys: str) -> Any:
            if table is None:
                return None
            given = {key: value for key in keys if (value := getattr(table, key)) is not None}
            return table.model_copy(update={key: place(value) for key, value in given.items()})

        return self.model_copy(
            update={
                "data": moved(self.data, "file"),
                "reference": moved(self.reference, "file"),
                "variations": {name: moved(table, "up", "down") for name, table in self.variations.items()},
                "channels": {n: moved(table, "data", "reference") for n, table in self.channels.items()},
                "limit": moved(self.limit, "signal"),
            }
        )

    def resolved(self, **more: Any) -> dict[str, Any]:
        """Everything that decides the result, as JSON values, with its hash under ``hash``."""
        values = {**self.model_dump(mode="json", exclude={"out"}), **more}
        text = json.dumps(values, sort_keys=True, allow_nan=False)
        return {**values, "hash": hashlib.sha256(text.encode()).hexdigest()}


@dataclass(frozen=True)
class Given:
    """What was given on the command line beside the file."""

    reference: Path | None = None
    detector: str | None = None
    context: str | None = None
    range: tuple[float, float] | None = None
    features: str | None = None
    alpha: float | None = None

    def names(self) -> list[str]:
        """The options that were given."""
        return [f"--{name}" for name, value in vars(self).items() if value is not None]


def from_toml(path: Path) -> Config:
    """The configuration in a file; paths in it are relative to the file.

    Raises:
        FileError: when the file is missing or empty.
        ConfigError: when it is not TOML, or has a wrong key, type or value.
    """
    file = existing_file(path)
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"'{file}' is not TOML ({error})", "Correct that line.") from error
    config = checked(Config, values, f"'{file}'")
    folder = file.parent
    out = None if config.out is None else str(folder / config.out)
    return config.placed(lambda name: str(folder / name)).model_copy(update={"out": out})


def from_options(data: Path, given: Given) -> Config:
    """The configuration that options stand for.

    Raises:
        ConfigError: without ``--detector``, or for a value that cannot be used.
    """
    if given.detector is None:
        raise ConfigError("no detector was named", "Add --detector NAME; 'strangeness list' shows the names.")
    search = {"context": given.context, "range": given.range, "alpha": given.alpha}
    values: dict[str, Any] = {
        "data": {"file": str(data)},
        "detector": {"name": given.detector},
        "search": {key: value for key, value in search.items() if value is not None},
    }
    if given.reference is not None:
        values["reference"] = {"file": str(given.reference)}
    if given.features is not None:
        names = [name.strip() for name in given.features.split(",")]
        values["representation"] = {"features": [name for name in names if name]}
    return checked(Config, values, "the command line")


def checked(model: type[_M], values: dict[str, Any], where: str) -> _M:
    """``values`` as a model.

    Raises:
        ConfigError: naming the first wrong key with its neighbours, or the value and what was expected.
    """
    try:
        # As JSON, lists may stand for tuples while types stay strict.
        return model.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise _explained(model, error, where) from error


def _explained(model: type[BaseModel], error: ValidationError, where: str) -> ConfigError:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    key = ".".join(place)
    if first["type"] == "extra_forbidden":
        return ConfigError(
            f"{where} has the unknown key '{key}'", nearest(place[-1], _keys(model, place[:-1]))
        )
    if first["type"] == "missing":
        return ConfigError(f"{where} lacks '{key}'", "Add it.")
    if not place:
        return ConfigError(f"the tables of {where} do not fit together", _sentence(first["msg"]))
    seen = json.dumps(first["input"], default=str)
    return ConfigError(f"'{key}' in {where} is {seen}", f"{_sentence(first['msg'])}")


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ").replace("Input should", "It should")
    return f"{text[0].upper()}{text[1:]}."


def _keys(model: type[BaseModel], place: list[str]) -> list[str]:
    """The keys of the table at ``place``."""
    for name in place:
        if name not in model.model_fields:
            continue  # a name of the user's own, such as that of a variation
        kinds = [model.model_fields[name].annotation, *get_args(model.model_fields[name].annotation)]
        model = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return list(model.model_fields)
