"""Who does the work: the two protocols between the engine and whatever makes words or pictures.

A provider is an async iterator over what it makes, in order, and nothing else: the engine owns
items, events, sequence numbers and the journal. Closing the iterator cancels the work.
Failures are ``errors.ProviderError``; anything else a provider raises is a bug in it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from heliograph import models

__all__ = [
    "Answering",
    "Arguments",
    "ChatPart",
    "ChatProvider",
    "ChatTurn",
    "CustomCall",
    "CustomInput",
    "Finish",
    "FunctionCall",
    "HostedCall",
    "ImageJob",
    "ImagePart",
    "ImageProvider",
    "InlinePicture",
    "ModelCard",
    "Picture",
    "PictureUsage",
    "Preferences",
    "Preview",
    "Reasoning",
    "Refusal",
    "RelayProvider",
    "Relayed",
    "Summary",
    "Text",
    "Thought",
]


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider offers under one model id, as ``/v1/models`` lists it.

    ``writes`` False says of a chat model that it is no language model: it is not asked to sum up.
    """

    id: str
    name: str
    description: str
    kind: Literal["chat", "image"]
    created: int
    owned_by: str
    licence: str = ""
    input_modalities: tuple[str, ...] = ("text",)
    output_modalities: tuple[str, ...] = ("text",)
    writes: bool = True


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the providers that serve a model may be asked, and in what order, by their names.

    ``order`` come first, in that order; ``only``, where not empty, are all that may be asked;
    ``ignore`` are not. Without ``allow_fallbacks`` only those of ``order`` are asked, or, without
    one, the first. (OpenRouter's ``ProviderPreferences``, as far as it is served.)
    """

    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow_fallbacks: bool = True


class ImageJob(msgspec.Struct, frozen=True, kw_only=True):
    """One picture to make. Field values are the tool's, already checked by the engine.

    ``size`` is ``WxH`` in pixels or ``auto``; ``aspect_ratio`` is ``W:H`` or ``auto`` and counts
    only where ``size`` is ``auto``; ``seed`` None lets the provider derive one;
    ``first_partial`` is the index of the first preview still wanted (a run again after a takeover
    starts past those that were shown). ``images`` are references, oldest first; ``mask`` marks
    by transparency what may change. ``prefer`` chooses among several providers of the model.
    """

    model: str
    prompt: str
    size: str = "auto"
    aspect_ratio: str = "auto"
    quality: str = "auto"
    background: str = "auto"
    output_format: str = "png"
    output_compression: int = 100
    moderation: str = "auto"
    partial_images: int = 0
    first_partial: int = 0
    seed: int | None = None
    action: str = "auto"
    input_fidelity: str | None = None
    images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    prefer: Preferences | None = None


class Preview(msgspec.Struct, frozen=True):
    """A stage of the picture; ``index`` counts from 0 and is below ``partial_images``."""

    index: int
    data: bytes


class PictureUsage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a picture took, as far as its maker says: tokens, those of text and of pictures apart,
    and ``cost`` in US dollars. What is not said is 0."""

    input_tokens: int = 0
    input_text_tokens: int = 0
    input_image_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    output_text_tokens: int = 0
    output_image_tokens: int = 0
    total_tokens: int = 0
    cost: float | None = None


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The finished picture, with what was really used where the job said ``auto``."""

    data: bytes
    output_format: str
    size: str
    quality: str
    background: str
    revised_prompt: str | None = None
    usage: PictureUsage | None = None


ImagePart = Preview | Picture


class ImageProvider(Protocol):
    """Makes pictures. ``draw`` yields previews in order, then one ``Picture``, then ends."""

    @property
    def cards(self) -> Sequence[ModelCard]:
        """The models it serves."""
        ...

    def check(self, job: ImageJob) -> None:
        """Refuse, before any work, what it cannot draw (a size out of range, a reference picture).

        Raises ``ProviderError`` of kind ``bad_request``; ``param`` is the job's field at fault.
        """
        ...

    def seed_for(self, job: ImageJob) -> int | None:
        """The seed that ``draw`` would use, journaled before the work so it can be run again."""
        ...

    def draw(self, job: ImageJob) -> AsyncGenerator[ImagePart, None]:
        """Raises ``ProviderError`` (``param`` names the tool's field at fault)."""
        ...


class Answering(msgspec.Struct, frozen=True):
    """Who answers, where several may: the provider's name and the model's id. Comes first."""

    provider: str
    model: str


class ChatTurn(msgspec.Struct, frozen=True, kw_only=True):
    """One step asked of a chat model: the conversation so far and what it may use.

    ``input`` holds wire items oldest first: messages, earlier calls with their outputs, then what
    this response has put out so far. A hosted call's result stands in it as the finished item,
    without its picture (``result`` None): ``await picture(item.id)`` gives the bytes, for a model
    that can see. ``tools`` are those the model may call now, the hosted one included;
    ``tool_choice`` is what the client asked, already narrowed. ``max_output_tokens`` is what is
    left of the request's. ``step`` counts from 0. ``thoughts`` are those that belong to reasoning
    items, by the item's id.

    ``relay`` says whether the answer may (or must) be one ``Relayed`` part, an upstream's own
    response; ``early`` is then told, as they come, of events that show nothing of it (created,
    queued, in_progress, unknown ones before them): they may come again, of another upstream, as
    long as nothing was shown. ``stay`` is who answered the steps before: it is asked first.
    """

    model: str
    input: tuple[models.InputItem | models.OutputItem, ...]
    instructions: str | None = None
    tools: tuple[models.AnyTool, ...] = ()
    tool_choice: object = "auto"
    request: models.ResponsesRequest
    max_output_tokens: int | None = None
    step: int = 0
    picture: Callable[[str], Awaitable[bytes]] | None = None
    relay: Literal["no", "may", "must"] = "no"
    early: Callable[[models.StreamEvent], None] | None = None
    stay: Answering | None = None
    thoughts: Mapping[str, Sequence[Thought]] = {}


class Text(msgspec.Struct, frozen=True):
    """The next piece of the answer's text, with the probabilities of its tokens where they were
    asked for."""

    delta: str
    logprobs: tuple[models.Logprob, ...] = ()


class Refusal(msgspec.Struct, frozen=True):
    """The next piece of a refusal."""

    delta: str


class Reasoning(msgspec.Struct, frozen=True):
    """The next piece of the reasoning text."""

    delta: str


class Summary(msgspec.Struct, frozen=True):
    """The next piece of a summary of the reasoning; ``part`` counts its parts, from 0 in a step's
    reasoning."""

    delta: str
    part: int = 0


class Thought(msgspec.Struct, frozen=True, kw_only=True):
    """What an upstream wants back with its reasoning, in its own form and opaque to everybody else:
    signatures, encrypted reasoning. It goes with the reasoning before it in the step.

    ``source`` names the upstream and its model: another must not be given it. ``data`` is JSON.
    ``late`` says that it came after the words or calls that it belongs to.
    """

    source: str
    data: bytes
    late: bool = False


class FunctionCall(msgspec.Struct, frozen=True):
    """A call of a client's function begins; ``Arguments`` with the same ``call_id`` follow."""

    call_id: str
    name: str


class Arguments(msgspec.Struct, frozen=True):
    """The next piece of a function call's arguments (JSON text)."""

    call_id: str
    delta: str


class CustomCall(msgspec.Struct, frozen=True):
    """A call of a client's custom tool begins; ``CustomInput`` with the same ``call_id`` follow."""

    call_id: str
    name: str


class CustomInput(msgspec.Struct, frozen=True):
    """The next piece of a custom call's input (free text)."""

    call_id: str
    delta: str


class HostedCall(msgspec.Struct, frozen=True):
    """A call of the hosted image tool, its arguments complete."""

    call_id: str
    prompt: str
    action: str = "auto"


class InlinePicture(msgspec.Struct, frozen=True):
    """A picture that the chat model made itself, whole; ``media_type`` is what its bytes are.

    OpenRouter's chat models with ``image`` among their output modalities send these
    (``message.images``). ``data`` is the file (png, jpeg, webp or gif), not base64.
    """

    data: bytes
    media_type: str


class Finish(msgspec.Struct, frozen=True):
    """The step's end. ``reason``: ``stop``, ``length``, ``tool_calls`` or ``content_filter``."""

    reason: Literal["stop", "length", "tool_calls", "content_filter"] = "stop"
    usage: models.Usage | None = None


class Relayed(msgspec.Struct, frozen=True):
    """The upstream serves the whole response: its own events, in batches as they come.

    The last event is ``response.completed``, ``response.incomplete`` or ``response.failed``. No
    other part follows. ``events`` raises ``ProviderError``; whoever takes it closes it.
    """

    provider: str
    model: str
    events: AsyncGenerator[Sequence[models.StreamEvent], None]


ChatPart = (
    Answering
    | Text
    | Refusal
    | Reasoning
    | Summary
    | Thought
    | FunctionCall
    | Arguments
    | CustomCall
    | CustomInput
    | HostedCall
    | InlinePicture
    | Finish
    | Relayed
)


class ChatProvider(Protocol):
    """Answers a turn. Yields parts in order and exactly one ``Finish`` (or ``Relayed``), last."""

    @property
    def cards(self) -> Sequence[ModelCard]:
        """The models it serves."""
        ...

    def check(self, request: models.ResponsesRequest) -> None:
        """Refuse, before any work, what it cannot do (a forced function, a text format).

        Raises ``ProviderError`` of kind ``bad_request``; ``param`` is the request's field at fault.
        """
        ...

    def answer(self, turn: ChatTurn) -> AsyncGenerator[ChatPart, None]:
        """Raises ``ProviderError``."""
        ...


class RelayProvider(ChatProvider, Protocol):
    """A chat provider whose upstream speaks the Responses API itself.

    Where ``relays`` says so, ``relay`` may stand in for the whole loop: the upstream serves all
    that the request asks for, and its events pass through with every byte kept.
    """

    def relays(self, request: models.ResponsesRequest) -> bool:
        """Whether the upstream serves every tool of the request, so that nothing needs hosting."""
        ...

    def relay(self, turn: ChatTurn) -> AsyncGenerator[Sequence[models.StreamEvent], None]:
        """The upstream's events as they came, ``models.wire_of`` each giving its bytes.

        They come in batches, as the upstream's writes carry them. The last one is
        ``response.completed``, ``response.incomplete`` or ``response.failed``. Raises
        ``ProviderError`` where the upstream fails, sends an ``error`` event, or stops before its
        end; ids, sequence numbers and the model's name are the upstream's.
        """
        ...
