"""``heliograph check URL``: a live endpoint through the battery of ``heliograph.testing``."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from heliograph import client, errors, lifecycle, testing
from heliograph.cli._extras import needing

if TYPE_CHECKING:
    from heliograph.testing import conformance

_SECONDS = 120.0
_ID_WIDTH, _VERDICT_WIDTH, _LINE = 20, 13, 100


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Run the cases, tell each on ``out`` as it ends; returns 1 where one failed, else 0.

    With ``--json -`` or ``--junit -`` that alone goes to ``out``, the rest to ``err``. Raises
    ``UsageError`` for ids that no case has and where the model must be named, ``MissingExtra``
    without the extra ``testing``.
    """
    with needing("testing", "check URL"):
        import jsonschema_rs  # noqa: F401 - the validator's; said here before anything is asked

        from heliograph.testing import conformance

    base_url = args.target.rstrip("/")
    if base_url.endswith("/responses"):
        told = base_url.removesuffix("/responses")
        raise errors.UsageError(f"a base URL is expected, as clients are given it: {told}")
    cases = conformance.select(args.only, args.skip, images=not args.no_images)
    if args.list:
        _list(cases, out)
        return 0
    key = testing.key_for(base_url, os.environ)
    target = conformance.Target(
        base_url=base_url,
        model=args.model or _only_model(base_url, key),
        image_model=args.image_model,
        api_key=key,
        dialect=lifecycle.Dialect.parse(args.dialect),
        timeout=args.timeout or _SECONDS,
    )
    told = err if "-" in (args.json, args.junit) else out
    with ExitStack() as files:  # opened first: a run is not made for a file that cannot be written
        as_json, as_junit = (_opened(path, files, out) for path in (args.json, args.junit))
        print(_announced(target, cases), file=told, flush=True)
        results = conformance.check_endpoint(target, cases, lambda result: _tell(result, told))
        if as_json:
            print(conformance.report_json(target, results), file=as_json)
        if as_junit:
            as_junit.write(conformance.report_junit(target, results))
    counted = conformance.counts(results)
    print(", ".join(f"{n} {verdict}" for verdict, n in counted.items() if n), file=told)
    return 1 if counted[conformance.Verdict.FAILED] else 0


def _only_model(base_url: str, key: str | None) -> str:
    """The model of an endpoint that has one."""
    with client.Heliograph(key, base_url) as asked:
        ids = [model.id for model in asked.models.list()]
    if len(ids) == 1:
        return ids[0]
    some = f"{', '.join(ids[:8])}{', ...' if len(ids) > 8 else ''}" or "none"
    raise errors.UsageError(f"--model: name the one to ask; the endpoint lists {some}")


def _announced(target: conformance.Target, cases: Sequence[conformance.Case]) -> str:
    """What will be asked, before it is."""
    requests, pictures = (sum(getattr(c, n) for c in cases) for n in ("requests", "pictures"))
    drawn = f" (by {target.image_model})" if target.image_model and pictures else ""
    return (
        f"{target.base_url}, model {target.model}, dialect {target.dialect.name}: "
        f"{len(cases)} cases, at most {requests} requests and {pictures} pictures{drawn}"
    )


def _tell(result: conformance.CaseResult, out: TextIO) -> None:
    case = result.case
    line = f"{result.verdict:{_VERDICT_WIDTH}} {case.id:{_ID_WIDTH}}"
    said = result.note or case.asks
    print(f"{line} {result.seconds:6.2f} s  {_short(said)}", file=out)
    for finding in result.findings:
        print(textwrap.indent(_wrapped(str(finding)), " " * (_VERDICT_WIDTH + 1)), file=out)
    if result.findings:
        print(f"{' ' * (_VERDICT_WIDTH + 1)}judged: {case.judges} ({case.fact})", file=out)
    out.flush()


def _list(cases: Sequence[conformance.Case], out: TextIO) -> None:
    for case in cases:
        cost = f"{case.requests} requests, {case.pictures} pictures"
        print(f"{case.id:{_ID_WIDTH}} {case.asks}: {case.judges} ({case.fact}); {cost}", file=out)


def _short(text: str) -> str:
    return textwrap.shorten(_printable(text), _LINE, placeholder=" ...")


def _wrapped(text: str) -> str:
    return "\n  ".join(textwrap.wrap(_printable(text), _LINE, break_on_hyphens=False))


def _printable(text: str) -> str:
    """What an endpoint says moves no cursor of ours."""
    return "".join(c if c.isprintable() else " " for c in text)


def _opened(path: str | None, files: ExitStack, out: TextIO) -> TextIO | None:
    if path is None or path == "-":
        return out if path else None
    return files.enter_context(Path(path).open("w", encoding="utf-8"))
