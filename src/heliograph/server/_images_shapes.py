"""What each Images API puts around a picture.

A document is written as JSON with a hole: the base64 is made as it is sent. Both APIs name some of
the events, and differ in what these must hold: what is sent holds all of it. Facts: the ``openai``
package's ``ImagesResponse``, ``ImageGen...Event`` and ``ImageEdit...Event``; OpenRouter's schemas
``ImageGenerationResponse`` and ``ImageStreamingResponse``.
"""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from heliograph import engine, providers

__all__ = ["OPENAI", "OPENAI_EDIT", "OPENROUTER", "Dialect"]


class Dialect(ABC):
    """One API's way of saying it; ``kind`` begins the types of its events.

    ``HOLE`` stands where a picture's base64 goes: a secret of this process, so that no text of a
    user's or a model's can be taken for one.
    """

    HOLE = f"picture {secrets.token_hex(16)}"

    def __init__(self, kind: str) -> None:
        self._kind = kind

    @abstractmethod
    def whole(self, ask: engine.ImageAsk, pictures: Sequence[providers.Picture]) -> dict[str, Any]:
        """The answer that is no stream, a hole for each picture, in order."""

    def preview(self, ask: engine.ImageAsk, preview: providers.Preview) -> dict[str, Any]:
        """The event of a preview."""
        job = ask.job
        return {
            "type": f"{self._kind}.partial_image",
            "b64_json": self.HOLE,
            "partial_image_index": preview.index,
            "background": job.background,
            "created_at": int(time.time()),
            "output_format": job.output_format,
            "quality": job.quality,
            "size": job.size,
        }

    def completed(self, ask: engine.ImageAsk, picture: providers.Picture) -> dict[str, Any]:
        """The event of a picture."""
        now = int(time.time())
        said = {
            "type": f"{self._kind}.completed",
            "b64_json": self.HOLE,
            "background": picture.background,
            "created": now,
            "created_at": now,
            "media_type": f"image/{picture.output_format}",
            "output_format": picture.output_format,
            "quality": picture.quality,
            "size": picture.size,
            "usage": _usage([picture]),
        }
        if ask.safety_identifier:
            said["safety_identifier"] = ask.safety_identifier
        return said


class _OpenAI(Dialect):
    def whole(self, ask: engine.ImageAsk, pictures: Sequence[providers.Picture]) -> dict[str, Any]:
        first = pictures[0]
        said: dict[str, Any] = {"created": int(time.time())}
        if first.background != "auto":
            said["background"] = first.background
        said |= {"output_format": first.output_format, "size": first.size}
        if first.quality != "auto":
            said["quality"] = first.quality
        if ask.safety_identifier:
            said["safety_identifier"] = ask.safety_identifier
        entries: list[dict[str, Any]] = []
        for picture in pictures:
            entry: dict[str, Any] = {"b64_json": self.HOLE}
            if picture.revised_prompt is not None:
                entry["revised_prompt"] = picture.revised_prompt
            entries.append(entry)
        return {**said, "data": entries, "usage": _usage(pictures)}


class _OpenRouter(Dialect):
    def whole(self, ask: engine.ImageAsk, pictures: Sequence[providers.Picture]) -> dict[str, Any]:
        entries = [
            {"b64_json": self.HOLE, "media_type": f"image/{picture.output_format}"}
            for picture in pictures
        ]
        return {"created": int(time.time()), "data": entries, "usage": _usage(pictures)}


def _usage(pictures: Sequence[providers.Picture]) -> dict[str, Any]:
    """Tokens of all in both APIs' words, zeros where none is known: clients die of null."""
    used = [p.usage for p in pictures if p.usage is not None]
    costs = [usage.cost for usage in used if usage.cost is not None]
    tokens_in = sum(usage.input_tokens for usage in used)
    tokens_out = sum(usage.output_tokens for usage in used)
    return {
        "input_tokens": tokens_in,
        "input_tokens_details": {
            "image_tokens": sum(usage.input_image_tokens for usage in used),
            "text_tokens": sum(usage.input_text_tokens for usage in used),
        },
        "output_tokens": tokens_out,
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": sum(usage.total_tokens for usage in used),
        **({"cost": sum(costs)} if costs else {}),
    }


OPENAI = _OpenAI("image_generation")
OPENAI_EDIT = _OpenAI("image_edit")
OPENROUTER = _OpenRouter("image_generation")
