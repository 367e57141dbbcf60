"""``client.models``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import UNSET

from heliograph.client import _core
from heliograph.client._transport import Wait

if TYPE_CHECKING:
    from heliograph.client._sync._client import Heliograph


class Models:
    """``client.models``."""

    def __init__(self, client: Heliograph) -> None:
        self._client = client

    def list(
        self,
        *,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
    ) -> Sequence[_core.ModelInfo]:
        """The models that the server offers to this key."""
        call = _core.models_call(self._client._config, extra_headers=extra_headers, timeout=timeout)
        _, _, body = self._client._ask(call)
        return _core.model_list(body)
