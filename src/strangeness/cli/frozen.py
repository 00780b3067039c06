"""The frozen configuration of a blind search: a JSON file with a hash over all that it says."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import strangeness
from strangeness.cli.config import Config
from strangeness.cli.folder import difference
from strangeness.core.errors import ConfigError, FileError
from strangeness.core.files import existing_file, write_text
from strangeness.report.summary import versions

FORMAT = "strangeness.frozen/1"
_COMPARED = {
    "configuration": "Restore the configuration",
    "inputs": "Restore the files",
    "code": "Install the code and the versions that were frozen",
}


@dataclass(frozen=True)
class Frozen:
    """A frozen configuration that was read from its file."""

    path: Path
    values: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """SHA-256 of everything else in the file, as canonical JSON."""
        return str(self.values["hash"])

    @property
    def configuration(self) -> Path:
        """The configuration file, as the frozen one remembers where it was."""
        return Path(os.path.normpath(self.path.parent / str(self.values["configuration_file"])))

    @property
    def said(self) -> str:
        """How a page says it."""
        frozen = f"Configuration frozen on {self.values['frozen_on']} as {self.hash}"
        return f"{frozen}, before the region was opened."


def frozen_values(
    config: Config, source: Path, place: Path, inputs: Mapping[str, str], rehearsal: Mapping[str, Any]
) -> dict[str, Any]:
    """What is frozen: settings, code, the inputs' hashes, the rehearsal, and the hash of it all.

    Args:
        config: completed; its paths are frozen relative to ``source``.
        source: the configuration file.
        place: folder of the frozen file.
        inputs: name of each file but the data -> its SHA-256.
        rehearsal: what was found without the data.
    """
    values: dict[str, Any] = {
        "format": FORMAT,
        "frozen_on": today(),
        "configuration_file": os.path.relpath(source, place),
        **facts(config, source, inputs),
        "rehearsal": dict(rehearsal),
    }
    return {**values, "hash": _hash(values)}


def facts(config: Config, source: Path, inputs: Mapping[str, str]) -> dict[str, Any]:
    """What must be the same when the region is opened."""
    settings = config.placed(lambda name: os.path.relpath(name, source.parent))
    return {
        "configuration": settings.model_dump(mode="json", exclude={"out"}),
        "inputs": dict(inputs),
        "code": code(),
    }


def code() -> dict[str, Any]:
    """Hash of the package's own source, and the versions of what makes the numbers."""
    root = Path(strangeness.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py"), key=lambda file: file.relative_to(root).as_posix()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return {"source": digest.hexdigest(), "versions": versions()}


def today() -> str:
    """The date in UTC."""
    return datetime.now(UTC).date().isoformat()


def write_frozen(values: Mapping[str, Any], path: Path) -> None:
    """Write a frozen configuration.

    Raises:
        FileError: when the file cannot be written.
    """
    write_text(path, json.dumps(values, indent=1, allow_nan=False) + "\n")


def read_frozen(path: Path) -> Frozen:
    """A frozen configuration, whose hash was checked.

    Raises:
        FileError: when the file is missing, is no frozen configuration, or was changed since.
    """
    file = existing_file(path)
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FileError(f"'{file}' is not JSON ({error})", "Give the frozen.json of --blind.") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise FileError(f"'{file}' is no frozen configuration", "Give the frozen.json of --blind.")
    if values.get("hash") != _hash(values):
        raise FileError(
            f"'{file}' was changed after it was frozen: its hash does not fit",
            "Give the file as it was written.",
        )
    return Frozen(file, values)


def refuse_changed(frozen: Frozen, config: Config, source: Path, inputs: Mapping[str, str]) -> None:
    """Refuse to open the region when anything is not as it was frozen.

    Raises:
        ConfigError: naming the first thing that changed, with both values.
    """
    now = facts(config, source, inputs)
    for what, remedy in _COMPARED.items():
        changed = difference(frozen.values.get(what), now[what])
        if changed is not None:
            raise ConfigError(
                f"the {what} changed since '{frozen.path}' was frozen: {changed}",
                f"{remedy}, or freeze anew with --blind.",
            )


def _hash(values: Mapping[str, Any]) -> str:
    text = json.dumps(
        {key: value for key, value in values.items() if key != "hash"},
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()
