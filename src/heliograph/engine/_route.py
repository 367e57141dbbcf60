"""What a request says of who shall answer: ``model``, ``models``, ``provider`` and ``route``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heliograph import errors, providers
from heliograph.engine import _fields as fields

__all__ = ["read_models", "read_preferences"]

Json = dict[str, Any]

_SERVED = ("order", "only", "ignore", "allow_fallbacks")

#: Preferences that are served by being true of every provider here, or of none: the values that
#: change nothing, and why another cannot be served.
_IDLE: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "data_collection": (("allow",), "what upstreams keep is not known here"),
    "enforce_distillable_text": ((False,), "licences of answers are not known here"),
    "require_parameters": (
        (True, False),
        "a provider is asked only for what it can serve, in any case",
    ),
    "zdr": ((False,), "what upstreams keep is not known here"),
    "max_price": ((), "prices are not known here"),
    "options": ((), "a provider's own settings are in the configuration"),
    "preferred_max_latency": ((), "latencies are not compared here; name an order"),
    "preferred_min_throughput": ((), "throughputs are not compared here; name an order"),
    "quantizations": ((), "quantizations are not known here"),
    "sort": ((), "providers are not compared here; name an order"),
}


def read_models(body: Json, catalog: providers.Catalog) -> str:
    """The first model to ask; the others of ``models`` are checked. Raises ``BadRequest``."""
    model = fields.text(body, "model")
    given = fields.sequence(body.get("models") or [], "models")
    if len(given) > MAX_MODELS:
        raise fields.invalid("models", f"{len(given)} models; the limit MAX_MODELS is {MAX_MODELS}")
    for index, name in enumerate(given):
        if not isinstance(name, str) or not name:
            raise fields.invalid(f"models[{index}]", "must be the id of a model", "invalid_type")
    if not model:
        if not given:
            raise fields.invalid("model", "required", "missing_required_parameter")
        model = given[0]
    _chats(model, "model" if body.get("model") else "models[0]", catalog)
    first = catalog.chat(model)
    for index, name in enumerate(given):
        _chats(name, f"models[{index}]", catalog)
        if catalog.chat(name) is not first:
            raise fields.unsupported(
                f"models[{index}]", f"{name} is not on the same route as {model}"
            )
    if fields.choice(body, "route", ("fallback", "sort")) == "sort":
        raise fields.unsupported("route", "models are tried in the order given")
    return model


MAX_MODELS = 32
"""Models that one request may name to fall back on."""


def _chats(model: str, field: str, catalog: providers.Catalog) -> None:
    try:
        catalog.chat(model)
    except errors.NotFound as error:
        if any(card.id == model for card in catalog.cards()):
            raise fields.invalid(
                field,
                f"{model} makes pictures and does not chat; name it in the image tool's model",
            ) from None
        raise errors.NotFound(error.message, param=field, code=error.code) from None


def read_preferences(body: Json, names: tuple[str, ...]) -> providers.Preferences | None:
    """The request's ``provider``, over providers of these names. Raises ``BadRequest``."""
    given = body.get("provider")
    if given is None:
        return None
    told = fields.mapping(given, "provider")
    fields.only(told, {*_SERVED, *_IDLE}, "provider.")
    for name, (idle, why) in _IDLE.items():
        value = told.get(name)
        if value not in (None, [], {}) and not any(value is one or value == one for one in idle):
            raise fields.unsupported(f"provider.{name}", why)
    lists = {name: _names(told, name, names) for name in ("order", "only", "ignore")}
    allow = fields.flag(told, "allow_fallbacks", "provider.")
    return providers.Preferences(**lists, allow_fallbacks=allow is not False)


def _names(told: Json, key: str, names: tuple[str, ...]) -> tuple[str, ...]:
    given = fields.sequence(told.get(key) or [], f"provider.{key}")
    for index, name in enumerate(given):
        if name not in names:
            known = ", ".join(names) or "none can be chosen"
            field = f"provider.{key}[{index}]"
            raise fields.invalid(field, f"no provider is called {name!r} here; there are: {known}")
    return tuple(given)
