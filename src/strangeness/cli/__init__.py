"""The command line: ``strangeness demo``, ``search``, ``list``, ``sample``. Nothing heavy is loaded here."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from strangeness.core.errors import StrangenessError

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, or 2 after one line on standard error.

    Errors that a user cannot act on are bugs and keep their traceback.
    """
    from strangeness.cli.app import app

    try:
        return int(app(arguments, standalone_mode=False, prog_name="strangeness") or 0)
    except StrangenessError as error:
        return _failed(str(error))
    except OSError as error:
        if error.filename is None:
            raise
        return _failed(f"'{error.filename}': {error.strerror}. Check the path.")
    except KeyboardInterrupt:
        return _failed("interrupted. Run the same command again.")
    except Exception as error:
        # Wrong options: the class has moved between typer's versions, its method has not.
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        return _failed(f"{message()} See 'strangeness --help'.")


def _failed(message: str) -> int:
    sys.stderr.write(f"strangeness: error: {' '.join(message.split())}\n")
    return USAGE_ERROR
