"""Settings of the chat providers: one section of the configuration file each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from heliograph.providers._base import ModelCard
from heliograph.providers._upstream import Timeouts

__all__ = ["ChatCompletionsSettings", "ChatModel", "ResponsesSettings", "card_of", "source_of"]

Label = Literal[
    "metadata", "prompt_cache_key", "safety_identifier", "service_tier", "session_id", "user"
]
Filled = Annotated[str, msgspec.Meta(min_length=1)]


class ChatModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model as an upstream offers it.

    ``upstream`` is its id there ("" where it is the same as ours). ``sees`` says that it takes
    pictures, ``draws`` that it makes pictures itself (OpenRouter's modalities), ``files`` and
    ``hears`` that it takes files and sound.

    ``context`` is how many tokens it takes, 0 where that is not known: with ``truncation: auto`` a
    longer conversation is shortened before it is sent. ``logprobs`` says that it gives the
    probabilities of its tokens when asked.

    ``custom_tools`` is for chat completions: ``native`` passes custom tools on as such (OpenAI's
    newer models, whose grammars hold), ``function`` offers each as a function with one string.
    ``grammars`` is what happens there to a custom tool with a grammar, which nothing can enforce
    then: ``refuse`` the request, or ``describe`` the grammar to the model in words.
    """

    upstream: str = ""
    name: str = ""
    description: str = ""
    licence: str = ""
    created: int = 0
    sees: bool = False
    draws: bool = False
    hears: bool = False
    files: bool = False
    logprobs: bool = False
    context: Annotated[int, msgspec.Meta(ge=0)] = 0
    custom_tools: Literal["function", "native"] = "function"
    grammars: Literal["refuse", "describe"] = "refuse"


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What both kinds share. ``base_url`` is where the API's paths begin, ``/v1`` included;
    ``models`` maps our id to the upstream's model; ``api_key_env`` names the environment variable
    that has the key; ``body`` is put into every request, under what the request itself says;
    ``max_concurrent`` requests are open to it at once from all processes that share a journal, and
    ``max_concurrent_per_process`` from each; 0 for any number."""

    base_url: Filled
    models: Annotated[dict[Filled, ChatModel], msgspec.Meta(min_length=1)]
    api_key_env: str | None = None
    headers: dict[str, str] = {}
    timeouts: Timeouts = Timeouts()
    max_concurrent: Annotated[int, msgspec.Meta(ge=0)] = 0
    max_concurrent_per_process: Annotated[int, msgspec.Meta(ge=0)] = 0
    owned_by: str = "upstream"
    body: dict[str, Any] = {}


class ChatCompletionsSettings(
    _Settings,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="chat_completions",
):
    """``kind = "chat_completions"``.

    The defaults suit vLLM, SGLang, llama.cpp's server, Ollama and LM Studio. For OpenAI's newer
    models set ``max_tokens_field = "max_completion_tokens"``; for OpenRouter
    ``reasoning_field = "reasoning"`` and ``reasoning_back = "reasoning"``; for DeepSeek
    ``reasoning_back = "reasoning_content"``.

    - ``max_tokens_field``: what ``max_output_tokens`` is called there.
    - ``reasoning_field``: where the effort goes; ``none`` refuses requests that ask for one.
    - ``reasoning_back``: the field of an assistant's message that earlier reasoning goes back in.
    - ``developer_role``: how a developer message is called; most chat templates know ``system``.
    - ``stream_usage``: ask for usage in streams (``stream_options``, which a few servers refuse).
    - ``think_tags``: reasoning stands in the text, between ``<think>`` tags.
    - ``labels``: labels of the request that are passed on; OpenAI refuses ``metadata`` unless it
      stores, and most servers ignore all of them.
    """

    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    reasoning_field: Literal["reasoning_effort", "reasoning", "none"] = "reasoning_effort"
    reasoning_back: Literal["none", "reasoning", "reasoning_content"] = "none"
    developer_role: Literal["system", "developer"] = "system"
    stream_usage: bool = True
    think_tags: bool = False
    labels: tuple[Label, ...] = ("user",)


class ResponsesSettings(
    _Settings,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="responses",
):
    """``kind = "responses"``.

    - ``hosts``: what the upstream serves itself, beyond the common: tool types (beside ``function``
      and ``custom``), request fields (``prompt``, ``plugins``), content part types (``input_file``)
      ``file_id``, and ``image_url`` where it may fetch pictures by their addresses. Requests that
      need nothing else can be relayed.
    - ``encrypted_reasoning``: ask for reasoning in its sealed form, always, and give back no other.
      OpenAI needs this: it is told to store nothing, and looks up unsealed reasoning by its id.
    """

    hosts: tuple[str, ...] = ()
    encrypted_reasoning: bool = False


def source_of(settings: _Settings, model: str) -> str:
    """What tells this upstream's model from others: what it gives for itself goes back to it."""
    return f"{settings.base_url.rstrip('/')} {settings.models[model].upstream or model}"


def card_of(model_id: str, model: ChatModel, owned_by: str) -> ModelCard:
    """The card of one configured model."""
    takes = (("image", model.sees), ("audio", model.hears), ("file", model.files))
    return ModelCard(
        id=model_id,
        name=model.name or model_id,
        description=model.description or f"{model.upstream or model_id}, by way of its upstream",
        kind="chat",
        created=model.created,
        owned_by=owned_by,
        licence=model.licence,
        input_modalities=("text", *(name for name, can in takes if can)),
        output_modalities=("text", "image") if model.draws else ("text",),
    )
