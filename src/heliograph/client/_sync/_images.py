"""``client.images``: the Images APIs, OpenAI's and OpenRouter's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from msgspec import UNSET

from heliograph import models
from heliograph.client import _core
from heliograph.client._core import EditParams, ImageParams
from heliograph.client._files import PictureInput, read_files
from heliograph.client._sync._images_stream import ImageStream
from heliograph.client._sync._pieces import pieces
from heliograph.client._transport import Call, Wait
from heliograph.pictures import Picture

if TYPE_CHECKING:
    from heliograph.client._sync._client import Heliograph


class Images:
    """``client.images``.

    Nothing is stored by the server, so nothing is resumed; a call that may have been served is not
    sent again unless `Retries` says ``repeat="always"``.
    """

    def __init__(self, client: Heliograph) -> None:
        self._client = client

    @overload
    def generate(
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
    def generate(
        self,
        prompt: str,
        *,
        stream: Literal[True],
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ImageParams],
    ) -> ImageStream: ...

    def generate(
        self,
        prompt: str,
        *,
        stream: bool = False,
        extra_body: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: Wait = UNSET,
        **params: Unpack[ImageParams],
    ) -> models.ImagesResponse | models.ImageGenerationResponse | ImageStream:
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
        return self._send(call, stream, _core.wanted(params, extra_body))

    @overload
    def edit(
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
    def edit(
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
    ) -> ImageStream: ...

    def edit(
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
    ) -> models.ImagesResponse | models.ImageGenerationResponse | ImageStream:
        """Pictures from pictures, one or a list: bytes, paths, open files or `Picture` objects.

        The transparent parts of ``mask`` say where to draw (OpenAI's API only). Otherwise as
        ``generate``; `UsageError` also for what is no picture, and `OSError`.
        """
        files, mask_file = read_files(image, mask)
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
        return self._send(call, stream, _core.wanted(params, extra_body))

    def fetch(self, picture: Picture | str, *, timeout: Wait = UNSET) -> Picture:
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
        reply = client._connect(tries)
        fetched = _core.Fetched(picture, client._config.max_frame)
        try:
            for piece in pieces(reply, tries):
                fetched.take(piece)
        finally:
            reply.close()
        return fetched.picture

    def _send(
        self, call: Call, stream: bool, wanted: int
    ) -> models.ImagesResponse | models.ImageGenerationResponse | ImageStream:
        client = self._client
        openrouter = client._config.openrouter_images
        if not stream:
            return _core.images_from(openrouter, *(client._ask(call, made=False)))
        tries = _core.Tries(client._config.retries, client._server, call, repeatable=False)
        reply = client._connect(tries)
        assembly = _core.ImageAssembly(
            reply.headers,
            max_frame=client._config.max_frame,
            wanted=wanted,
            openrouter=openrouter,
        )
        return ImageStream(reply, tries, assembly)
