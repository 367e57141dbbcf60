"""Bytes of a chat completion to the parts of an answer. Does no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from heliograph import errors, models
from heliograph.providers._base import ChatPart, Finish, Reasoning, Refusal, Text
from heliograph.providers._failures import failure_in_stream
from heliograph.providers.chat import _quirks as quirks
from heliograph.providers.chat._calls import Calls
from heliograph.providers.chat._details import Details
from heliograph.providers.chat._payloads import Payloads
from heliograph.providers.chat._pictures import inline_picture
from heliograph.providers.chat._think import Thinking
from heliograph.providers.chat._wire import Chunk, Message, decode_chunk

__all__ = ["AnswerReader"]


class AnswerReader:
    """``feed`` the bytes as they come, then ``end``: the parts of `ChatProvider.answer`.

    ``model`` is how messages call the model; ``hosted`` the function name that the image tool has
    upstream, None where it was not offered; ``customs`` the names of the client's custom tools;
    ``think_tags`` whether reasoning may stand in the text; ``secret`` is scrubbed from what the
    upstream says; ``source`` names the upstream in thoughts, None leaves them out.
    Every method raises ``ProviderError``.
    """

    _pictures: frozenset[str] = frozenset()

    def __init__(
        self,
        model: str,
        hosted: str | None = None,
        *,
        customs: Collection[str] = (),
        think_tags: bool = False,
        secret: str | None = None,
        source: str | None = None,
    ) -> None:
        self._model = model
        self._secret = secret
        self._details = Details(model, source)
        self._payloads = Payloads(model)
        self._calls = Calls(model, hosted, customs)
        self._thinking = Thinking() if think_tags else None
        self._finish: str | None = None
        self._usage: models.Usage | None = None
        self._said = False

    @property
    def ended(self) -> bool:
        """Whether the upstream has said that there is no more."""
        return self._payloads.done

    @property
    def finished(self) -> bool:
        """Whether the answer is whole: only usage may follow."""
        return self._finish is not None

    def feed(self, chunk: bytes) -> Iterator[ChatPart]:
        """The parts that ``chunk`` completes."""
        for payload in self._payloads.feed(chunk):
            yield from self._read(payload)

    def end(self) -> Iterator[ChatPart]:
        """What was held back, then the ``Finish``."""
        for payload in self._payloads.end():
            yield from self._read(payload)
        if self._finish is None and not (self._payloads.done and self._said):
            what = "in the middle of its answer" if self._payloads.seen else "without an answer"
            raise errors.ProviderError(
                f"{self._model}: its upstream stopped {what}", kind="protocol", retryable=True
            )
        reason = quirks.finish_of(self._finish, called=self._calls.any)
        if self._thinking is not None:
            yield from self._thinking.end()
        yield from self._details.end()
        yield from self._calls.close(whole=reason in ("stop", "tool_calls"))
        yield Finish(reason, self._usage)

    def _read(self, payload: bytes) -> Iterator[ChatPart]:
        chunk: Chunk = decode_chunk(self._model, payload)
        choice = next((c for c in chunk.choices or () if not c.index), None)
        error = quirks.error_of(chunk, choice)
        if error is not None:
            raise failure_in_stream(error, self._model, secret=self._secret)
        self._usage = quirks.usage_of(chunk) or self._usage
        if choice is None:
            return
        message = choice.delta or choice.message
        if message is not None:
            yield from self._message(message, quirks.logprobs_of(choice))
        self._finish = choice.finish_reason or self._finish

    def _message(
        self, message: Message, logprobs: tuple[models.Logprob, ...]
    ) -> Iterator[ChatPart]:
        reasoning = quirks.reasoning_of(message)
        if reasoning:
            yield self._note(Reasoning(reasoning))
        self._details.take(message.reasoning_details or ())
        if message.content or message.refusal or message.tool_calls or message.function_call:
            yield from self._details.before_words()
        for kind, text in quirks.texts_of(message):
            if not text:
                continue
            if kind == "reasoning":
                yield self._note(Reasoning(text))
            elif self._thinking is not None:
                yield from map(self._note, self._thinking.feed(text))
            else:
                yield self._note(Text(text, logprobs))
                logprobs = ()
        if message.refusal:
            yield self._note(Refusal(message.refusal))
        for url in quirks.images_of(message):
            if url not in self._pictures:
                self._pictures |= {url}
                yield self._note(inline_picture(self._model, url))
        for piece in quirks.calls_of(message):
            self._said = True
            yield from self._calls.take(piece)

    def _note(self, part: ChatPart) -> ChatPart:
        self._said = True
        return part
