"""``draw``: what is asked for, and the picture or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypedDict

from heliograph import errors, models
from heliograph.client._core._config import Config
from heliograph.client._core._params import ResponseParams
from heliograph.client._core._requests import refuse_unknown
from heliograph.pictures import Picture

_OURS = "heliograph/direct"
_PREVIEWS = 3  # where somebody looks on: as many as there may be
_SAID = 500  # characters of the model's words in a message


class DrawParams(TypedDict, total=False):
    """How to draw. What is left out is the server's choice.

    ``model`` is who reads the prompt: Heliograph's own ``heliograph/direct``, which passes it on as
    it is, unless another is named. ``image_model`` is who draws. ``size`` is ``WIDTHxHEIGHT`` in
    pixels or ``"auto"``. ``partial_images`` is how many early stages ``on_frame`` sees, 0 to 3.
    ``seed`` is known to Heliograph's own server.
    """

    model: str
    image_model: str
    size: str
    quality: Literal["auto", "low", "medium", "high"] | str
    background: Literal["auto", "transparent", "opaque"] | str
    output_format: Literal["png", "jpeg", "webp"] | str
    output_compression: int
    partial_images: int
    seed: int


_NAMES = frozenset(DrawParams.__annotations__)


def draw_request(
    config: Config, prompt: str, params: Mapping[str, Any], *, watched: bool
) -> ResponseParams:
    """The request for one picture; ``watched`` asks for early stages as well.

    Raises `UsageError` for an unknown field, and for no ``model`` where ours cannot be.
    """
    refuse_unknown(params, _NAMES)
    if "model" not in params and not config.direct:
        raise errors.UsageError(f"model: name one; {config.dialect.service} has no {_OURS}")
    tool: dict[str, Any] = {"type": "image_generation"}
    if watched:
        tool["partial_images"] = _PREVIEWS
    tool |= {name: value for name, value in params.items() if name != "model"}
    if "image_model" in tool:
        tool["model"] = tool.pop("image_model")
    return {
        "model": params.get("model", _OURS),
        "input": prompt,
        "tools": [tool],
        "tool_choice": {"type": "image_generation"},
    }


def picture_from(response: models.OpenResponsesResult) -> Picture:
    """The response's last finished picture. Raises `NoPicture`, which says why there is none."""
    made = response.images
    if made:
        return made[-1]
    why = "; ".join(_reasons(response))
    raise errors.NoPicture(
        f"the response is {response.status} and holds no picture{'; ' if why else ''}{why}",
        response,
    )


def _reasons(response: models.OpenResponsesResult) -> Iterator[str]:
    if response.error:
        yield f"{response.error.code}: {response.error.message}"
    if response.incomplete_details:
        yield f"it ended early: {response.incomplete_details.reason}"
    for item in response.output:
        error = getattr(item, "error", None)
        if error:
            yield f"{item.type} failed: {getattr(error, 'message', error)}"
        if isinstance(item, models.OutputMessageItem):
            for part in item.content:
                if isinstance(part, models.OpenAIResponsesRefusalContent):
                    yield f"the model refused: {part.refusal[:_SAID]}"
                elif isinstance(part, models.ResponseOutputText) and part.text:
                    yield f"the model said: {part.text[:_SAID]}"
