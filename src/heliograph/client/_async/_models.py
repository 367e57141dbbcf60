# ruff: noqa: ASYNC109 - the timeout is the transport's, and the twins agree
"""``client.models``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import UNSET

from heliograph.client import _core
from heliograph.client._transport import Wait

if TYPE_CHECKING:
    from heliograph.client._async._client import AsyncHeliograph


class AsyncModels:
    """``client.models``."""

    def __init__(self, client: AsyncHeliograph) -> None:
        self._client = client

    async def list(
        self,
        *,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> Sequence[_core.ModelInfo]:
        """The models that the server offers to this key."""
        call = _core.models_call(self._client._config, extra_headers=extra_headers, timeout=timeout)
        _, _, body = await self._client._ask(call)
        return _core.model_list(body)
