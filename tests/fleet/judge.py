"""After the faults: what the log says, what a late reader gets, what each reader was told."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise

import httpx2
import msgspec
from PIL import Image
from tests.fleet.processes import claim_of
from tests.fleet.strikes import Kill
from tests.fleet.traffic import ENDS, Told
from tests.server.kit import Stream, assert_valid, read

from heliograph import errors, models
from heliograph.journal._nats._records import Record


class Verdict(msgspec.Struct):
    """What is wrong (nothing, if all is well), and how the responses ended."""

    losses: list[str] = []
    endings: dict[str, int] = {}
    interrupted: int = 0
    events: int = 0
    steps: int = 0


def check_log(name: str, log: Sequence[Record]) -> Iterator[str]:
    """One end, no gap, and nothing from an epoch that was over."""
    epoch, last = 0, -1
    for place, record in enumerate(log):
        if record.kind == "claim":
            if record.epoch != epoch + 1:
                yield f"{name}: epoch {record.epoch} was claimed after {epoch}"
            epoch = record.epoch
        elif record.kind in ("frame", "end", "release") and record.epoch != epoch:
            yield f"{name}: a {record.kind} of epoch {record.epoch} under epoch {epoch}"
        if record.first != last + 1:
            yield f"{name}: number {record.first} after {last}"
        last = record.last_seq
        if (record.kind == "end") != (place == len(log) - 1):
            yield f"{name}: record {place} of {len(log)} is {record.kind}"


def judge(url: str, told: Sequence[Told], logs: dict[str, list[Record]]) -> Verdict:
    """Hold each reader against the log. ``logs`` are the streams' own records."""
    verdict = Verdict()
    for name, log in logs.items():
        verdict.losses += check_log(name, log)
        verdict.steps += name.startswith("step_")
    with httpx2.Client(base_url=url, timeout=60) as http:
        for seen in told:
            verdict.losses += _check(http, seen, logs, verdict)
    names = [seen.response_id for seen in told]
    made = [name for name in logs if name.startswith("resp_")]
    if len(set(names)) != len(told) or set(names) != set(made):
        verdict.losses.append(f"{len(told)} asked for, {len(made)} made")
    return verdict


def _check(
    http: httpx2.Client, seen: Told, logs: dict[str, list[Record]], verdict: Verdict
) -> Iterator[str]:
    name = seen.response_id
    if seen.error or name not in logs:
        yield f"{name or 'a response'}: its reader ended with {seen.error or 'nothing'}"
        return
    with http.stream("GET", f"/v1/responses/{name}?stream=true") as answer:
        kept = read(answer)
    try:
        assert_valid(kept)
    except AssertionError as error:
        yield f"{name}: not a valid stream: {error}"
        return
    verdict.events += len(kept.frames)
    if seen.events != [frame.data for frame in kept.frames]:
        yield f"{name}: its reader has {len(seen.events)} events, the log {len(kept.frames)}"
    if len(kept.frames) != logs[name][-1].last_seq + 1:
        yield f"{name}: {len(kept.frames)} events are read, {logs[name][-1].last_seq + 1} are there"
    ends = [kind for kind in kept.types if kind in ENDS]
    if len(ends) != 1 or kept.types[-1] != ends[0]:
        yield f"{name}: it ended with {ends}"
        return
    ending = f"{'picture' if seen.picture else 'text'}: {ends[0]}"
    verdict.endings[ending] = verdict.endings.get(ending, 0) + 1
    if seen.picture:
        yield from _check_picture(http, name, kept)
    elif ends[0] == "response.failed":
        verdict.interrupted += 1
        yield from _check_failure(name, kept)


def _check_picture(http: httpx2.Client, name: str, kept: Stream) -> Iterator[str]:
    body = http.get(f"/v1/responses/{name}").content
    response = models.decode(models.OpenResponsesResult, body)
    items = [item for item in response.output if item.type == "image_generation_call"]
    if response.status != "completed" or len(items) != 1:
        yield f"{name}: {response.status} with {len(items)} pictures: {response.error}"
        return
    try:
        data = items[0].image_bytes()
    except errors.PictureError:
        yield f"{name}: {items[0].status}, no picture: {getattr(items[0], 'error', None)}"
        return
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        if picture.size != (256, 256):
            yield f"{name}: a picture of {picture.size}"


def _check_failure(name: str, kept: Stream) -> Iterator[str]:
    """A text that was half out when its worker was lost says so; nothing else may fail."""
    failure = kept.events[-1].response.error
    if failure is None or failure.code != "server_error":
        yield f"{name}: it failed with {failure}"


def takeovers(kills: Sequence[Kill], logs: dict[str, list[Record]]) -> list[float]:
    """Seconds from the kill of a worker to the next claim of each response that it had."""
    found = []
    for log in logs.values():
        for before, after in pairwise(log):
            if after.kind != "claim" or not before.running:
                continue
            owner = next(
                claim_of(one) for one in log if one.kind == "claim" and one.epoch == before.epoch
            )
            killed = [kill.at for kill in kills if kill.pid == owner.pid and kill.at < after.at]
            found += [after.at - killed[-1]] if killed else []
    return found
