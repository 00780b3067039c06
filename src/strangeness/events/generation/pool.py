"""What a large set of shards is: settings, seeds, counts and checksums, kept where the events are not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from strangeness.core.files import sha256, write_text
from strangeness.events.generation.catalogue import Sample
from strangeness.events.generation.shards import read, shard_path
from strangeness.events.generation.store import read_metadata


def write_pool_manifest(
    sample: Sample, work: Path, seed: int, out: str | os.PathLike[str], path: str | os.PathLike[str]
) -> dict[str, Any]:
    """Describe the shards of a sample of one class, and the file ``out`` made of them, in a JSON file.

    Each shard has its number, rows, events tried, and the SHA-256 of its file; its seed is the sample's plus
    its number.
    """
    part, made_from = sample.parts[0], read_metadata(out)
    shards = []
    for number in range(made_from["parts"][0]["shards"]):
        file = shard_path(sample, part, number, work, seed)
        columns, counts = read(file)
        rows = len(columns["event"])
        shards.append([number, rows, counts["generated"], sha256(file)])
    described = {
        "made_from": made_from,
        "folder": shard_path(sample, part, 0, work, seed).parent.name,
        "rows": sum(rows for _, rows, _, _ in shards),
        "file": {"sha256": sha256(out), "bytes": Path(out).stat().st_size},
        "columns_of_shards": ["number", "rows", "generated", "sha256"],
        "shards": shards,
    }
    lines = ",\n  ".join(json.dumps(row) for row in shards)
    # a line a shard; with indents each would take six
    text = json.dumps(described | {"shards": 0}, indent=1).replace(
        '"shards": 0\n}', f'"shards": [\n  {lines}\n ]\n}}'
    )
    write_text(path, text + "\n")
    return described
