"""HTTP as both ends of this package speak it: httpx2's transports, faster on streams.

``DirectTransport`` and ``AsyncDirectTransport`` are given to an ``httpx2.Client`` or
``httpx2.AsyncClient``. The names load on first use, so that a synchronous program does not import
asyncio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.request import getproxies

if TYPE_CHECKING:
    from heliograph.http._direct import DirectTransport
    from heliograph.http._direct_async import BODY, AsyncDirectTransport

__all__ = ["BODY", "AsyncDirectTransport", "DirectTransport", "Patient", "proxied"]

_MODULE_OF = {
    "BODY": "_direct_async",
    "AsyncDirectTransport": "_direct_async",
    "DirectTransport": "_direct",
}


@runtime_checkable
class Patient(Protocol):
    """A connection (``extensions["network_stream"]`` of an answer) whose patience can be changed
    while it is read: ``patience`` is the longest silence in seconds, None for the request's own.
    """

    patience: float | None


def proxied() -> bool:
    """Whether the environment names a proxy; httpx2's own transports know what to do then."""
    return not getproxies().keys().isdisjoint(("http", "https", "all"))


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
