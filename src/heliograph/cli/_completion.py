"""``heliograph completion SHELL``: a script for the shell, written by shtab from the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TextIO

from heliograph.cli import _parser
from heliograph.cli._extras import needing


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the script; returns the exit status. Raises ``MissingExtra`` without `local`."""
    with needing("local", "completion"):
        import shtab

    whole = _parser.parser()
    places = {_parser.FILE: shtab.FILE, _parser.FOLDER: shtab.DIRECTORY}
    for action in _actions(whole):
        if what := getattr(action, "completes", None):
            action.complete = places[what]  # type: ignore[attr-defined] # shtab's own
    print(shtab.complete(whole, args.shell), file=out)
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument of every command."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
