"""Tools as a request configures them: the hosted image tool in both its spellings, custom tools."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pybase64

from heliograph import errors, providers
from heliograph.engine import _fields as fields
from heliograph.pictures import measure

__all__ = [
    "HOSTED",
    "HostedTool",
    "base64",
    "check_pixels",
    "custom_tool",
    "data_url",
    "hosted_tool",
]

PLAIN = "image_generation"
OPENROUTER = "openrouter:image_generation"
HOSTED = frozenset({PLAIN, OPENROUTER})

_SIZE = re.compile(r"[1-9]\d{0,4}x[1-9]\d{0,4}")
_RATIO = re.compile(r"[1-9]\d{0,3}:[1-9]\d{0,3}")
_REMOTE = re.compile(r"https?:", re.IGNORECASE)
_DATA_URL = re.compile(r"data:(image/[a-z0-9.+-]+)?;base64,", re.IGNORECASE)

_COMMON = frozenset(
    {
        "background",
        "input_fidelity",
        "model",
        "moderation",
        "output_compression",
        "output_format",
        "partial_images",
        "quality",
        "seed",
        "size",
    }
)
_PLAIN_FIELDS = _COMMON | {"type", "action", "input_image_mask"}
_PARAMETERS = _COMMON | {"aspect_ratio"}
_CUSTOM_FIELDS = frozenset({"type", "name", "description", "format"})

#: A job's field -> the tool's, where the two differ.
_SPELLING = {"mask": "input_image_mask", "images": "input"}


class HostedTool(msgspec.Struct, frozen=True, kw_only=True):
    """``job`` is complete but for what each call brings: the prompt and the references."""

    index: int
    type: str
    model: str
    action: str
    sees: bool
    job: providers.ImageJob

    def field(self, name: str) -> str:
        """The request's path of a job's field."""
        name = _SPELLING.get(name, name)
        if name == "input":
            return name
        return f"{_path(self.type, self.index)}{name}"


def _path(kind: str, index: int) -> str:
    return f"tools[{index}]." if kind == PLAIN else f"tools[{index}].parameters."


def hosted_tool(index: int, tool: dict[str, Any], catalog: providers.Catalog) -> HostedTool:
    """Check a tool of either type. Raises ``BadRequest`` or ``NotFound``."""
    kind = tool["type"]
    path = _path(kind, index)
    if kind == PLAIN:
        config = tool
        fields.only(config, _PLAIN_FIELDS, path)
    else:
        fields.only(tool, {"type", "parameters"}, f"tools[{index}].")
        config = fields.mapping(tool.get("parameters") or {}, f"tools[{index}].parameters")
        fields.only(config, _PARAMETERS, path)
    model = fields.text(config, "model", path) or catalog.default_image
    if model is None:
        raise fields.unsupported(f"tools[{index}]", "no image model is configured here")
    try:
        provider = catalog.image(model)
    except errors.NotFound as error:
        raise errors.NotFound(error.message, param=path + "model", code=error.code) from None
    hosted = HostedTool(
        index=index,
        type=kind,
        model=model,
        action=fields.choice(config, "action", ("auto", "edit", "generate"), path) or "auto",
        sees="image" in catalog.card(model).input_modalities,
        job=_job(model, config, path),
    )
    if not hosted.sees:
        for name in ("input_image_mask", "input_fidelity"):
            if config.get(name) is not None:
                raise fields.unsupported(path + name, f"{model} takes no pictures in")
        if hosted.action == "edit":
            raise fields.unsupported(path + "action", f"{model} takes no pictures in")
    try:
        provider.check(hosted.job)
    except errors.ProviderError as error:
        field = hosted.field(error.param) if error.param else f"tools[{index}]"
        raise fields.invalid(field, error.message) from None
    return hosted


def custom_tool(tool: dict[str, Any], path: str) -> None:
    """Check a custom tool's own fields. Raises ``BadRequest``."""
    fields.only(tool, _CUSTOM_FIELDS, path)
    fields.text(tool, "description", path)
    form = tool.get("format")
    if form is None:
        return
    path += "format"
    kind = fields.choice(fields.mapping(form, path), "type", ("grammar", "text"), path + ".")
    if kind is None:
        raise fields.invalid(f"{path}.type", "required", "missing_required_parameter")
    fields.only(
        form, {"type", "definition", "syntax"} if kind == "grammar" else {"type"}, path + "."
    )
    if kind == "grammar":
        for name in ("definition", "syntax"):
            if not fields.text(form, name, path + "."):
                raise fields.invalid(f"{path}.{name}", "required", "missing_required_parameter")
        fields.choice(form, "syntax", ("lark", "regex"), path + ".")


def _job(model: str, config: dict[str, Any], path: str) -> providers.ImageJob:
    size = fields.text(config, "size", path) or "auto"
    if size != "auto" and not _SIZE.fullmatch(size):
        raise fields.invalid(path + "size", f"{size!r} is neither 'auto' nor WIDTHxHEIGHT")
    ratio = fields.text(config, "aspect_ratio", path) or "auto"
    if ratio != "auto" and not _RATIO.fullmatch(ratio):
        raise fields.invalid(path + "aspect_ratio", f"{ratio!r} is neither 'auto' nor W:H")
    form = fields.choice(config, "output_format", ("png", "webp", "jpeg"), path) or "png"
    background = (
        fields.choice(config, "background", ("transparent", "opaque", "auto"), path) or "auto"
    )
    if form == "jpeg" and background == "transparent":
        raise fields.invalid(path + "background", "jpeg cannot be transparent; use png or webp")
    compression = fields.whole(config, "output_compression", 0, 100, path)
    return providers.ImageJob(
        model=model,
        prompt="",
        size=size,
        aspect_ratio=ratio,
        quality=fields.choice(config, "quality", ("low", "medium", "high", "auto"), path) or "auto",
        background=background,
        output_format=form,
        output_compression=100 if compression is None else compression,
        moderation=fields.choice(config, "moderation", ("auto", "low"), path) or "auto",
        partial_images=fields.whole(config, "partial_images", 0, 3, path) or 0,
        seed=fields.whole(config, "seed", 0, 2**63 - 1, path),
        input_fidelity=fields.choice(config, "input_fidelity", ("high", "low"), path),
        mask=_mask(config, path),
    )


def _mask(config: dict[str, Any], path: str) -> bytes | None:
    mask = config.get("input_image_mask")
    if mask is None:
        return None
    path += "input_image_mask"
    mask = fields.mapping(mask, path)
    fields.only(mask, {"file_id", "image_url"}, path + ".")
    if mask.get("file_id") is not None:
        raise fields.unsupported(f"{path}.file_id", "no files are kept here; use image_url")
    url = fields.text(mask, "image_url", path + ".")
    if url is None:
        raise fields.invalid(f"{path}.image_url", "required", "missing_required_parameter")
    return data_url(url, f"{path}.image_url")


def data_url(url: str, field: str) -> bytes:
    """The bytes of a ``data:`` URL's picture. Raises ``BadRequest``."""
    match = _DATA_URL.match(url, 0, 100)
    if match is None and _REMOTE.match(url):
        raise fields.unsupported(
            field,
            "pictures are not fetched here (fetch.policy is off): send a data: URL, or set policy "
            'to "allowlist" or "public" in the server\'s [fetch]',
        )
    if match is None:
        raise fields.unsupported(field, "only data:image/...;base64, URLs are read here")
    return base64(url[match.end() :], field)


def check_pixels(field: str, data: bytes, limit: int) -> None:
    """Raise ``BadRequest`` for a picture of more than ``limit`` pixels (``max_image_pixels``).

    What is none of the formats that can be measured is not decoded here either: who it is passed on
    to knows it, or refuses it.
    """
    seen = measure(data)
    if seen is not None and seen[0] * seen[1] > limit:
        raise fields.invalid(
            field,
            f"{seen[0]}x{seen[1]} pixels; the limit max_image_pixels is {limit}",
            "invalid_image",
        )


def base64(text: str, field: str) -> bytes:
    """The bytes of base64 text. Raises ``BadRequest``."""
    try:
        data = pybase64.b64decode(text, validate=True)
    except ValueError:
        raise fields.invalid(field, "not valid base64") from None
    if not data:
        raise fields.invalid(field, "the picture is empty")
    return data
