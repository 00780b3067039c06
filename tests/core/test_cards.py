"""Cards and citations print as they should."""

from strangeness.core.cards import Citation, MethodCard

CITATION = Citation("Doe2020", "J. Doe", "On jets", 2020, "JHEP 01, 001")


def test_a_citation_as_text_and_as_bibtex() -> None:
    assert str(CITATION) == "J. Doe, On jets (2020), JHEP 01, 001"
    assert CITATION.bibtex() == (
        "@misc{Doe2020,\n  author = {J. Doe},\n  title = {On jets},\n"
        "  year = {2020},\n  note = {JHEP 01, 001},\n}"
    )


def test_a_card_claims_little_unless_told() -> None:
    card = MethodCard("toy", "a toy", CITATION, "classical")
    assert (card.maturity, card.weights, card.needs) == ("experimental", "none", ("reference",))
    assert not card.uses_truth and card.sklearn_failures == {}
    assert card.sklearn_failures is not MethodCard("other", "", CITATION, "classical").sklearn_failures
