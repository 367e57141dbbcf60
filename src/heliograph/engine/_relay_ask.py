"""A request that an upstream may serve whole: what is asked of it before it is handed on."""

from __future__ import annotations

from typing import Any

import msgspec

from heliograph import errors, models, providers
from heliograph.engine import _ask
from heliograph.engine import _fields as fields
from heliograph.engine._ask import Ask, Choice, read_ask
from heliograph.engine._context import Context
from heliograph.engine._input import Input
from heliograph.engine._limits import Limits
from heliograph.engine._route import read_models, read_preferences
from heliograph.engine._seal import Seal
from heliograph.engine._tool import HOSTED

__all__ = ["read_either"]

#: Refusals that say only that nothing *here* can serve it.
_UNSERVED = frozenset({"unsupported_parameter", "unknown_parameter", "model_not_found"})


def read_either(
    body: dict[str, Any],
    request: models.ResponsesRequest,
    catalog: providers.Catalog,
    limits: Limits,
    context: Context | None = None,
    seal: Seal | None = None,
) -> Ask:
    """Check a request: what cannot be served here may still be served by an upstream, whole.

    ``Ask.relay`` says so. It is ``no`` for an image tool that names a model of ours: then the
    picture is made here. Raises ``BadRequest`` or ``NotFound``; ``param`` names the field.
    """
    try:
        ask = read_ask(body, catalog, limits, context, seal)
    except errors.APIError as error:
        if error.code not in _UNSERVED or not _relays(body, request, catalog):
            raise
        return _read_relayed(body, catalog, limits)
    if not _relays(body, request, catalog):
        return ask
    return msgspec.structs.replace(ask, relay="may")


def _relays(
    body: dict[str, Any], request: models.ResponsesRequest, catalog: providers.Catalog
) -> bool:
    """Whether a provider that may be asked serves all of it, and no tool says that we shall."""
    model = read_models(body, catalog)
    for tool in body.get("tools") or ():
        if isinstance(tool, dict) and tool.get("type") in HOSTED:
            told = tool.get("parameters") if tool["type"] not in tool else tool
            named = tool.get("model") or (told or {}).get("model")
            if any(card.id == named for card in catalog.cards()):
                return False
    provider = catalog.chat(model)
    relays = getattr(provider, "relays", None)
    return relays is not None and bool(relays(request))


def _read_relayed(body: dict[str, Any], catalog: providers.Catalog, limits: Limits) -> Ask:
    """A request that only an upstream can serve: what is ours is checked, and the sizes."""
    model = read_models(body, catalog)
    read_preferences(body, getattr(catalog.chat(model), "names", ()))
    _ask.check_values(body, limits)
    background, store = _ask.check_storing(body)
    tools = fields.sequence(body.get("tools") or [], "tools")
    given = body.get("input")
    if given is None:
        raise fields.invalid("input", "required", "missing_required_parameter")
    for name, value, limit in (
        ("tools", tools, limits.max_tools),
        ("input", given if isinstance(given, list) else [], limits.max_input_items),
    ):
        if len(value) > limit:
            raise fields.invalid(name, f"{len(value)} of them; the limit max_{name} is {limit}")
    _ask.check_echo_size(body, limits)
    return Ask(
        model=model,
        hosted=None,
        tools=tuple((f"tools[{i}]", tool) for i, tool in enumerate(tools)),
        choice=Choice(),
        input=Input(shown=(), made=(), pictures=()),
        max_tool_calls=limits.max_tool_calls,
        store=store,
        background=background,
        stream=fields.flag(body, "stream") or False,
        relay="must",
    )
