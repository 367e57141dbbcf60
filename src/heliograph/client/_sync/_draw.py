"""``draw``: one picture from a prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Unpack

from msgspec import UNSET

from heliograph.client import _core
from heliograph.client._core import DrawParams
from heliograph.client._transport import Wait
from heliograph.pictures import Picture

if TYPE_CHECKING:
    from heliograph.client._sync._client import Heliograph


def drawn(
    client: Heliograph,
    prompt: str,
    params: DrawParams,
    on_frame: Callable[[Picture], object] | None,
    timeout: Wait,
) -> Picture:
    """Stream one response and take its picture."""
    request = _core.draw_request(client._config, prompt, params, watched=on_frame is not None)
    with client.responses.stream(**request, timeout=timeout) as stream:
        for picture in stream.images():
            if on_frame is not None:
                on_frame(picture)

        return _core.picture_from(stream.get_final_response())


def draw(
    prompt: str,
    *,
    on_frame: Callable[[Picture], object] | None = None,
    timeout: Wait = UNSET,
    **params: Unpack[DrawParams],
) -> Picture:
    """One picture from a prompt, by the server that the environment names.

    As `Heliograph.draw` of a client without arguments.
    """
    from heliograph.client._sync._client import Heliograph

    with Heliograph() as client:
        return client.draw(prompt, on_frame=on_frame, timeout=timeout, **params)
