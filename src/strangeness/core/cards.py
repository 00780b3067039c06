"""The card of a method: what it is, what it needs, and what to cite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Need = Literal["reference", "data", "region", "context"]


@dataclass(frozen=True)
class Citation:
    """A publication.

    Attributes:
        key: BibTeX key.
        authors: as printed in a reference list.
        title: title.
        year: year of publication.
        where: journal reference, DOI or arXiv identifier.
    """

    key: str
    authors: str
    title: str
    year: int
    where: str

    def bibtex(self) -> str:
        """The entry as BibTeX."""
        fields = {"author": self.authors, "title": self.title, "year": str(self.year), "note": self.where}
        body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
        return f"@misc{{{self.key},\n{body}}}"

    def __str__(self) -> str:
        return f"{self.authors}, {self.title} ({self.year}), {self.where}"


@dataclass(frozen=True)
class MethodCard:
    """What the list, the documentation's table, the citations and the conformance tests read of a method.

    Attributes:
        name: the name on the command line, words joined by '-'.
        summary: one line.
        citation: what to cite.
        family: how the method computes.
        input_kind: what ``x`` it takes.
        maturity: "experimental" until a published number was reproduced.
        needs: what the chain must hand out.
        weights: which event weights the fit can use.
        in_memory: whether the fit holds all its events at once; then ``row_limit`` bounds them.
        uses_truth: a supervised reference, which never carries a claim.
        sklearn_failures: scikit-learn checks that cannot hold, each with its reason.
    """

    name: str
    summary: str
    citation: Citation
    family: Literal["classical", "tensor network", "quantum", "hybrid"]
    input_kind: Literal["tabular", "image", "set", "sequence", "graph"] = "tabular"
    maturity: Literal["experimental", "stable"] = "experimental"
    needs: tuple[Need, ...] = ("reference",)
    weights: Literal["none", "positive", "signed"] = "none"
    in_memory: bool = True
    row_limit: int = 10_000_000
    uses_truth: bool = False
    sklearn_failures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RepresentationCard:
    """What a representation computes, what to cite, and what its values do not depend on.

    Attributes:
        name: its kind in a configuration.
        summary: one line.
        citation: what to cite.
        safe: "infrared and collinear" where neither soft particles nor collinear splittings change any value
            beyond the tolerance of ``conformance.safety``.
    """

    name: str
    summary: str
    citation: Citation
    safe: Literal["infrared and collinear", "no"] = "no"
