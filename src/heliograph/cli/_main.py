"""Arguments, and one line for every error.

Exit status: 0 done, 1 it was tried and failed, 2 the input was wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from heliograph import errors
from heliograph._version import __version__

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

_CALLERS_FAULT = (errors.UsageError, errors.MissingExtra, errors.InvalidBody)


class _Parser(argparse.ArgumentParser):
    """One line instead of the usage block: the line says what to do."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _size(text: str) -> str:
    width, cross, height = text.partition("x")
    if text != "auto" and not (cross and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT (1024x1024) or auto")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _size_of_cluster(text: str) -> int:
    if text not in ("1", "3", "5"):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1, 3 or 5")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0")
    return speed


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="heliograph", description="The Responses API: draw, serve, check.")
    parser.add_argument("--version", action="version", version=f"heliograph {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    draw = commands.add_parser("draw", help="make a picture and show it being made")
    draw.add_argument("prompt", help="what to draw, in words")
    draw.add_argument("-o", "--output", metavar="FILE", help="where to (default: from the prompt)")
    draw.add_argument("--model", default="heliograph/direct", help="default: %(default)s")
    draw.add_argument("--size", type=_size, metavar="WxH", help="pixels, or auto")
    draw.add_argument("--format", choices=("png", "webp", "jpeg"), help="default: FILE's, or png")
    draw.add_argument("--partial-images", type=_count, default=3, metavar="N", help="0 to 3")
    draw.add_argument("--seed", type=_count, metavar="S", help="vary the composition")
    draw.add_argument("--base-url", metavar="URL", help="a server to use instead of one of our own")
    draw.add_argument("--events", metavar="FILE", help="write every event, a JSON line each")
    draw.add_argument("--json", action="store_true", help="print what was made as JSON")

    serve = commands.add_parser("serve", help="serve the Responses API")
    serve.add_argument("--host", metavar="ADDRESS", help="default: 127.0.0.1")
    serve.add_argument("--port", type=_port, help="default: 8080; 0 for a free one")
    serve.add_argument("--data", metavar="DIR", help="where responses and pictures are kept")
    serve.add_argument(
        "--config", metavar="FILE", help="a TOML file; the options above win over it"
    )

    serve.add_argument("--log-format", choices=("text", "json"), help="default: text")
    levels = ("debug", "info", "warning", "error")
    serve.add_argument("--log-level", choices=levels, help="default: info")

    _keys_parser(commands.add_parser("keys", help="make, list and revoke API keys"))

    config = commands.add_parser("config", help="look at a configuration file")
    verbs = config.add_subparsers(dest="verb", required=True, metavar="VERB")
    told = verbs.add_parser("check", help="say what would be served, or what is wrong")
    told.add_argument("file", metavar="FILE", help="a TOML file, as `serve --config` takes it")

    cluster = commands.add_parser("cluster", help="run nats-servers here, to try a cluster out")
    verbs = cluster.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="run N servers until a signal; prints the [journal] to use")
    up.add_argument("size", type=_size_of_cluster, metavar="N", help="1, 3 or 5")
    up.add_argument("--data", metavar="DIR", required=True, help="where they keep their data")
    up.add_argument(
        "--port", type=_port, default=4222, help="the first; default: 4222; 0: free ones"
    )

    check = commands.add_parser("check", help="hold a captured stream against the protocol")
    check.add_argument(
        "file", metavar="FILE", help="an .sse or .jsonl capture, - for standard input"
    )
    check.add_argument("--dialect", default="strict", help="habits to allow (default: none)")

    _tapes_parsers(commands)

    tail = commands.add_parser("tail", help="show a stored response's events as they come")
    tail.add_argument("response_id", metavar="RESPONSE_ID")
    tail.add_argument("--after", type=_count, metavar="N", help="only those after event N")
    tail.add_argument("--base-url", metavar="URL", help="the server (default: HELIOGRAPH_BASE_URL)")
    tail.add_argument("--json", action="store_true", help="print each event as its JSON")
    return parser


def _tapes_parsers(commands: argparse._SubParsersAction[_Parser]) -> None:
    record = commands.add_parser("record", help="record a real endpoint's answers in a cassette")
    record.add_argument(
        "target", metavar="URL|REQUEST.json", help="an endpoint to stand before, or one request"
    )
    record.add_argument("-o", "--output", metavar="CASSETTE", required=True, help="a .jsonl file")
    record.add_argument("--force", action="store_true", help="record a cassette that is there anew")
    record.add_argument("--port", type=_port, default=8080, help="default: 8080; 0 for a free one")
    record.add_argument("--base-url", metavar="URL", help="where REQUEST.json is sent")
    record.add_argument(
        "--scrub", metavar="TEXT", action="append", default=[], help="what must not be in the file"
    )
    replay = commands.add_parser("replay", help="serve a cassette as the endpoint it came from")
    replay.add_argument("cassette", metavar="CASSETTE", help="as `record` wrote it")
    replay.add_argument("--port", type=_port, default=8080, help="default: 8080; 0 for a free one")
    replay.add_argument(
        "--speed",
        type=_speed,
        default=0.0,
        metavar="X",
        help="1: as recorded; 0, the default: at once",
    )
    replay.add_argument(
        "--faults",
        default="",
        help="cut[=EVENT], stall[=SECONDS], resplit[=BYTES], times=N; by commas",
    )
    replay.add_argument(
        "--ignore", metavar="FIELD", action="append", default=[], help="a body field to leave out"
    )
    replay.add_argument("--resume", action="store_true", help="answer GET /responses/ID as well")


def _keys_parser(keys: argparse.ArgumentParser) -> None:
    verbs = keys.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = verbs.add_parser("create", help="make a key and print it, this once")
    create.add_argument("--name", default="", help="what to call it in the list")
    create.add_argument("--tenant", help="whose responses it sees (default: its own alone)")
    create.add_argument(
        "--requests-per-minute", type=_count, metavar="N", help="default: the server's; 0 for any"
    )
    create.add_argument(
        "--concurrent", type=_count, metavar="N", help="default: the server's; 0 for any"
    )
    create.add_argument("--expires", metavar="WHEN", help="90d, 12h, 2027-01-31 (UTC)")
    shown = verbs.add_parser("list", help="show the keys, without their secrets")
    shown.add_argument("--json", action="store_true", help="print them as JSON")
    revoke = verbs.add_parser("revoke", help="refuse a key from now on")
    revoke.add_argument("id", metavar="ID", help="as `keys list` shows it")
    for verb in (create, shown, revoke):
        where = verb.add_mutually_exclusive_group(required=True)
        where.add_argument("--data", metavar="DIR", help="the folder that the server keeps data in")
        where.add_argument("--config", metavar="FILE", help="the server's file, which names it")


def _dispatch(args: argparse.Namespace) -> int:
    # Each command's module is loaded for that command only: `check` runs without the extras.
    if args.command == "draw":
        from heliograph.cli import _draw

        return _draw.run(args)
    if args.command == "serve":
        from heliograph.cli import _serve

        return _serve.run(args)
    if args.command == "config":
        from heliograph.cli import _config

        return _config.run(args.file, sys.stdout)
    if args.command == "cluster":
        from heliograph.cli import _cluster

        return _cluster.up(args.size, args.data, args.port, sys.stdout)
    if args.command == "keys":
        from heliograph.cli import _keys

        return _keys.run(args, sys.stdout, sys.stderr)
    if args.command in ("record", "replay"):
        from heliograph.cli import _tapes

        if args.command == "record":
            return _tapes.record(args, sys.stdout)
        return _tapes.replay(args, sys.stdout, sys.stderr)
    if args.command == "tail":
        from heliograph.cli import _tail

        return _tail.run(args.response_id, args.after, args.base_url, args.json, sys.stdout)
    from heliograph.cli import _check

    return _check.run(args.file, args.dialect, sys.stdout)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Every error of ours is one line on stderr."""
    args = _parser().parse_args(argv)
    try:
        return _dispatch(args)
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
