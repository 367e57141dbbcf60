"""Query parameters and headers of ``GET /responses/{id}``, checked by name."""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import Request

from heliograph import errors

__all__ = ["Retrieve"]

INCLUDES = frozenset(
    {
        "code_interpreter_call.outputs",
        "computer_call_output.output.image_url",
        "file_search_call.results",
        "message.input_image.image_url",
        "message.output_text.logprobs",
        "reasoning.encrypted_content",
        "web_search_call.action.sources",
        "web_search_call.results",
    }
)
"""What OpenAI's API names for ``include``. A response is stored with all that it has, so each is
met already; a name that is not here would be dropped in silence, and is refused."""

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _boolean(request: Request, name: str) -> bool:
    text = request.query_params.get(name)
    if text is None:
        return False
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise errors.BadRequest(
            f"{name}: expected true or false, got {text!r}", param=name, code="invalid_value"
        ) from None


def _sequence(text: str, name: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -2
    if number < -1:
        raise errors.BadRequest(
            f"{name}: expected a sequence number, got {text!r}", param=name, code="invalid_value"
        )
    return number


class Retrieve(NamedTuple):
    """``after`` is the sequence number that the client has already, -1 for none."""

    stream: bool
    after: int

    @classmethod
    def of(cls, request: Request) -> Retrieve:
        """Raises ``BadRequest`` naming the parameter.

        A ``Last-Event-ID`` is newer than the query of the URL that the client reconnects to.
        """
        stream = _boolean(request, "stream")
        if _boolean(request, "include_obfuscation"):
            raise errors.BadRequest(
                "include_obfuscation: this server pads no events",
                param="include_obfuscation",
                code="unsupported_value",
            )
        query = request.query_params
        for name in (*query.getlist("include"), *query.getlist("include[]")):
            if name not in INCLUDES:
                raise errors.BadRequest(
                    f"include: {name!r} is nothing that can be included",
                    param="include",
                    code="invalid_value",
                )
        after = -1
        text = request.query_params.get("starting_after")
        if text is not None:
            if not stream:
                raise errors.BadRequest(
                    "starting_after goes with stream=true",
                    param="starting_after",
                    code="invalid_value",
                )
            after = _sequence(text, "starting_after")
        seen = request.headers.get("last-event-id")
        if stream and seen:
            after = _sequence(seen, "Last-Event-ID")
        return cls(stream, after)
