"""Query parameters and headers, checked by name."""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import Request

from heliograph import engine, errors

__all__ = ["Retrieve", "idempotency_key", "page"]

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

MAX_PAGE = 100
"""Items of one page at most; OpenAI's bound."""

MAX_KEY = 255
"""Characters of an ``Idempotency-Key`` at most."""

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
    if not -1 <= number < 2**63:
        raise errors.BadRequest(
            f"{name}: expected a sequence number, got {text!r}", param=name, code="invalid_value"
        )
    return number


def _check_includes(request: Request) -> None:
    query = request.query_params
    for name in (*query.getlist("include"), *query.getlist("include[]")):
        if name not in INCLUDES:
            raise errors.BadRequest(
                f"include: {name!r} is nothing that can be included",
                param="include",
                code="invalid_value",
            )


def page(request: Request) -> engine.Page:
    """Which page of a list is asked for. Raises ``BadRequest`` naming the parameter."""
    _check_includes(request)
    query = request.query_params
    limit = query.get("limit", "20")
    short = len(limit) < 10 and limit.isascii() and limit.isdecimal()
    if not (short and 1 <= int(limit) <= MAX_PAGE):
        raise errors.BadRequest(
            f"limit: expected a number from 1 to {MAX_PAGE}, got {limit!r}",
            param="limit",
            code="invalid_value",
        )
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise errors.BadRequest(
            f"order: {order!r} is neither asc nor desc", param="order", code="invalid_value"
        )
    return engine.Page(
        limit=int(limit),
        descending=order == "desc",
        after=query.get("after"),
        before=query.get("before"),
    )


def idempotency_key(request: Request) -> str | None:
    """The request's key. Raises ``BadRequest`` for one that is empty or too long."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= MAX_KEY:
        raise errors.BadRequest(
            f"Idempotency-Key: expected 1 to {MAX_KEY} characters, got {len(key)}",
            param="Idempotency-Key",
            code="invalid_value",
        )
    return key


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
        _check_includes(request)
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
