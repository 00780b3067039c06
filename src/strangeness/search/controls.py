"""What controls say about a detector: an untrained one, the mass alone, the sum of the features."""

from __future__ import annotations

from collections.abc import Mapping

from strangeness.search.result import SearchResult

_FOUND = 0.05


def control_wording(result: SearchResult, controls: Mapping[str, SearchResult]) -> str:
    """One sentence that sets a result beside controls of the same data; empty without controls.

    Controls never block. A control whose global p is as small as the detector's has found the same without
    it; where neither could be smaller, the local p decides.

    Args:
        result: the search with the detector.
        controls: name, such as "mass alone" -> the same search with the control in its place.
    """
    if not controls:
        return ""
    name, best = min(controls.items(), key=lambda item: _smallness(item[1]))
    theirs = f"'{name}' alone gives global p = {best.global_p:.2g}"
    if result.blocked:
        return f"A check failed, so no control is compared with the detector; {theirs}."
    if result.global_p > _FOUND and best.global_p > _FOUND:
        return (
            f"Neither the detector nor a control finds an excess: {theirs}, the smallest of {len(controls)}."
        )
    if _smallness(best) <= _smallness(result):
        return f"The detector adds nothing: {theirs}, and the detector {result.global_p:.2g}."
    return (
        f"No control shows as much: {theirs}, the smallest of {len(controls)}, and the detector "
        f"{result.global_p:.2g}."
    )


def _smallness(result: SearchResult) -> tuple[float, float]:
    return result.global_p, result.local_log_p
