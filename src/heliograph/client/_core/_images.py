"""Calls of the Images APIs: OpenAI's ``/images/generations`` and ``/images/edits``, OpenRouter's
``/images``.

OpenRouter has one path for both: pictures to start from go along as data URLs there, where OpenAI
takes a form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict

import httpx2

from heliograph import errors, pictures
from heliograph.client._core._config import Config
from heliograph.client._core._params import Object
from heliograph.client._core._requests import json_body, post_call, refuse_unknown
from heliograph.client._transport import Call, Wait


class File(NamedTuple):
    """A file of a form."""

    name: str
    data: bytes
    media_type: str


class EditParams(TypedDict, total=False):
    """The fields of both Images APIs beside prompt and pictures. Others go through ``extra_body``.

    ``size`` is ``WIDTHxHEIGHT`` pixels or ``"auto"``, ``n`` how many pictures,
    ``output_compression`` 0 to 100, ``partial_images`` previews of a stream.
    """

    model: str | None
    background: Literal["auto", "transparent", "opaque"] | str | None
    complexity: str | None
    frame_count: int | None
    frame_duration_ms: int | None
    input_fidelity: Literal["high", "low"] | str | None
    n: int | None
    output_compression: int | None
    output_format: Literal["png", "jpeg", "webp", "gif", "svg"] | str | None
    partial_images: int | None
    quality: Literal["auto", "low", "medium", "high"] | str | None
    response_format: Literal["b64_json", "url"] | str | None
    safety_identifier: str | None
    seed: int | None
    size: str | None
    svg: Object | None
    user: str
    # OpenRouter's
    aspect_ratio: str
    provider: Object | None
    resolution: str


class ImageParams(EditParams, total=False):
    """What ``images.generate`` takes beside the prompt."""

    moderation: Literal["auto", "low"] | str | None
    style: str | None
    input_references: Sequence[Object]


_EDIT = frozenset(EditParams.__annotations__)
_GENERATE = frozenset(ImageParams.__annotations__)


def wanted(params: Mapping[str, Any], extra_body: Mapping[str, Any] | None) -> int:
    """How many pictures a request asks for."""
    n = {**params, **(extra_body or {})}.get("n")
    return n if isinstance(n, int) and n > 0 else 1


def generate_call(
    config: Config,
    prompt: str,
    params: Mapping[str, Any],
    *,
    stream: bool,
    extra_body: Mapping[str, Any] | None,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Call:
    """``POST /images/generations``, or ``/images``. Raises `UsageError` for an unknown field."""
    config.require_images(params)
    first = {"stream": True} if stream else {}
    body = json_body(params, _GENERATE, extra_body, prompt=prompt, **first)
    path = "/images" if config.openrouter_images else "/images/generations"
    return post_call(
        config, path, body, stream=stream, extra_headers=extra_headers, timeout=timeout
    )


def edit_call(
    config: Config,
    images: Sequence[File],
    prompt: str,
    mask: File | None,
    params: Mapping[str, Any],
    *,
    stream: bool,
    extra_body: Mapping[str, Any] | None,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Call:
    """``POST /images/edits``, or ``/images`` with references. Raises `UsageError`."""
    refuse_unknown(params, _EDIT)
    config.require_images(params)
    if not images:
        raise errors.UsageError("image: there is none to start from")
    if not config.openrouter_images:
        fields = {"prompt": prompt, **params, **({"stream": True} if stream else {})}
        body, content_type = _form({**fields, **(extra_body or {})}, images, mask)
        return post_call(
            config,
            "/images/edits",
            body,
            stream=stream,
            extra_headers=extra_headers,
            timeout=timeout,
            content_type=content_type,
        )
    if mask is not None:
        raise errors.UsageError("mask: OpenRouter's images take none")
    references = [
        {"type": "image_url", "image_url": {"url": pictures.data_url(file.data, file.media_type)}}
        for file in images
    ]
    return generate_call(
        config,
        prompt,
        {**params, "input_references": references},
        stream=stream,
        extra_body=extra_body,
        extra_headers=extra_headers,
        timeout=timeout,
    )


def _form(
    fields: Mapping[str, Any], images: Sequence[File], mask: File | None
) -> tuple[bytes, str]:
    """A multipart form and its content type. None is not sent: a form has no word for it."""
    name = "image" if len(images) == 1 else "image[]"
    files: list[tuple[str, tuple[str, bytes, str]]] = [(name, file) for file in images]
    if mask is not None:
        files.append(("mask", mask))
    plain: dict[str, list[str]] = {}
    for field, value in fields.items():
        for key, text in _plain(field, value):
            plain.setdefault(key, []).append(text)
    request = httpx2.Request("POST", "http://form", data=plain, files=files)
    return request.read(), request.headers["content-type"]


def _plain(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A field as a form has it, as OpenAI's own clients write it."""
    if value is None:
        return
    if isinstance(value, bool):
        yield name, "true" if value else "false"
    elif isinstance(value, str | int | float):
        yield name, str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _plain(f"{name}[{key}]", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _plain(f"{name}[]", inner)
    else:
        raise errors.UsageError(f"{name}: {type(value).__name__} cannot be sent in a form")
