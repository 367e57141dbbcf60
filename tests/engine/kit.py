"""Scripted providers, and a house that runs an engine over a journal and reads its logs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from typing import Any

from tests.tap import VALIDATOR

from heliograph import errors, journal, lifecycle, models, providers
from heliograph.engine import Engine, Limits, Seals, render

CHAT = "fake/chat"
PATIENCE = 30
"""Seconds that a test waits for what must come: disks under load may stand still for a while."""
PAINTER = "fake/painter"
TOOL: dict[str, Any] = {"type": "image_generation", "model": PAINTER}


def card(model: str, kind: Any, *modalities: str) -> providers.ModelCard:
    return providers.ModelCard(
        id=model,
        name=model,
        description="a fake",
        kind=kind,
        created=0,
        owned_by="tests",
        input_modalities=("text", *modalities),
    )


class Chat:
    """Plays one list of parts per step; an exception in a list is raised, a callable awaited."""

    def __init__(self, *steps: Sequence[Any], repeat: bool = False) -> None:
        self.cards = (card(CHAT, "chat", "image"),)
        self.steps = steps
        self.repeat = repeat
        self.turns: list[providers.ChatTurn] = []

    def check(self, request: models.ResponsesRequest) -> None:
        pass

    async def answer(self, turn: providers.ChatTurn) -> AsyncGenerator[providers.ChatPart, None]:
        self.turns.append(turn)
        step = self.steps[0 if self.repeat else min(turn.step, len(self.steps) - 1)]
        for part in step:
            if isinstance(part, BaseException):
                raise part
            if callable(part):
                await part()
                continue
            yield part
            await asyncio.sleep(0)


class Painter:
    """Draws strings as pictures. ``trouble`` maps a prompt to the error that it gives."""

    def __init__(
        self,
        *modalities: str,
        trouble: Mapping[str, BaseException] | None = None,
        pause: Callable[[], Any] | None = None,
        size: int = 0,
    ) -> None:
        self.cards = (card(PAINTER, "image", *modalities),)
        self.trouble = trouble or {}
        self.pause = pause
        self.size = size
        self.jobs: list[providers.ImageJob] = []

    def check(self, job: providers.ImageJob) -> None:
        if job.size == "9x9":
            raise errors.ProviderError("9x9 is too small", kind="bad_request", param="size")

    def seed_for(self, job: providers.ImageJob) -> int:
        return sum(job.prompt.encode())

    def bytes_of(self, job: providers.ImageJob, stage: int) -> bytes:
        return f"{job.prompt}/{job.seed}/{stage}".encode() + b"x" * self.size

    async def draw(self, job: providers.ImageJob) -> AsyncGenerator[providers.ImagePart, None]:
        self.jobs.append(job)
        if self.pause is not None:
            await self.pause()
        for stage in range(job.first_partial, job.partial_images):
            yield providers.Preview(stage, self.bytes_of(job, stage))
            await asyncio.sleep(0)
        if job.prompt in self.trouble:
            raise self.trouble[job.prompt]
        yield providers.Picture(
            data=self.bytes_of(job, 9),
            output_format=job.output_format,
            size="8x8",
            quality="low",
            background="opaque",
        )


def call(prompt: str, call_id: str = "c") -> providers.HostedCall:
    return providers.HostedCall(call_id=call_id, prompt=prompt)


def draws(*prompts: str) -> Chat:
    """A chat model that calls for pictures, then ends without a word."""
    calls = [call(prompt, f"c{i}") for i, prompt in enumerate(prompts)]
    return Chat([*calls, providers.Finish("tool_calls")], [providers.Finish()])


def ask(**more: Any) -> dict[str, Any]:
    return {"model": CHAT, "input": "a fox", **more}


class Clock:
    """Time that tests move; it starts at a round number."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Through(journal.Journal):
    """A journal that does what another does; ``commit`` is called before each commit."""

    def __init__(self, inner: journal.Journal) -> None:
        self.inner = inner
        self.blobs = inner.blobs

    async def commit(self) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def release(self, lease: journal.Lease) -> None:
        await self.inner.release(lease)

    async def append(
        self, lease: journal.Lease, first: int, entries: Sequence[journal.Entry]
    ) -> int:
        await self.commit()
        return await self.inner.append(lease, first, entries)

    async def finish(
        self,
        lease: journal.Lease,
        first: int,
        entries: Sequence[journal.Entry],
        snapshot: journal.Entry,
    ) -> int:
        await self.commit()
        return await self.inner.finish(lease, first, entries, snapshot)

    async def create(self, new: journal.NewResponse) -> journal.Created:
        return await self.inner.create(new)

    async def keyed(self, tenant: str, key: str, body_digest: str) -> str | None:
        return await self.inner.keyed(tenant, key, body_digest)

    async def claim(
        self,
        worker: str,
        capabilities: Collection[str],
        *,
        lease: float,
        wait: float,
        begun: bool = False,
    ) -> journal.Lease | None:
        return await self.inner.claim(worker, capabilities, lease=lease, wait=wait, begun=begun)

    async def claim_overdue(self, worker: str, *, lease: float) -> journal.Lease | None:
        return await self.inner.claim_overdue(worker, lease=lease)

    async def renew(self, lease: journal.Lease, *, seconds: float) -> journal.LeaseState:
        return await self.inner.renew(lease, seconds=seconds)

    def read(
        self, tenant: str, response_id: str, after: int = -1
    ) -> AsyncGenerator[journal.Frame, None]:
        return self.inner.read(tenant, response_id, after)

    async def get(self, tenant: str, response_id: str) -> journal.Record:
        return await self.inner.get(tenant, response_id)

    async def delete(self, tenant: str, response_id: str) -> None:
        await self.inner.delete(tenant, response_id)

    async def cancel(self, tenant: str, response_id: str) -> None:
        await self.inner.cancel(tenant, response_id)

    async def cancelled(self, lease: journal.Lease) -> None:
        await self.inner.cancelled(lease)

    async def attach(self, tenant: str, response_id: str, reader: str, *, seconds: float) -> None:
        await self.inner.attach(tenant, response_id, reader, seconds=seconds)

    async def detach(self, tenant: str, response_id: str, reader: str) -> None:
        await self.inner.detach(tenant, response_id, reader)

    async def oldest(self) -> float | None:
        return await self.inner.oldest()

    async def load(self) -> journal.Load:
        return await self.inner.load()

    async def queued(self, tenant: str) -> journal.Queued:
        return await self.inner.queued(tenant)

    async def expire(self) -> int:
        return await self.inner.expire()


class House:
    """One journal with an engine. Every log that it held is checked when the test is over."""

    def __init__(
        self,
        store: journal.Journal,
        chat: Any,
        painter: Any = None,
        *,
        clock: Clock | None = None,
        echo_hosted_tools: bool = True,
        **limits: Any,
    ) -> None:
        self.store = store
        self.catalog = providers.Catalog([chat], [painter or Painter()])
        self.clock = clock or Clock()
        self.limits = Limits(**{"renew_seconds": 0.01, **limits})
        self.echo_hosted_tools = echo_hosted_tools
        self.seals = Seals()
        self.ids: list[tuple[str, str]] = []
        self.engine = self.new_engine()
        self.validator = VALIDATOR

    def new_engine(self, store: journal.Journal | None = None) -> Engine:
        return Engine(
            store or self.store,
            self.catalog,
            self.limits,
            clock=self.clock,
            echo_hosted_tools=self.echo_hosted_tools,
            seals=self.seals,
        )

    async def submit(self, body: dict[str, Any], tenant: str = "t", **more: Any) -> str:
        data = json.dumps(body).encode()
        request = models.decode(models.ResponsesRequest, data)
        plan = self.engine.check(request, tenant=tenant)
        created = await self.engine.submit(tenant, request, data, plan, **more)
        self.ids.append((tenant, created.response_id))
        return created.response_id

    async def draw(self, body: dict[str, Any]) -> list[models.StreamEvent]:
        """Submit, run to the end, and read the log."""
        response_id = await self.submit(body)
        await self.engine.start()
        return await self.events(response_id)

    async def events(self, response_id: str, tenant: str = "t") -> list[models.StreamEvent]:
        """The whole log, once the response has ended."""
        entries: list[journal.Entry] = []
        async with asyncio.timeout(PATIENCE):
            async for frame in self.store.read(tenant, response_id):
                entries += frame.entries
        return await self.decoded(entries)

    async def logged(self, response_id: str, tenant: str = "t") -> list[models.StreamEvent]:
        """What the log holds now."""
        last = (await self.store.get(tenant, response_id)).last_seq
        entries: list[journal.Entry] = []
        frames = self.store.read(tenant, response_id)
        while len(entries) <= last:
            entries += (await anext(frames)).entries
        await frames.aclose()
        return await self.decoded(entries)

    async def seen(self, response_id: str, kind: str) -> None:
        """Wait until the log has an event of this kind."""
        async with asyncio.timeout(PATIENCE):
            while kind not in types(await self.logged(response_id)):  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async def decoded(self, entries: list[journal.Entry]) -> list[models.StreamEvent]:
        return [
            models.decode_event(b"".join(await render(entry, self.store.blobs)), index)
            for index, entry in enumerate(entries)
        ]

    async def check_all(self) -> None:
        """Hold every log to the schemas and to the lifecycle, strictly; one that has not ended may
        just stop."""
        for tenant, response_id in self.ids:
            try:
                record = await self.store.get(tenant, response_id)
            except errors.UnknownResponse:
                continue
            events = await self.logged(response_id, tenant)
            problems = self.validator.stream(events)
            assert not problems, "\n".join(map(str, problems[:20]))
            found = lifecycle.check(events).violations
            if record.state != "finished":
                found = [v for v in found if v.rule != "HG-END-002"]
            assert not found, "\n".join(map(str, found))


def types(events: Sequence[models.StreamEvent]) -> list[str]:
    """Event types without ``response.``."""
    return [event.type.removeprefix("response.") for event in events]


def strands(events: Sequence[models.StreamEvent]) -> dict[int | None, list[str]]:
    """The types of each item's events, by output index; those of the response under None. Pictures
    that are made at once may be told of in any mixture."""
    found: dict[int | None, list[str]] = {}
    for event, kind in zip(events, types(events), strict=True):
        found.setdefault(getattr(event, "output_index", None), []).append(kind)
    return found


def last(events: Sequence[models.StreamEvent]) -> models.OpenResponsesResult:
    """The response of the terminal event."""
    response: models.OpenResponsesResult = events[-1].response  # type: ignore[union-attr]
    return response


def text_of(item: Any, part: int = 0) -> str:
    """The text of a message's or reasoning's part."""
    text: str = item.content[part].text
    return text
