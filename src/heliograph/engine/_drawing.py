"""The pictures of a step: from the model's calls to finished items, several at once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from heliograph import models, providers
from heliograph.engine._ask import Ask
from heliograph.engine._calls import Call, Calls
from heliograph.engine._emitter import Emitter
from heliograph.engine._limits import Limits
from heliograph.engine._notes import CallNote
from heliograph.engine._step import plain
from heliograph.engine._tool import HostedTool

__all__ = ["Drawing"]

ImageItem = models.OutputImageGenerationCallItem | models.OutputImageGenerationServerToolItem


class Drawing:
    """Shows the image calls of one response and makes their pictures."""

    def __init__(
        self,
        ask: Ask,
        calls: Calls,
        emitter: Emitter,
        catalog: providers.Catalog,
        limits: Limits,
    ) -> None:
        self._ask = ask
        self._calls = calls
        self._emitter = emitter
        self._catalog = catalog
        self._places = asyncio.Semaphore(limits.max_calls_at_once)
        self._max_references = limits.max_references

    def show(
        self,
        hosted: HostedTool,
        call: providers.HostedCall,
        step: int,
        *,
        answering: providers.Answering | None,
        turn_over: bool,
        usage: dict[str, Any] | None,
    ) -> None:
        """Show a call; ``usage`` is its step's, on the step's first call.

        Where the client left it open, the model says whether it is an edit, as far as there is
        something to edit; where it does not say, a picture that the client gave is meant.
        """
        action = hosted.action
        if action == "auto":
            given = bool(self._ask.input.pictures or self._ask.input.earlier)
            wanted = given if call.action == "auto" else call.action == "edit"
            can = hosted.sees and (given or bool(self._made(step)))
            action = "edit" if wanted and can else "generate"
        note = CallNote(
            call_id=plain(call.call_id),
            model=hosted.model,
            prompt=plain(call.prompt),
            action=action,
            seed=hosted.job.seed,
            step=step,
            turn_over=turn_over,
            usage=usage,
            answering=None if answering is None else (answering.provider, answering.model),
        )
        if note.seed is None:
            seed = self._catalog.image(hosted.model).seed_for(_job(hosted, note))
            note = msgspec.structs.replace(note, seed=seed)
        self._calls.show(hosted, note)

    async def run(self, hosted: HostedTool) -> None:
        """Make the pictures of the calls that are open, ``max_calls_at_once`` at a time.

        Each goes on from where its own events stand, and one that fails ends its own item only.
        Raises what the journal raises, and what a provider raises by a bug; then, and when it is
        cancelled, the others are stopped first.
        """
        tasks = [
            asyncio.create_task(self._draw(hosted, call))
            for _, call in sorted(self._calls.open.items())
        ]
        if not tasks:
            return
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if task in done:
                task.result()

    async def _draw(self, hosted: HostedTool, call: Call) -> None:
        async with self._places:
            await self._emitter.room()
            job = _job(hosted, call.note)
            if hosted.sees and call.note.action == "edit":
                images = await self._references(call.note.step)
                job = msgspec.structs.replace(job, images=images)
            await self._calls.draw(call, job, hosted)

    async def _references(self, step: int) -> tuple[bytes, ...]:
        """The pictures that an edit is of, oldest first: the conversation's, the request's, and
        those that this response made before the step."""
        found = self._ask.input
        earlier, made = list(found.earlier), self._made(step)
        room = max(0, self._max_references - len(found.pictures))
        made = made[max(0, len(made) - room) :]
        earlier = earlier[max(0, len(earlier) - (room - len(made))) :]
        get = self._emitter.pictures.get
        return tuple(
            [
                await get(picture) if isinstance(picture, str) else picture
                for picture in (*earlier, *found.pictures, *made)
            ]
        )

    def _made(self, step: int) -> list[str]:
        """Markers of the pictures that stand before the step's calls, which follow each other: the
        same before a takeover and after it."""
        response = self._emitter.snapshot.response
        output = [] if response is None else response.output
        return [
            item.result
            for item in output[: self._calls.first_of(step)]
            if isinstance(item, ImageItem) and isinstance(item.result, str) and item.result
        ]


def _job(hosted: HostedTool, note: CallNote) -> providers.ImageJob:
    """The picture to make, without its references: the seed is not made from them."""
    return msgspec.structs.replace(
        hosted.job,
        model=note.model,
        prompt=note.prompt,
        seed=note.seed,
        action=note.action,
    )
