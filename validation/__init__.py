"""Numbers of this package against reference values: ``python -m validation [NAME] --json FILE [--full]``."""
