"""The commands and their arguments, a function each; nothing of the commands is imported.

``args.module`` names the module of ``heliograph.cli`` whose ``run(args, out, err)`` does the
command's work. ``completes`` tells a shell what a place may hold (see ``_completion``).
"""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from heliograph._version import __version__
from heliograph.cli import _types

BAD_INPUT = 2
SHELLS = ("bash", "zsh", "fish")
FILE, FOLDER = "file", "folder"


class Parser(argparse.ArgumentParser):
    """One line instead of the usage block: the line says what to do."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> Parser:
    """The whole command line."""
    whole = Parser(prog="heliograph", description="The Responses API: draw, serve, check.")
    whole.add_argument("--version", action="version", version=f"heliograph {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module, told, arguments in _COMMANDS:
        command = commands.add_parser(name, help=told, description=told)
        command.set_defaults(module=module)
        arguments(command)
    return whole


def completes(action: argparse.Action, what: str) -> None:
    """A place for a ``FILE`` or a ``FOLDER``: shells complete its path."""
    action.completes = what  # type: ignore[attr-defined] # for shtab, which reads such a one


def _file(command: argparse._ActionsContainer, *names: str, what: str = FILE, **told: Any) -> None:
    completes(command.add_argument(*names, **told), what)


def _draw(command: Parser) -> None:
    add = command.add_argument
    add("prompt", help="what to draw, in words")
    _file(command, "-o", "--output", metavar="FILE", help="where to (default: from the prompt)")
    add("--model", default="heliograph/direct", help="default: %(default)s")
    add("--size", type=_types.size, metavar="WxH", help="pixels, or auto")
    add("--format", choices=("png", "webp", "jpeg"), help="default: FILE's, or png")
    add("--partial-images", type=_types.count, default=3, metavar="N", help="0 to 3")
    add("--seed", type=_types.count, metavar="S", help="vary the composition")
    add("--base-url", metavar="URL", help="a server to use instead of one of our own")
    _file(command, "--events", metavar="FILE", help="write every event, a JSON line each")
    add("--json", action="store_true", help="print what was made as JSON")


def _serve(command: Parser) -> None:
    add = command.add_argument
    add("--host", metavar="ADDRESS", help="default: 127.0.0.1")
    add("--port", type=_types.port, help="default: 8080; 0 for a free one")
    where = "where responses and pictures are kept"
    _file(command, "--data", what=FOLDER, metavar="DIR", help=where)
    _file(command, "--config", metavar="FILE", help="a TOML file; the options above win over it")
    add("--workers", type=_types.count, metavar="N", help="run responses in N processes")
    _log(command)


def _log(command: Parser) -> None:
    add = command.add_argument
    add("--log-format", choices=("text", "json"), help="default: text")
    levels = ("debug", "info", "warning", "error")
    add("--log-level", choices=levels, help="default: info")


def _worker(command: Parser) -> None:
    where = command.add_mutually_exclusive_group()
    folder = "the folder that the server keeps data in"
    _file(where, "--data", what=FOLDER, metavar="DIR", help=folder)
    _file(where, "--socket", metavar="PATH", help="the server's socket, workers.sock in it")
    _file(command, "--config", metavar="FILE", help="the server's file, or one of its own")
    add = command.add_argument
    does = "what it does: chat:MODEL, image:MODEL, chat:* (default: all that it can)"
    names: dict[str, Any] = {"type": _types.names, "action": "append", "default": []}
    add("--capability", metavar="NAME,...", help=does, **names)
    add("--concurrency", type=_types.count, metavar="N", help="responses at once (default: 16)")
    shown = "where to show /metrics (default: nowhere)"
    add("--metrics", type=_types.address, metavar="HOST:PORT", help=shown)
    _log(command)
    add("--supervised", action="store_true", help=argparse.SUPPRESS)


def _keys(command: Parser) -> None:
    verbs = command.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = verbs.add_parser("create", help="make a key and print it, this once")
    create.add_argument("--name", default="", help="what to call it in the list")
    create.add_argument("--tenant", help="whose responses it sees (default: its own alone)")
    any_number = "default: the server's; 0 for any"
    for limit in ("--requests-per-minute", "--concurrent"):
        create.add_argument(limit, type=_types.count, metavar="N", help=any_number)
    create.add_argument("--expires", metavar="WHEN", help="90d, 12h, 2027-01-31 (UTC)")
    shown = verbs.add_parser("list", help="show the keys, without their secrets")
    shown.add_argument("--json", action="store_true", help="print them as JSON")
    revoke = verbs.add_parser("revoke", help="refuse a key from now on")
    revoke.add_argument("id", metavar="ID", help="as `keys list` shows it")
    copied = verbs.add_parser("import", help="copy a folder's keys into the journal on NATS")
    _file(copied, "folder", what=FOLDER, metavar="DIR", help="the folder that they are in")
    _file(copied, "--config", metavar="FILE", required=True, help="the file that names the journal")
    for verb in (create, shown, revoke):
        where = verb.add_mutually_exclusive_group(required=True)
        folder = "the folder that the server keeps data in"
        _file(where, "--data", what=FOLDER, metavar="DIR", help=folder)
        _file(where, "--config", metavar="FILE", help="the server's file, which names it")


def _config(command: Parser) -> None:
    verbs = command.add_subparsers(dest="verb", required=True, metavar="VERB")
    told = verbs.add_parser("check", help="say what would be served, or what is wrong")
    _file(told, "file", metavar="FILE", help="a TOML file, as `serve --config` takes it")


def _doctor(command: Parser) -> None:
    _file(command, "--config", metavar="FILE", required=True, help="the server's TOML file")
    add = command.add_argument
    what = "a server's address to try: http://HOST:PORT; may be given again"
    add("--gateway", metavar="URL", action="append", default=[], help=what)
    add("--json", action="store_true", help="print what was found as JSON")


def _migrate(command: Parser) -> None:
    folder = "a stopped server's data folder; it is only read"
    _file(command, "folder", what=FOLDER, metavar="DATA_FOLDER", help=folder)
    where = "a TOML file whose [journal] is on NATS: where to"
    _file(command, "--config", metavar="FILE", required=True, help=where)
    add = command.add_argument
    add("--dry-run", action="store_true", help="count what there is, and write nothing")
    add("--json", action="store_true", help="print what was done as JSON")


def _cluster(command: Parser) -> None:
    verbs = command.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="run N servers until a signal; prints the [journal] to use")
    up.add_argument("size", type=_types.cluster_size, metavar="N", help="1, 3 or 5")
    _file(
        up, "--data", what=FOLDER, metavar="DIR", required=True, help="where they keep their data"
    )
    ports = "the first; default: 4222; 0: free ones"
    up.add_argument("--port", type=_types.port, default=4222, help=ports)


def _check(command: Parser) -> None:
    _file(
        command,
        "target",
        metavar="FILE|URL",
        help="an .sse or .jsonl capture, - for standard input; or an endpoint's base URL",
    )
    command.add_argument("--dialect", default="strict", help="habits to allow (default: none)")
    live = command.add_argument_group("of an endpoint")
    add = live.add_argument
    add("--model", help="what to ask (default: the endpoint's only model)")
    add("--image-model", metavar="MODEL", help="what draws (default: the endpoint's choice)")
    add("--no-images", action="store_true", help="no case that makes pictures")
    ids = "case ids, joined by commas"
    add("--only", type=_types.names, default=[], metavar="IDS", help=f"{ids}, and what they need")
    add("--skip", type=_types.names, default=[], metavar="IDS", help=f"{ids}, and what needs them")
    add("--list", action="store_true", help="show the cases and ask nothing")
    add("--timeout", type=_types.seconds, metavar="S", help="for each answer (default: 120)")
    _file(live, "--json", metavar="FILE", help="write the results as JSON; - for standard output")
    _file(live, "--junit", metavar="FILE", help="write the results as JUnit XML; - likewise")


def _record(command: Parser) -> None:
    add = command.add_argument
    what = "an endpoint to stand before, or one request"
    _file(command, "target", metavar="URL|REQUEST.json", help=what)
    _file(command, "-o", "--output", metavar="CASSETTE", required=True, help="a .jsonl file")
    add("--force", action="store_true", help="record a cassette that is there anew")
    add("--port", type=_types.port, default=8080, help="default: 8080; 0 for a free one")
    add("--base-url", metavar="URL", help="where REQUEST.json is sent")
    what = "what must not be in the file"
    add("--scrub", metavar="TEXT", action="append", default=[], help=what)


def _replay(command: Parser) -> None:
    add = command.add_argument
    _file(command, "cassette", metavar="CASSETTE", help="as `record` wrote it")
    add("--port", type=_types.port, default=8080, help="default: 8080; 0 for a free one")
    pace = "1: as recorded; 0, the default: at once"
    add("--speed", type=_types.speed, default=0.0, metavar="X", help=pace)
    faults = "cut[=EVENT], stall[=SECONDS], resplit[=BYTES], times=N; by commas"
    add("--faults", default="", help=faults)
    what = "a body field to leave out"
    add("--ignore", metavar="FIELD", action="append", default=[], help=what)
    add("--resume", action="store_true", help="answer GET /responses/ID as well")


def _tail(command: Parser) -> None:
    add = command.add_argument
    add("response_id", metavar="RESPONSE_ID")
    add("--after", type=_types.count, metavar="N", help="only those after event N")
    add("--base-url", metavar="URL", help="the server (default: HELIOGRAPH_BASE_URL)")
    add("--json", action="store_true", help="print each event as its JSON")


def _completion(command: Parser) -> None:
    command.add_argument("shell", choices=SHELLS, help="whose script to print")


_COMMANDS = (
    ("draw", "_draw", "make a picture and show it being made", _draw),
    ("serve", "_serve", "serve the Responses API", _serve),
    (
        "worker",
        "_worker",
        "run responses for a server on this machine, or for all on NATS",
        _worker,
    ),
    ("keys", "_keys", "make, list, revoke and copy API keys", _keys),
    ("config", "_config", "look at a configuration file", _config),
    ("doctor", "_doctor", "check a deployment from here: journal, providers, servers", _doctor),
    ("migrate", "_migrate", "bring a data folder's responses into NATS", _migrate),
    ("cluster", "_cluster", "run nats-servers here, to try a cluster out", _cluster),
    ("check", "_check", "hold a captured stream, or an endpoint, against the protocol", _check),
    ("record", "_tapes", "record a real endpoint's answers in a cassette", _record),
    ("replay", "_tapes", "serve a cassette as the endpoint it came from", _replay),
    ("tail", "_tail", "show a stored response's events as they come", _tail),
    (
        "completion",
        "_completion",
        "print a shell's script that completes this command",
        _completion,
    ),
)
