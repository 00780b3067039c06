"""Every command with its arguments and options, made from the app itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from strangeness.cli.app import app
from tests.docs.markdown import code, table


def commands() -> str:
    """A section a command: what it does, its arguments and options, and its examples."""
    return "\n\n".join(_section(name, command) for name, command in _walked("strangeness", _group()))


def options() -> dict[str, set[str]]:
    """Command -> the options that it has."""
    return {
        name: {flag for one in command.params if one.param_type_name == "option" for flag in one.opts}
        for name, command in _walked("strangeness", _group())
    }


def _group() -> Any:
    return typer.main.get_command(app)


def _walked(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Commands that do something, with their full names; a group of commands is only walked through."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield name, command
    for each in inner.values():
        yield from _walked(f"{name} {each.name}", each)


def _section(name: str, command: Any) -> str:
    parameters = [one for one in command.params if one.name != "help"]
    rows = [(_named(one), _meaning(one)) for one in parameters]
    said = [
        f"### {name.partition(' ')[2]}",
        command.help,
        *([table(("argument or option", "meaning"), rows)] if rows else []),
    ]
    examples = command.epilog.partition(": ")[2].split(" | ")
    return "\n\n".join([*said, "\n".join(["```sh", *examples, "```"])])


def _named(one: Any) -> str:
    if one.param_type_name == "argument":
        return code(one.metavar or one.name)
    return ", ".join(code(f"{flag} {one.metavar or ''}".rstrip()) for flag in one.opts)


def _meaning(one: Any) -> str:
    default = "" if one.default is None or one.default is False else f" Default: {one.default}."
    return f"{one.help or ''}{' Required.' if one.required else ''}{default}"


TABLES = {"commands": commands}
