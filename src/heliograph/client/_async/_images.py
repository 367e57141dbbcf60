# ruff: noqa: ASYNC109 - the timeout is the transport's, and the twins agree
"""``client.images``: the Images APIs, OpenAI's and OpenRouter's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from msgspec import UNSET

from heliograph import models
from heliograph.client import _core
from heliograph.client._async._images_stream import AsyncImageStream
from heliograph.client._async._pieces import pieces
from heliograph.client._core import EditParams, ImageParams
from heliograph.client._files import PictureInput, read_files
from heliograph.client._transport import Call, Wait
from heliograph.pictures import Picture

if TYPE_CHECKING:
    from heliograph.client._async._client import AsyncHeliograph


class AsyncImages:
    """``client.images``.

    Nothing is stored by the server, so nothing is resumed; a call that may have been served is not
    sent again unless `Retries` says ``repeat="always"``.
    """

    def __init__(self, client: AsyncHeliograph) -> None:
        self._client = client

    @overload
    async def generate(
        self,
        prompt: str,
        *,
        stream: Literal[False] = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ImageParams],
    ) -> models.ImagesResponse | models.ImageGenerationResponse: ...

    @overload
    async def generate(
        self,
        prompt: str,
        *,
        stream: Literal[True],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ImageParams],
    ) -> AsyncImageStream: ...

    async def generate(
        self,
        prompt: str,
        *,
        stream: bool = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ImageParams],
    ) -> models.ImagesResponse | models.ImageGenerationResponse | AsyncImageStream:
        """Pictures from a prompt: whole, or with ``stream=True`` as they are made.

        ``.images`` of the answer are the pictures. A stream must be read to its end or closed.
        Raises `APIError` and its children, `TransportError`, `InvalidBody`, and `UsageError` for a
        field it does not know.
        """
        call = _core.generate_call(
            self._client._config,
            prompt,
            params,
            stream=stream,
            extra_body=extra_body,
            extra_headers=extra_headers,
            timeout=timeout,
        )
        return await self._send(call, stream, _core.wanted(params, extra_body))

    @overload
    async def edit(
        self,
        image: PictureInput | Sequence[PictureInput],
        prompt: str,
        *,
        mask: PictureInput | None = None,
        stream: Literal[False] = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[EditParams],
    ) -> models.ImagesResponse | models.ImageGenerationResponse: ...

    @overload
    async def edit(
        self,
        image: PictureInput | Sequence[PictureInput],
        prompt: str,
        *,
        mask: PictureInput | None = None,
        stream: Literal[True],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[EditParams],
    ) -> AsyncImageStream: ...

    async def edit(
        self,
        image: PictureInput | Sequence[PictureInput],
        prompt: str,
        *,
        mask: PictureInput | None = None,
        stream: bool = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[EditParams],
    ) -> models.ImagesResponse | models.ImageGenerationResponse | AsyncImageStream:
        """Pictures from pictures, one or a list: bytes, paths, open files or `Picture` objects.

        The transparent parts of ``mask`` say where to draw (OpenAI's API only). Otherwise as
        ``generate``; `UsageError` also for what is no picture, and `OSError`.
        """
        files, mask_file = await asyncio.to_thread(read_files, image, mask)
        call = _core.edit_call(
            self._client._config,
            files,
            prompt,
            mask_file,
            params,
            stream=stream,
            extra_body=extra_body,
            extra_headers=extra_headers,
            timeout=timeout,
        )
        return await self._send(call, stream, _core.wanted(params, extra_body))

    async def fetch(self, picture: Picture | str, *, timeout: Wait = UNSET) -> Picture:
        """The picture that a server named by its address, fetched now.

        Goes without the key and the client's headers. Raises `TransportError`, `APIError`, and
        `PictureError` past the client's ``max_frame`` bytes.
        """
        if isinstance(picture, Picture) and picture.url is None:
            return picture
        client = self._client
        url = picture if isinstance(picture, str) else picture.url or ""
        call = _core.fetch_call(client._config, url, timeout=timeout)
        server = copy(client._server)  # whoever has the picture is no word about ours
        tries = _core.Tries(client._config.retries, server, call, repeatable=True)
        reply = await client._connect(tries)
        fetched = _core.Fetched(picture, client._config.max_frame)
        try:
            async for piece in pieces(reply, tries):
                fetched.take(piece)
        finally:
            await reply.close()
        return fetched.picture

    async def _send(
        self, call: Call, stream: bool, wanted: int
    ) -> models.ImagesResponse | models.ImageGenerationResponse | AsyncImageStream:
        client = self._client
        openrouter = client._config.openrouter_images
        if not stream:
            return _core.images_from(openrouter, *(await client._ask(call, made=False)))
        tries = _core.Tries(client._config.retries, client._server, call, repeatable=False)
        reply = await client._connect(tries)
        assembly = _core.ImageAssembly(
            reply.headers,
            max_frame=client._config.max_frame,
            wanted=wanted,
            openrouter=openrouter,
        )
        return AsyncImageStream(reply, tries, assembly)
