"""One command, and one line for every error.

Exit status: 0 done, 1 it was tried and failed, 2 the input was wrong, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from heliograph import errors
from heliograph.cli import _parser

FAILED, BAD_INPUT, INTERRUPTED = 1, _parser.BAD_INPUT, 130

_CALLERS_FAULT = (errors.UsageError, errors.MissingExtra, errors.InvalidBody)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Every error of ours is one line on stderr."""
    args = _parser.parser().parse_args(argv)
    try:
        # A command's module is loaded for that command only: `check FILE` runs without the extras.
        command = import_module(f"heliograph.cli.{args.module}")
        status: int = command.run(args, sys.stdout, sys.stderr)
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return FAILED
    except _CALLERS_FAULT as error:
        status, text = BAD_INPUT, str(error)
    except errors.APIError as error:
        status = BAD_INPUT if 400 <= error.status < 500 else FAILED
        text = str(error)
        if error.param and not text.startswith(error.param):
            text = f"{error.param}: {text}"
    except errors.HeliographError as error:
        status, text = FAILED, str(error)
    except OSError as error:
        status, text = BAD_INPUT, f"{error.filename or args.command}: {error.strerror or error}"
    print(f"heliograph {args.command}: {' '.join(text.split())}", file=sys.stderr)
    return status
