"""The loop: a chat step, then the pictures it called for, then the next step.

Why a takeover can tell where a dead worker stood: while a step has put something out and has not
ended, an item is open. An item that a step is done with stays open until the step's next part, and
is closed in the same frame as what comes next: another item, the step's image calls, or the
response's end. So a log in which nothing is open stands between two steps, and one in which only
image calls are open stands after a step that is whole.
"""

from __future__ import annotations

from contextlib import aclosing

import msgspec

from heliograph import errors, models, providers
from heliograph.engine._ask import Ask
from heliograph.engine._calls import Calls
from heliograph.engine._conversation import Conversation
from heliograph.engine._drawing import Drawing
from heliograph.engine._emitter import Emitter
from heliograph.engine._ending import COMPLETED, TOO_LONG, Ending
from heliograph.engine._items import Items
from heliograph.engine._limits import Limits
from heliograph.engine._notes import CallNote, Usages
from heliograph.engine._relay import Relay
from heliograph.engine._step import Step
from heliograph.engine._tool import HostedTool

__all__ = ["Steps"]


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
        relay: Relay,
    ) -> None:
        self._ask = ask
        self._relay = relay
        self._request = request
        self._talk = talk
        self._emitter = emitter
        self._items = items
        self._calls = calls
        self._usages = usages
        self._catalog = catalog
        self._limits = limits
        self._drawing = Drawing(ask, calls, emitter, catalog, limits)
        self._watched = providers.UNSEEN.watch("chat")

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
            if self._left is not None and self._left < 1:
                return TOO_LONG
            watching = providers.OBSERVER.get().watch("chat", model=self._ask.model, step=step)
            with watching as self._watched:
                ending = await self._step(step)
            if ending is not None:
                return ending
            last = self._calls.last if self._calls.open else None
            step += 1

    @property
    def _left(self) -> int | None:
        """What is left of ``max_output_tokens`` after the steps so far, as the upstream counts."""
        most = self._request.max_output_tokens
        if not isinstance(most, int):
            return None
        return most - int(self._usages.chat.get("output_tokens", 0))

    async def _pictures(self, last: CallNote) -> Ending | None:
        hosted = self._ask.hosted
        if hosted is None:
            return Ending(status="failed", message="the image tool is gone from the request")
        await self._drawing.run(hosted)
        failure = self._calls.failure_of(0)
        if failure is not None and self._ask.forced and last.step == 0:
            return Ending(status="failed", code=failure.code, message=failure.message)
        return COMPLETED if last.turn_over else None

    async def _step(self, number: int) -> Ending | None:
        await self._emitter.room()
        turn = self._turn(number)
        step = Step(
            self._ask.model,
            self._items,
            self._calls,
            {name: tool["type"] for name, tool in self._ask.usable_in(number)},
            one_call=self._request.parallel_tool_calls is False,
        )
        async with aclosing(self._catalog.chat(self._ask.model).answer(turn)) as parts:
            try:
                async for part in parts:
                    if isinstance(part, providers.Relayed):
                        return await self._relay.follow(part, self._ask)
                    self._relay.begin()
                    if isinstance(part, providers.Finish):
                        return self._finish(number, step, part)
                    if isinstance(part, providers.InlinePicture):
                        await step.keep(part)
                    elif isinstance(part, providers.Answering):
                        self._relay.answering = part
                    else:
                        step.take(part)
                        if self._too_long():
                            return TOO_LONG
                    await self._emitter.room()
            except errors.ProviderError:
                self._emitter.settle()
                step.show_drawn()
                raise
        raise errors.ProviderError(f"{self._ask.model} stopped without a finish", kind="protocol")

    def _too_long(self) -> bool:
        """Whether the response is over its bound."""
        words, limits = self._items.text_bytes, self._limits
        return (
            words > limits.max_text_bytes
            or self._items.done_bytes + words > limits.max_response_bytes
        )

    def _finish(self, number: int, step: Step, finish: providers.Finish) -> Ending | None:
        """The step's end, in one frame: nothing here suspends, and an ending holds the writer."""
        served = self._served(number, step)
        cut_off = finish.reason in ("length", "content_filter")
        if cut_off or not served:
            self._emitter.settle()
        step.show_drawn()
        step.close("incomplete" if cut_off else "completed")
        usage = Usages.plain(finish.usage)
        self._watched.tell(finish=finish.reason)
        if usage is not None:
            counts = {name: usage.get(name) or 0 for name in ("input_tokens", "output_tokens")}
            self._watched.tell(**counts)
        self._usages.add(usage)
        if cut_off:
            reason = "max_output_tokens" if finish.reason == "length" else "content_filter"
            return Ending(status="incomplete", reason=reason)
        if self._ask.choice.mode == "required" and number == 0 and not self._called(step):
            return Ending(
                status="failed",
                message=f"{self._ask.model} did not call what tool_choice requires",
            )
        for at, (hosted, call) in enumerate(served):
            self._drawing.show(
                hosted,
                call,
                number,
                answering=self._relay.answering,
                turn_over=step.turn_over,
                usage=usage if at == 0 else None,
            )
        return None if served else COMPLETED

    def _called(self, step: Step) -> bool:
        name = self._ask.choice.name
        if name is None or (self._ask.hosted is not None and name == self._ask.hosted.type):
            return bool(step.hosted or (step.names and name is None))
        return name in step.names

    def _served(self, number: int, step: Step) -> list[tuple[HostedTool, providers.HostedCall]]:
        """The calls to serve; those over ``max_tool_calls`` are ignored, as the protocol has it."""
        hosted = self._ask.hosted
        if not step.hosted:
            return []
        if hosted is None or all(n != hosted.type for n, _ in self._ask.usable_in(number)):
            raise errors.ProviderError(
                f"{self._ask.model} called the image tool, which it was not offered",
                kind="protocol",
            )
        left = max(0, self._ask.max_tool_calls - self._calls.made)
        return [(hosted, call) for call in step.hosted[:left]]

    def _turn(self, number: int) -> providers.ChatTurn:
        response = self._emitter.snapshot.response
        output, thoughts = self._items.thoughts.told([] if response is None else response.output)
        return providers.ChatTurn(
            model=self._ask.model,
            input=(*self._talk.said, *(_without_picture(item) for item in output)),
            instructions=self._request.instructions or None,
            tools=self._tools(number),
            tool_choice=self._choice(number),
            request=self._request,
            max_output_tokens=self._left,
            step=number,
            picture=self._picture,
            relay="no" if number or output else self._ask.relay,
            early=self._relay.early,
            stay=self._relay.answering,
            thoughts={**self._talk.thoughts, **thoughts},
        )

    def _tools(self, number: int) -> tuple[models.AnyTool, ...]:
        names = {name for name, _ in self._ask.usable_in(number)}
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


def _without_picture(item: models.OutputItem) -> models.OutputItem:
    if isinstance(
        item, models.OutputImageGenerationCallItem | models.OutputImageGenerationServerToolItem
    ):
        return msgspec.structs.replace(item, result=None)
    return item
