"""No file grows into a heap."""

from pathlib import Path

LIMIT = 500
FOLDERS = ("src", "tests", "harness", "benchmarks", "validation", "recipes", "docs", ".ci")
TEXT = {".py", ".toml", ".md", ".html", ".css", ".js", ".sh", ".cff", ".yml"}


def _files(repository: Path) -> list[Path]:
    inside = [file for folder in FOLDERS for file in (repository / folder).rglob("*")]
    found = [file for file in (*inside, *repository.glob("*")) if file.suffix in TEXT and file.is_file()]
    return [file for file in found if "__pycache__" not in file.parts]


def test_no_file_is_over_the_limit(repository: Path) -> None:
    files = _files(repository)
    assert any(file.name == "errors.py" for file in files)
    lengths = {str(file.relative_to(repository)): _lines(file) for file in files}
    assert {name: length for name, length in lengths.items() if length > LIMIT} == {}


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())
