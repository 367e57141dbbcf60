"""What a chat model is told about pictures: those it asked for and those it cannot see."""

from __future__ import annotations

from msgspec import UNSET

from heliograph import errors, models
from heliograph.pictures import data_url
from heliograph.providers._base import ChatTurn

__all__ = ["UNSEEN", "ImageItem", "has_pictures", "note", "picture_url", "prompt_of"]

ImageItem = models.OutputImageGenerationCallItem | models.OutputImageGenerationServerToolItem

UNSEEN = "[A picture is attached. You cannot see it; the image tool can work on it.]"


#: What has no picture; OpenAI has sent finished ones that still said ``generating``.
_UNMADE = ("failed", "incomplete")


def has_pictures(turn: ChatTurn) -> bool:
    """Whether the conversation holds a picture that could be edited."""
    for item in turn.input:
        if isinstance(item, ImageItem) and item.status not in _UNMADE:
            return True
        content = getattr(item, "content", None) or getattr(item, "output", None)
        if isinstance(content, list) and any(isinstance(p, models.InputImage) for p in content):
            return True
    return False


def prompt_of(item: ImageItem) -> str:
    """What the picture was asked to show, as far as the item says it."""
    for name in ("prompt", "revised_prompt"):
        value = getattr(item, name, UNSET)
        if isinstance(value, str) and value:
            return value
    return ""


def note(item: ImageItem) -> str:
    """The image tool's answer to the model, in words."""
    if item.status in _UNMADE:
        error = item.error
        why = getattr(error, "message", error)
        reason = f" {why}" if isinstance(why, str) else ""
        return f"The picture could not be made.{reason}"
    details = [
        f"{name.replace('_', ' ')}: {value}"
        for name in ("size", "output_format", "revised_prompt")
        if isinstance(value := getattr(item, name, None), str) and value
    ]
    told = f" ({'; '.join(details)})" if details else ""
    name = "" if item.id is UNSET else f" {item.id}"
    return f"The picture{name} was made, and the user sees it{told}. Do not repeat it as text."


async def picture_url(turn: ChatTurn, item: ImageItem) -> str | None:
    """A finished picture as a data URL; None where the item has none.

    Raises ``ProviderError`` where the item holds something else.
    """
    if item.status in _UNMADE:
        return None
    for key in ("result", "image_b64", "image_url"):
        result = getattr(item, key, None)
        if isinstance(result, str) and result:
            break
    if isinstance(result, str) and result.startswith("data:"):
        return result
    try:
        if isinstance(result, str) and result:
            return data_url(item.image_bytes())
    except errors.PictureError as error:
        raise errors.ProviderError(
            f"input: {item.id}: {error}", kind="bad_request", param="input"
        ) from None
    if turn.picture is None or item.id is UNSET:
        return None
    try:
        return data_url(await turn.picture(item.id))
    except errors.JournalError:
        return None
