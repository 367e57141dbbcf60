# ruff: noqa: ASYNC109 - the timeout is the transport's, and the twins agree
"""``draw``: one picture from a prompt."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import TYPE_CHECKING

from heliograph.client import _core
from heliograph.client._core import DrawParams
from heliograph.client._transport import Wait
from heliograph.pictures import Picture

if TYPE_CHECKING:
    from heliograph.client._async._client import AsyncHeliograph


async def drawn(
    client: AsyncHeliograph,
    prompt: str,
    params: DrawParams,
    on_frame: Callable[[Picture], object] | None,
    timeout: Wait,
) -> Picture:
    """Stream one response and take its picture."""
    request = _core.draw_request(client._config, prompt, params, watched=on_frame is not None)
    async with client.responses.stream(**request, timeout=timeout) as stream:
        async for picture in stream.images():
            if on_frame is not None:
                seen = on_frame(picture)
                if isawaitable(seen):
                    await seen

        return _core.picture_from(await stream.get_final_response())
