"""``heliograph record`` and ``heliograph replay``: cassettes from the command line."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

import httpx2

from heliograph import errors, testing

OPENROUTER = "https://openrouter.ai/api/v1"
OPENAI = "https://api.openai.com/v1"

_SECONDS = 600.0
_SHOWN = 300  # characters of a refusal


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """The one command or the other."""
    return record(args, out) if args.command == "record" else replay(args, out, err)


def record(args: argparse.Namespace, out: TextIO) -> int:
    """Record what passes a proxy until a signal, or one request. Returns the exit status.

    Raises ``UsageError`` for a target that is neither a URL nor a file with a JSON object, for a
    file that is there already (without ``--force``), and where there is no endpoint.
    """
    path = Path(args.output)
    if path.exists() and not args.force:
        raise errors.UsageError(f"--output: {path} is there already; --force records it anew")
    if args.target.startswith(("http://", "https://")):
        return _proxy(testing.Recorder(args.target, path, scrub=args.scrub, port=args.port), out)
    body = _request(Path(args.target))
    upstream = _upstream(args.base_url)
    status = _one(testing.Recorder(upstream, path, scrub=args.scrub), upstream, body, out)
    return 0 if status < 400 else 1


def _proxy(recorder: testing.Recorder, out: TextIO) -> int:
    cassette = recorder.cassette
    with _listening(recorder):
        told = f"recording {cassette.upstream} at {recorder.base_url} to {cassette.path}"
        print(f"{told}; Ctrl-C ends it", file=out, flush=True)
        _until_signalled()
    print(f"{_count(len(cassette), 'exchange')} in {cassette.path}", file=out, flush=True)
    return 0


def _one(recorder: testing.Recorder, upstream: str, body: dict[str, Any], out: TextIO) -> int:
    key = testing.key_for(upstream, os.environ)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with recorder, httpx2.Client(headers=headers, timeout=_SECONDS) as client:
        try:
            answer = client.post(f"{recorder.base_url}/responses", json=body)
            status, said = answer.status_code, answer.text
        except httpx2.RemoteProtocolError:  # the endpoint broke it off: that is recorded, too
            status, said = 0, "cut"
    cassette = recorder.cassette
    if not cassette.exchanges:
        cassette.path.unlink()
        raise errors.TransportError(json.loads(said)["error"]["message"])
    (exchange,) = cassette.exchanges
    chunks = _count(len(exchange.chunks), "chunk")
    kept = f"{exchange.name}: {exchange.status}, {chunks}, {exchange.end}; in {cassette.path}"
    print(kept, file=out)
    if status >= 400:
        print(f"heliograph record: the endpoint said {said[:_SHOWN]}", file=sys.stderr)
    return status


def _request(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_bytes())
    except ValueError as error:
        raise errors.UsageError(f"{path} is no JSON: {error}") from None
    if not isinstance(body, dict):
        raise errors.UsageError(f"{path} holds no JSON object, the body of a POST to /responses")
    return body


def _upstream(base_url: str | None) -> str:
    """The endpoint for one request, found as the client finds it."""
    told = base_url or os.environ.get("HELIOGRAPH_BASE_URL")
    if told:
        return told
    if os.environ.get("OPENROUTER_API_KEY"):
        return OPENROUTER
    if os.environ.get("OPENAI_API_KEY"):
        return OPENAI
    raise errors.UsageError(
        "no endpoint: pass --base-url, or set HELIOGRAPH_BASE_URL, OPENROUTER_API_KEY or "
        "OPENAI_API_KEY"
    )


def replay(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Serve a cassette until a signal. Returns the exit status.

    Says on ``err``, at the end, what was asked for and is not in it. Raises ``UsageError``.
    """
    replayer = testing.Replayer(
        args.cassette,
        speed=args.speed,
        faults=args.faults,
        ignore=args.ignore,
        resume=args.resume,
        port=args.port,
    )
    with _listening(replayer):
        held = _count(len(replayer.cassette), "exchange")
        told = f"replaying {args.cassette} ({held}) at {replayer.base_url}"
        print(f"{told}; Ctrl-C ends it", file=out, flush=True)
        _until_signalled()
    for text in replayer.unmatched:
        print(text, file=err)
    return 0


def _listening(server: testing.Recorder | testing.Replayer) -> _Begun:
    try:
        return _Begun(server)
    except OSError as error:
        raise errors.ConfigError(
            f"cannot listen on 127.0.0.1 port {server.port}: {error.strerror or error}"
        ) from None


class _Begun:
    """A server that has begun; it ends with the block."""

    def __init__(self, server: testing.Recorder | testing.Replayer) -> None:
        self._server = server
        server.begin()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        self._server.end()


def _until_signalled() -> None:
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    asked.wait()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
