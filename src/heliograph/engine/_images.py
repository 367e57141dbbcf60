"""Requests of the Images APIs, checked field by field.

Three bodies say nearly the same: OpenAI's ``/images/generations`` and ``/images/edits`` and
OpenRouter's ``/images``. Each becomes an ``ImageAsk``. What nothing here can serve is refused by
name, as in the Responses API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from heliograph import errors, providers
from heliograph.engine import _fields as fields
from heliograph.engine._limits import Limits
from heliograph.engine._route import read_preferences
from heliograph.engine._tool import data_url
from heliograph.pictures import look

__all__ = ["ImageAsk", "read_edit", "read_generation", "read_openrouter_image"]

MAX_PARTIALS = 3
"""Previews of one picture, as in the image tool."""

_TIERS = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
_SIZE = re.compile(r"[1-9]\d{0,4}x[1-9]\d{0,4}")
_RATIO = re.compile(r"([1-9]\d{0,3})(?:\.(\d))?:([1-9]\d{0,3})(?:\.(\d))?")
_STEP = 16  # pixels: sides that come from a tier and a ratio are multiples of it

_COMMON = frozenset(
    {
        "background",
        "model",
        "n",
        "output_compression",
        "output_format",
        "prompt",
        "quality",
        "size",
        "stream",
        "user",
    }
)
_OPENAI = _COMMON | {"moderation", "partial_images", "response_format", "safety_identifier", "seed"}
_EDIT = _OPENAI | {"image", "mask", "input_fidelity"}
_OPENROUTER = _COMMON | {
    "aspect_ratio",
    "input_references",
    "provider",
    "resolution",
    "seed",
    "session_id",
    "trace",
}
#: Fields of the APIs that nothing here can serve.
_REFUSED = {
    "complexity": "no planning can be chosen here",
    "frame_count": "no moving pictures here",
    "frame_duration_ms": "no moving pictures here",
    "markup": "no markup is read here; draw it into the picture",
    "style": "say the style in the prompt",
    "svg": "no vector pictures here",
}


class ImageAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A checked request for ``n`` pictures; ``names``: a job's field -> the request's."""

    job: providers.ImageJob
    n: int
    stream: bool
    safety_identifier: str | None = None
    names: Mapping[str, str] = {}

    def refusal(self, error: errors.ProviderError) -> errors.HeliographError:
        """A provider's failure as the request's client should see it: the field by its name."""
        param = None if error.param is None else self.names.get(error.param, error.param)
        if error.kind == "bad_request":
            return errors.BadRequest(error.message, param=param, code="invalid_value")
        if error.kind == "content_policy":
            return errors.BadRequest(error.message, param=param, code="content_policy_violation")
        return error


def read_generation(
    body: dict[str, Any], catalog: providers.Catalog, limits: Limits, *, max_images: int
) -> ImageAsk:
    """OpenAI's ``POST /images/generations``. Raises ``BadRequest`` or ``NotFound``."""
    _known(body, _OPENAI)
    return _ask(_openai(body), body, catalog, limits, max_images, action="generate")


def read_edit(
    body: dict[str, Any],
    images: tuple[bytes, ...],
    mask: bytes | None,
    catalog: providers.Catalog,
    limits: Limits,
    *,
    max_images: int,
    max_pixels: int,
) -> ImageAsk:
    """OpenAI's ``POST /images/edits``: ``body`` is the form without its files.

    ``max_images`` bounds the pictures that come in and those that go out, ``max_pixels`` each one
    that comes in. Raises ``BadRequest`` or ``NotFound``.
    """
    _known(body, _EDIT)
    if not images:
        raise fields.invalid("image", "required", "missing_required_parameter")
    _bounded("image", images, max_images, max_pixels)
    if mask is not None:
        _bounded("mask", (mask,), max_images, max_pixels)
    fidelity = fields.choice(body, "input_fidelity", ("high", "low"))
    told = {**_openai(body), "images": images, "mask": mask, "input_fidelity": fidelity}
    return _ask(told, body, catalog, limits, max_images, action="edit", images="image")


def read_openrouter_image(
    body: dict[str, Any],
    catalog: providers.Catalog,
    limits: Limits,
    *,
    max_images: int,
    max_pixels: int,
) -> ImageAsk:
    """OpenRouter's ``POST /images``. Raises ``BadRequest`` or ``NotFound``."""
    _known(body, _OPENROUTER)
    if not fields.text(body, "model"):
        raise fields.invalid("model", "required", "missing_required_parameter")
    fields.text(body, "session_id")
    fields.mapping(body.get("trace") or {}, "trace")
    given = fields.sequence(body.get("input_references") or [], "input_references")
    images = tuple(_reference(item, f"input_references[{i}]") for i, item in enumerate(given))
    _bounded("input_references", images, max_images, max_pixels)
    size, ratio, origin = _openrouter_size(body)
    told: dict[str, Any] = {"size": size, "aspect_ratio": ratio, "images": images}
    if fields.flag(body, "stream"):
        told["partial_images"] = MAX_PARTIALS
    action = "edit" if images else "generate"
    names = {"images": "input_references", "size": origin}
    return _ask(told, body, catalog, limits, max_images, action=action, **names)


def _known(body: dict[str, Any], known: frozenset[str]) -> None:
    for name, why in _REFUSED.items():
        if body.get(name) not in (None, [], {}, ""):
            raise fields.unsupported(name, why)
    fields.only(body, known | _REFUSED.keys(), "")


def _openai(body: dict[str, Any]) -> dict[str, Any]:
    """What only OpenAI's two bodies have."""
    fields.text(body, "safety_identifier")
    if fields.choice(body, "response_format", ("b64_json", "url")) == "url":
        raise fields.unsupported("response_format", "no links are kept here; use b64_json")
    size = fields.text(body, "size") or "auto"
    if size != "auto" and not _SIZE.fullmatch(size):
        raise fields.invalid("size", f"{size!r} is neither 'auto' nor WIDTHxHEIGHT")
    partials = fields.whole(body, "partial_images", 0, MAX_PARTIALS) or 0
    if partials and not fields.flag(body, "stream"):
        raise fields.invalid("partial_images", "goes with stream: true")
    return {
        "size": size,
        "moderation": fields.choice(body, "moderation", ("auto", "low")) or "auto",
        "partial_images": partials,
    }


def _ask(
    told: dict[str, Any],
    body: dict[str, Any],
    catalog: providers.Catalog,
    limits: Limits,
    max_images: int,
    *,
    action: str,
    **names: str,
) -> ImageAsk:
    """What all have in common, and the provider's own word on it."""
    prompt = fields.text(body, "prompt")
    if not prompt or not prompt.strip():
        raise fields.invalid("prompt", "required", "missing_required_parameter")
    if len(prompt.encode("utf-8", "surrogatepass")) > limits.max_prompt_bytes:
        limit = limits.max_prompt_bytes
        raise fields.invalid("prompt", f"over max_prompt_bytes, {limit} bytes")
    form = fields.choice(body, "output_format", ("png", "webp", "jpeg")) or "png"
    background = fields.choice(body, "background", ("transparent", "opaque", "auto")) or "auto"
    if form == "jpeg" and background == "transparent":
        raise fields.invalid("background", "jpeg cannot be transparent; use png or webp")
    compression = fields.whole(body, "output_compression", 0, 100)
    fields.text(body, "user")
    model = fields.text(body, "model") or catalog.default_image
    if model is None:
        raise fields.unsupported("model", "no image model is configured here")
    provider = catalog.image(model)
    if told.get("images") and "image" not in catalog.card(model).input_modalities:
        raise fields.unsupported(names["images"], f"{model} takes no pictures in")
    ask = ImageAsk(
        job=providers.ImageJob(
            model=model,
            prompt=prompt,
            quality=fields.choice(body, "quality", ("low", "medium", "high", "auto")) or "auto",
            background=background,
            output_format=form,
            output_compression=100 if compression is None else compression,
            seed=fields.whole(body, "seed", 0, 2**63 - 1),
            action=action,
            prefer=read_preferences(body, getattr(provider, "names", ())),
            **told,
        ),
        n=fields.whole(body, "n", 1, max_images) or 1,
        stream=fields.flag(body, "stream") or False,
        safety_identifier=body.get("safety_identifier") or body.get("user") or None,
        names={"prefer": "provider", **names},
    )
    try:
        provider.check(ask.job)
    except errors.ProviderError as error:
        raise ask.refusal(error) from None
    return ask


def _bounded(field: str, images: tuple[bytes, ...], count: int, pixels: int) -> None:
    if len(images) > count:
        raise fields.invalid(field, f"{len(images)} pictures; the limit max_images is {count}")
    for index, data in enumerate(images):
        name = field if len(images) == 1 else f"{field}[{index}]"
        seen = look(data)
        if seen is None:
            raise fields.invalid(name, "neither png nor jpeg nor webp", "invalid_image")
        if seen.pixels > pixels:
            raise fields.invalid(
                name, f"{seen.size} pixels; the limit max_image_pixels is {pixels}", "invalid_image"
            )


def _reference(item: object, path: str) -> bytes:
    part = fields.mapping(item, path)
    fields.only(part, {"type", "image_url"}, f"{path}.")
    fields.choice(part, "type", ("image_url",), f"{path}.")
    link = fields.mapping(part.get("image_url"), f"{path}.image_url")
    url = fields.text(link, "url", f"{path}.image_url.")
    if url is None:
        raise fields.invalid(f"{path}.image_url.url", "required", "missing_required_parameter")
    return data_url(url, f"{path}.image_url.url")


def _openrouter_size(body: dict[str, Any]) -> tuple[str, str, str]:
    """Size, aspect ratio, and which field of the request the size came from."""
    said = fields.text(body, "size") or "auto"
    tier = fields.choice(body, "resolution", _TIERS)
    ratio = _ratio(body)
    if _SIZE.fullmatch(said):
        for name in ("resolution", "aspect_ratio"):
            if body.get(name) not in (None, "auto"):
                raise fields.invalid(name, f"goes with a tier, not with the size {said}")
        return said, "auto", "size"
    origin = "resolution"
    if said != "auto":
        if said not in _TIERS:
            tiers = ", ".join(_TIERS)
            raise fields.invalid("size", f"{said!r} is neither WIDTHxHEIGHT nor one of {tiers}")
        if tier not in (None, said):
            raise fields.invalid("resolution", f"{tier} is not the size {said}")
        tier, origin = said, "size"
    if tier is None:
        return "auto", "auto" if ratio is None else f"{ratio[0]}:{ratio[1]}", "size"
    side, (width, height) = _TIERS[tier], ratio or (1, 1)
    root = (width / height) ** 0.5
    sides = (max(_STEP, round(s / _STEP) * _STEP) for s in (side * root, side / root))
    return "x".join(map(str, sides)), "auto", origin


def _ratio(body: dict[str, Any]) -> tuple[int, int] | None:
    """Width and height as whole numbers; None for ``auto``."""
    text = fields.text(body, "aspect_ratio") or "auto"
    if text == "auto":
        return None
    match = _RATIO.fullmatch(text)
    if match is None:
        raise fields.invalid("aspect_ratio", f"{text!r} is neither 'auto' nor W:H")
    if match[2] is None and match[4] is None:
        return int(match[1]), int(match[3])
    return int(match[1] + (match[2] or "0")), int(match[3] + (match[4] or "0"))
