"""The loop: a chat step, then the pictures it called for, then the next step.

Why a takeover can tell where a dead worker stood: while a step has put something out and has not
ended, an item is open. An item that a step is done with stays open until the step's next part, and
is closed in the same frame as what comes next: another item, the step's image calls, or the
response's end. So a log in which nothing is open stands between two steps, and one in which only
image calls are open stands after a step that is whole.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import Any, Literal

import msgspec

from heliograph import errors, models, providers
from heliograph.engine._ask import Ask
from heliograph.engine._calls import Calls
from heliograph.engine._context import Conversation
from heliograph.engine._emitter import Emitter
from heliograph.engine._items import Items
from heliograph.engine._limits import Limits
from heliograph.engine._notes import CallNote, Usages
from heliograph.engine._pictures import base64_size

__all__ = ["Ending", "Steps"]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a response ends; ``code`` and ``message`` say why it failed, ``reason`` why cut short."""

    status: Literal["completed", "incomplete", "failed", "cancelled"]
    code: str = "server_error"
    message: str = ""
    reason: str | None = None


COMPLETED = Ending(status="completed")
TOO_LONG = Ending(status="incomplete", reason="max_output_tokens")


class _Step:
    """What one chat step has put out so far."""

    def __init__(self) -> None:
        self.words: int | None = None
        self.words_kind = ""
        self.functions: dict[str, int] = {}
        self.names: set[str] = set()
        self.hosted: list[providers.HostedCall] = []
        self.drawn: list[models.OutputImageGenerationCallItem] = []
        self.drawn_bytes = 0
        self._half = ""

    def text(self, delta: str) -> str:
        """``delta`` as text that JSON and UTF-8 can carry.

        Some upstreams cut a character in two surrogates: the first waits for the second. One that
        stays alone becomes U+FFFD.
        """
        if delta.isascii() and not self._half:
            return delta
        delta, self._half = self._half + delta, ""
        if "\ud800" <= delta[-1:] <= "\udbff":
            delta, self._half = delta[:-1], delta[-1]
        return _plain(delta)

    @property
    def open(self) -> list[int]:
        """Output indexes of its open items, in order."""
        words = [] if self.words is None else [self.words]
        return sorted([*words, *self.functions.values()])


class Steps:
    """Runs the steps of one response to its end."""

    def __init__(
        self,
        ask: Ask,
        request: models.ResponsesRequest,
        talk: Conversation,
        emitter: Emitter,
        items: Items,
        calls: Calls,
        usages: Usages,
        catalog: providers.Catalog,
        limits: Limits,
    ) -> None:
        self._ask = ask
        self._request = request
        self._talk = talk
        self._emitter = emitter
        self._items = items
        self._calls = calls
        self._usages = usages
        self._catalog = catalog
        self._limits = limits

    async def run(self) -> Ending:
        """From wherever the log stands to the response's end, which is the caller's to show.

        Raises ``ProviderError`` where the chat model fails.
        """
        step = 0
        last = self._calls.last
        while True:
            if last is not None:
                ending = await self._pictures(last)
                if ending is not None:
                    return ending
                step = last.step + 1
            if step >= self._limits.max_steps:
                return Ending(
                    status="failed",
                    message=f"over {self._limits.max_steps} steps, the limit max_steps",
                )
            ending = await self._step(step)
            if ending is not None:
                return ending
            last = self._calls.last if self._calls.open else None
            step += 1

    async def _pictures(self, last: CallNote) -> Ending | None:
        hosted = self._ask.hosted
        if hosted is None:
            return Ending(status="failed", message="the image tool is gone from the request")
        for call in list(self._calls.open.values()):
            await self._emitter.room()
            job = self._job(call.note)
            if hosted.sees and call.note.action == "edit":
                job = msgspec.structs.replace(job, images=await self._references())
            await self._calls.draw(call, job, hosted)
            failure = self._calls.failures.get(call.item_id)
            if failure is not None and self._ask.forced and call.note.step == 0:
                return Ending(status="failed", code=failure.code, message=failure.message)
        return COMPLETED if last.turn_over else None

    async def _references(self) -> tuple[bytes, ...]:
        """The pictures that an edit is of, oldest first."""
        found = self._ask.input
        room = max(0, self._limits.max_references - len(found.pictures))
        earlier = found.earlier[max(0, len(found.earlier) - room) :]
        get = self._emitter.pictures.get
        return tuple(
            [
                await get(picture) if isinstance(picture, str) else picture
                for picture in (*earlier, *found.pictures)
            ]
        )

    def _job(self, note: CallNote) -> providers.ImageJob:
        """The picture to make, without its references: the seed is not made from them."""
        hosted = self._ask.hosted
        assert hosted is not None  # noqa: S101 -- there is a call of it
        return msgspec.structs.replace(
            hosted.job,
            model=note.model,
            prompt=note.prompt,
            seed=note.seed,
            action=note.action,
        )

    async def _step(self, number: int) -> Ending | None:
        await self._emitter.room()
        turn = self._turn(number)
        step = _Step()
        async with aclosing(self._catalog.chat(self._ask.model).answer(turn)) as parts:
            try:
                async for part in parts:
                    if isinstance(part, providers.Finish):
                        return self._finish(number, step, part)
                    if isinstance(part, providers.InlinePicture):
                        await self._keep(step, part)
                    elif not self._take(step, part):
                        return TOO_LONG
                    await self._emitter.room()
            except errors.ProviderError:
                self._emitter.settle()
                self._show_drawn(step)
                raise
        raise errors.ProviderError(f"{self._ask.model} stopped without a finish", kind="protocol")

    def _take(self, step: _Step, part: providers.ChatPart) -> bool:
        """Show one part; False where the response is over its bound."""
        match part:
            case providers.Text():
                self._say(step, "text", part.delta)
            case providers.Refusal():
                self._say(step, "refusal", part.delta)
            case providers.Reasoning():
                self._say(step, "reasoning", part.delta)
            case providers.FunctionCall():
                self._check_function(part.name)
                self._show_drawn(step)
                self._close_words(step)
                step.names.add(part.name)
                index = self._items.call(_plain(part.call_id), part.name)
                step.functions[part.call_id] = index
            case providers.Arguments():
                if part.call_id not in step.functions:
                    raise errors.ProviderError(
                        f"arguments for {part.call_id!r}, which was not called", kind="protocol"
                    )
                delta = step.text(part.delta)
                if delta:
                    self._items.argue(step.functions[part.call_id], delta)
            case providers.HostedCall():
                step.hosted.append(part)
        words, limits = self._items.text_bytes, self._limits
        return (
            words <= limits.max_text_bytes
            and self._items.done_bytes + words <= limits.max_response_bytes
        )

    async def _keep(self, step: _Step, part: providers.InlinePicture) -> None:
        step.drawn.append(await self._calls.keep(part, step.drawn_bytes))
        step.drawn_bytes += base64_size(len(part.data))

    def _show_drawn(self, step: _Step) -> None:
        """Show the pictures that the model made itself, in the same frame as what comes next.

        An item of theirs is never open, so one shown alone would make the log look as it does
        between two steps.
        """
        if step.drawn:
            self._close_words(step)
        for item in step.drawn:
            self._calls.show_whole(item)
        step.drawn.clear()
        step.drawn_bytes = 0

    def _check_function(self, name: str) -> None:
        """``tool_choice`` and ``allowed_tools`` hold, also where an upstream ignores them."""
        if all(known != name or tool["type"] != "function" for known, tool in self._ask.usable):
            raise errors.ProviderError(
                f"{self._ask.model} called {name!r}, which it was not offered", kind="protocol"
            )

    def _say(self, step: _Step, kind: Literal["text", "refusal", "reasoning"], delta: str) -> None:
        delta = step.text(delta)
        if not delta:
            return
        self._show_drawn(step)
        group = "reasoning" if kind == "reasoning" else "message"
        if step.words_kind != group:
            self._close_words(step)
        step.words = self._items.say(kind, delta, step.words)
        step.words_kind = group

    def _close_words(self, step: _Step) -> None:
        if step.words is not None:
            self._items.close(step.words, "completed")
            step.words, step.words_kind = None, ""

    def _finish(self, number: int, step: _Step, finish: providers.Finish) -> Ending | None:
        """The step's end, in one frame: nothing here suspends, and an ending holds the writer."""
        hosted = self._hosted_calls(step)
        cut_off = finish.reason in ("length", "content_filter")
        if cut_off or not hosted:
            self._emitter.settle()
        self._show_drawn(step)
        for index in step.open:
            self._items.close(index, "incomplete" if cut_off else "completed")
        usage = Usages.plain(finish.usage)
        self._usages.add(usage)
        if cut_off:
            reason = "max_output_tokens" if finish.reason == "length" else "content_filter"
            return Ending(status="incomplete", reason=reason)
        if self._ask.choice.mode == "required" and number == 0 and not self._called(step):
            return Ending(
                status="failed",
                message=f"{self._ask.model} did not call what tool_choice requires",
            )
        for at, call in enumerate(hosted):
            self._show(call, number, bool(step.functions), usage if at == 0 else None)
        return None if hosted else COMPLETED

    def _called(self, step: _Step) -> bool:
        name = self._ask.choice.name
        if name is None or (self._ask.hosted is not None and name == self._ask.hosted.type):
            return bool(step.hosted or (step.functions and name is None))
        return name in step.names

    def _hosted_calls(self, step: _Step) -> list[providers.HostedCall]:
        """The calls to serve; those over ``max_tool_calls`` are ignored, as the protocol has it."""
        if step.hosted and not self._offers_images:
            raise errors.ProviderError(
                f"{self._ask.model} called the image tool, which it was not offered",
                kind="protocol",
            )
        return step.hosted[: max(0, self._ask.max_tool_calls - self._calls.made)]

    @property
    def _offers_images(self) -> bool:
        hosted = self._ask.hosted
        return hosted is not None and any(name == hosted.type for name, _ in self._ask.usable)

    def _show(
        self,
        call: providers.HostedCall,
        number: int,
        turn_over: bool,
        usage: dict[str, Any] | None,
    ) -> None:
        hosted = self._ask.hosted
        assert hosted is not None  # noqa: S101 -- _hosted_calls has seen to it
        action = hosted.action if hosted.action != "auto" else call.action
        if action == "auto":
            pictures = self._ask.input.pictures or self._ask.input.earlier
            action = "edit" if hosted.sees and pictures else "generate"
        note = CallNote(
            call_id=_plain(call.call_id),
            model=hosted.model,
            prompt=_plain(call.prompt),
            action=action,
            seed=hosted.job.seed,
            step=number,
            turn_over=turn_over,
            usage=usage,
        )
        if note.seed is None:
            seed = self._catalog.image(hosted.model).seed_for(self._job(note))
            note = msgspec.structs.replace(note, seed=seed)
        self._calls.show(hosted, note)

    def _turn(self, number: int) -> providers.ChatTurn:
        response = self._emitter.snapshot.response
        output = [] if response is None else response.output
        return providers.ChatTurn(
            model=self._ask.model,
            input=(*self._talk.said, *(_without_picture(item) for item in output)),
            instructions=self._request.instructions or None,
            tools=self._tools(),
            tool_choice=self._choice(number),
            request=self._request,
            step=number,
            picture=self._picture,
            thoughts=self._talk.thoughts,
        )

    def _tools(self) -> tuple[models.AnyTool, ...]:
        names = {name for name, _ in self._ask.usable}
        hosted = self._ask.hosted
        if hosted is not None and self._calls.made >= self._ask.max_tool_calls:
            names.discard(hosted.type)
        given = self._request.tools or []
        every = [name for name, _ in self._ask.tools]
        return tuple(tool for name, tool in zip(every, given, strict=True) if name in names)

    def _choice(self, number: int) -> str:
        """A must holds for the first step only: the model could never end otherwise."""
        mode = self._ask.choice.mode
        return "auto" if mode == "required" and number > 0 else mode

    async def _picture(self, item_id: str) -> bytes:
        response = self._emitter.snapshot.response
        for item in [] if response is None else response.output:
            marker = getattr(item, "result", None)
            if getattr(item, "id", None) == item_id and isinstance(marker, str):
                return await self._emitter.pictures.get(marker)
        earlier = self._talk.made.get(item_id)
        if earlier is not None:
            return await self._emitter.pictures.get(earlier)
        raise errors.JournalError(f"no picture was made by item {item_id!r}")


def _plain(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _without_picture(item: models.OutputItem) -> models.OutputItem:
    if isinstance(
        item, models.OutputImageGenerationCallItem | models.OutputImageGenerationServerToolItem
    ):
        return msgspec.structs.replace(item, result=None)
    return item
