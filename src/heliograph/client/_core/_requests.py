"""Calls: what is sent for each method of the client."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from heliograph import errors, models
from heliograph._version import __version__
from heliograph.client._core._config import Config, merged
from heliograph.client._core._functions import CallableTool
from heliograph.client._core._params import NAMES
from heliograph.client._transport import Call, Timeout, Wait

_JSON = {"accept": "application/json"}
# Compressed events would wait in the compressor, and cost time on both sides.
_EVENTS = {
    "accept": "text/event-stream",
    "accept-encoding": "identity",
    "cache-control": "no-store",
}


def create_call(
    config: Config,
    params: Mapping[str, Any],
    *,
    stream: bool,
    extra_body: Mapping[str, Any] | None,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Call:
    """``POST /responses``. Raises `UsageError` for an unknown field outside ``extra_body``."""
    config.require("create", params)
    first = {"stream": True} if stream else {}
    data = create_body(params, extra_body, **first)
    return post_call(
        config, "/responses", data, stream=stream, extra_headers=extra_headers, timeout=timeout
    )


def create_body(
    params: Mapping[str, Any], extra_body: Mapping[str, Any] | None, **more: Any
) -> bytes:
    """The JSON of ``POST /responses``, ``more`` in it. Raises `UsageError`."""
    return json_body(params, NAMES, extra_body, **more)


def json_body(
    params: Mapping[str, Any],
    known: Collection[str],
    extra_body: Mapping[str, Any] | None,
    **more: Any,
) -> bytes:
    """A request as JSON, ``more`` in it. Raises `UsageError` for a field that is not ``known``."""
    refuse_unknown(params, known)
    body = {name: _wire(value) for name, value in params.items()} | more
    for name, value in (extra_body or {}).items():
        body[name] = _wire(value)
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise errors.UsageError(f"the request cannot be written as JSON: {error}") from error


def refuse_unknown(params: Mapping[str, Any], known: Collection[str]) -> None:
    """Raises `UsageError` for a field that nobody knows."""
    for name in params:
        if name not in known:
            raise errors.UsageError(f"{name}: not a known field; send it with extra_body")


def post_call(
    config: Config,
    path: str,
    body: bytes,
    *,
    stream: bool,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
    content_type: str = "application/json",
) -> Call:
    """A POST that makes something, under an ``Idempotency-Key`` of its own."""
    more = {"content-type": content_type, "idempotency-key": os.urandom(16).hex()}
    own = merged(_EVENTS if stream else _JSON, more)
    return _call(config, "POST", path, own, extra_headers, timeout, body)


def socket_headers(config: Config, extra: Mapping[str, str] | None) -> dict[str, str]:
    """What a WebSocket's handshake says beside its own."""
    return merged(config.headers, extra)


def is_stored(params: Mapping[str, Any], extra_body: Mapping[str, Any] | None) -> bool:
    """Whether the request lets the server keep the response."""
    return {**params, **(extra_body or {})}.get("store") is not False


def retrieve_call(
    config: Config,
    response_id: str,
    *,
    stream: bool,
    starting_after: int | None,
    include: Sequence[str] | None,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Call:
    """``GET /responses/{id}``, whole or as a stream from after a sequence number."""
    config.require("retrieve")
    if starting_after is not None and not stream:
        raise errors.UsageError("starting_after: only with stream=True")
    query: list[tuple[str, str]] = [("include[]", name) for name in include or ()]
    if stream:
        query.append(("stream", "true"))
    if starting_after is not None:
        query.append(("starting_after", str(starting_after)))
    path = _response_path(response_id) + (f"?{urlencode(query)}" if query else "")
    own = _EVENTS if stream else _JSON
    return _call(config, "GET", path, own, extra_headers, timeout)


def delete_call(
    config: Config,
    response_id: str,
    *,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Call:
    """``DELETE /responses/{id}``."""
    config.require("delete")
    return _call(config, "DELETE", _response_path(response_id), _JSON, extra_headers, timeout)


def cancel_call(
    config: Config,
    response_id: str,
    *,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Call:
    """``POST /responses/{id}/cancel``."""
    config.require("cancel")
    path = f"{_response_path(response_id)}/cancel"
    return _call(config, "POST", path, _JSON, extra_headers, timeout)


def input_items_call(
    config: Config,
    response_id: str,
    *,
    limit: int | None,
    order: str | None,
    after: str | None,
    include: Sequence[str] | None,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Call:
    """``GET /responses/{id}/input_items``."""
    config.require("input_items")
    query: list[tuple[str, str]] = [("include[]", name) for name in include or ()]
    for name, value in (("limit", limit), ("order", order), ("after", after)):
        if value is not None:
            query.append((name, str(value)))
    path = f"{_response_path(response_id)}/input_items" + (f"?{urlencode(query)}" if query else "")
    return _call(config, "GET", path, _JSON, extra_headers, timeout)


def models_call(
    config: Config,
    *,
    extra_headers: Mapping[str, str] | None,
    timeout: Wait,
) -> Call:
    """``GET /models``."""
    return _call(config, "GET", "/models", _JSON, extra_headers, timeout)


def fetch_call(config: Config, url: str, *, timeout: Wait) -> Call:
    """A picture from wherever it is: without the key, and without the caller's own headers."""
    if not url.lower().startswith(("http://", "https://")):
        raise errors.UsageError(f"url: {url!r} is no http or https URL")
    return Call(
        method="GET",
        url=url,
        headers={"accept": "image/*", "user-agent": f"heliograph/{__version__}"},
        timeout=_wait(config, timeout),
    )


def _wait(config: Config, timeout: Wait) -> Timeout:
    return config.timeout if isinstance(timeout, msgspec.UnsetType) else Timeout.of(timeout)


def _call(
    config: Config,
    method: str,
    path: str,
    own: Mapping[str, str],
    extra: Mapping[str, str] | None,
    timeout: Wait,
    body: bytes | None = None,
) -> Call:
    return Call(
        method=method,
        url=config.base_url + path,
        headers=merged(merged(own, config.headers), extra),
        timeout=_wait(config, timeout),
        body=body,
    )


def _response_path(response_id: str) -> str:
    if not response_id:
        raise errors.UsageError("response_id: empty")
    return f"/responses/{quote(response_id, safe='')}"


def _wire(value: Any) -> Any:
    """``value`` with each model in it as the JSON that `models.encode` keeps for it."""
    if isinstance(value, CallableTool):
        value = value.definition
    if isinstance(value, models.Model | models.Unknown):
        return msgspec.Raw(models.encode(value))
    if isinstance(value, Mapping):
        return {name: _wire(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_wire(member) for member in value]
    return value
