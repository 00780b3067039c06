"""All repetitions of an injection study: in processes of their own, kept in files, so that a stopped one goes
on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from strangeness.core.checkpoint import fingerprint
from strangeness.core.errors import FileError
from strangeness.core.files import write_text
from strangeness.core.run import progress
from strangeness.core.workers import apart
from strangeness.methods.fits import content
from strangeness.methods.injection import InjectionCurve, Plan, Trial, trial


def injection_curves(plan: Plan, *, kept: Path | None = None, workers: int = 0) -> tuple[InjectionCurve, ...]:
    """The curve of every contamination.

    Args:
        plan: what is injected.
        kept: folder of finished repetitions, which are not made again; None keeps none.
        workers: processes, each on one core; 0 uses this one.

    Raises:
        InputError: as ``Plan.checked``.
        FileError: for a damaged file of a repetition.
        Interrupted: when it was stopped.
    """
    plan = plan.checked()
    if workers == 0:
        return tuple(_curves(Kept.of(plan, kept)))
    with tempfile.TemporaryDirectory() as scratch:
        place = Kept.of(plan, kept or Path(scratch))
        _apart(place, workers)
        return tuple(_curves(place))


@dataclass(frozen=True)
class Kept:
    """A plan with the folder of its finished repetitions, which are found again by all that decides them."""

    plan: Plan
    folder: Path | None
    settings: str

    @classmethod
    def of(cls, plan: Plan, folder: Path | None) -> Kept:
        """The repetitions of a plan; those of another search, seed or sample have other names."""
        same = (repr(plan.analysis), plan.events, plan.sidebands, plan.seed)
        return cls(plan, folder, fingerprint((*same, content(plan.background), content(plan.signal))))

    def file(self, contamination: float, strength: float, index: int) -> Path | None:
        """The file of a repetition, None where none are kept."""
        name = f"injection-{self.settings}-{contamination:g}-{strength:g}-{index:05d}.json"
        return None if self.folder is None else self.folder / name

    def one(self, contamination: float, strength: float, index: int) -> Trial:
        """A repetition, read or made."""
        path = self.file(contamination, strength, index)
        if path is None:
            return trial(self.plan, strength, contamination, index)
        if not path.exists():
            made = trial(self.plan, strength, contamination, index)
            write_text(path, json.dumps(asdict(made)))
        try:
            return Trial(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError, OSError) as error:
            raise FileError(f"the kept repetition '{path}' is damaged", "Remove the file.") from error


def point(kept: Kept, contamination: float, strength: float) -> None:
    """All repetitions at one strength."""
    for index in range(kept.plan.repetitions):
        kept.one(contamination, strength, index)


def _apart(kept: Kept, workers: int) -> None:
    plan = kept.plan
    points = [(c, s) for c in plan.contaminations for s in plan.strengths]
    files = [kept.file(c, s, index) for c, s in points for index in range(plan.repetitions)]
    jobs = [(f"{s:g} events, {100 * c:g} %", (kept, c, s)) for c, s in points]
    with progress("repetitions", len(files)) as show:
        for label in apart(point, jobs, workers):
            show(sum(file is not None and file.exists() for file in files), label)


def _curves(kept: Kept) -> Iterator[InjectionCurve]:
    plan, done = kept.plan, 0
    with progress("repetitions", len(plan.contaminations) * len(plan.strengths) * plan.repetitions) as show:
        for contamination in plan.contaminations:
            rows: list[tuple[Trial, ...]] = []
            for strength in plan.strengths:
                made = []
                for index in range(plan.repetitions):
                    made.append(kept.one(contamination, strength, index))
                    done += 1
                    show(done, f"{strength:g} events")
                rows.append(tuple(made))
            yield InjectionCurve(contamination, plan.strengths, tuple(rows))
