"""The paths of the Images APIs: OpenAI's generations and edits, OpenRouter's images.

A handler reads and checks a request and gives an answer that draws while it is written: nothing is
stored, and a client that leaves ends the work.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp

from heliograph import engine, errors
from heliograph.server._answers import Json
from heliograph.server._body import bounded, read_body
from heliograph.server._images_answers import Drawing
from heliograph.server._images_cards import endpoints, image_models
from heliograph.server._images_shapes import OPENAI, OPENAI_EDIT, OPENROUTER, Dialect
from heliograph.server._runtime import Runtime

__all__ = ["Images"]

_FORM_FIELDS = 64
_WHOLE = ("n", "output_compression", "partial_images", "seed")
_FLAGS = {"true": True, "false": False}
_FILES = {"image": "image", "image[]": "image", "mask": "mask"}


class Images:
    """The handlers. What is drawn is nobody's but the caller's: it goes out, and is not kept."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._limits = runtime.settings.limits

    async def _json(self, request: Request) -> dict[str, Any]:
        raw = await read_body(request.scope, request.receive, self._limits.max_body_bytes)
        try:
            body = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise errors.BadRequest(f"not JSON: {error}", code="invalid_json") from None
        if not isinstance(body, dict):
            raise errors.BadRequest("the body must be a JSON object", code="invalid_json")
        return body

    def _answer(self, ask: engine.ImageAsk, dialect: Dialect) -> ASGIApp:
        return Drawing(self._runtime, ask, dialect)

    async def generate(self, request: Request) -> ASGIApp:
        """``POST /v1/images/generations``."""
        self._runtime.accept()
        body = await self._json(request)
        limits = self._limits
        ask = engine.read_generation(
            body, self._runtime.catalog, limits, max_images=limits.max_images
        )
        return self._answer(ask, OPENAI)

    async def edit(self, request: Request) -> ASGIApp:
        """``POST /v1/images/edits``, a form."""
        self._runtime.accept()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":
            raise errors.BadRequest(
                f"content-type: an edit is multipart/form-data, not {kind or 'nothing'}",
                param="content-type",
                code="invalid_content_type",
            )
        limits = self._limits
        receive = bounded(request.scope, request.receive, limits.max_body_bytes)
        reading = Request(request.scope, receive).form(
            max_files=limits.max_images + 2,
            max_fields=_FORM_FIELDS,
            max_part_size=limits.max_prompt_bytes + 1,
        )
        try:
            async with reading as form:
                body, pictures, mask = await _parts(form)
        except HTTPException as error:
            raise errors.BadRequest(f"the form: {error.detail}", code="invalid_form") from None
        ask = engine.read_edit(
            body,
            pictures,
            mask,
            self._runtime.catalog,
            limits,
            max_images=limits.max_images,
            max_pixels=limits.max_image_pixels,
        )
        return self._answer(ask, OPENAI_EDIT)

    async def openrouter(self, request: Request) -> ASGIApp:
        """``POST /api/v1/images``."""
        self._runtime.accept()
        body = await self._json(request)
        limits = self._limits

        def read(body: dict[str, Any]) -> engine.ImageAsk:
            return engine.read_openrouter_image(
                body,
                self._runtime.catalog,
                limits,
                max_images=limits.max_images,
                max_pixels=limits.max_image_pixels,
            )

        ask = await engine.with_references(body, self._runtime.fetcher, read)
        return self._answer(ask, OPENROUTER)

    async def list_models(self, request: Request) -> ASGIApp:
        """``GET /api/v1/images/models``."""
        return Json(image_models(self._runtime.catalog, self._limits.max_images))

    async def list_endpoints(self, request: Request) -> ASGIApp:
        """``GET /api/v1/images/models/{model}/endpoints``."""
        model = request.path_params["model"]
        return Json(endpoints(self._runtime.catalog, model, self._limits.max_images))


async def _parts(form: FormData) -> tuple[dict[str, Any], tuple[bytes, ...], bytes | None]:
    """The form's fields with the types that JSON would have, its pictures, and the mask."""
    body: dict[str, Any] = {}
    pictures: list[bytes] = []
    mask: bytes | None = None
    for name, value in form.multi_items():
        what = _FILES.get(name)
        if isinstance(value, UploadFile) != (what is not None):
            wanted = "a file" if what is not None else "a plain field"
            raise errors.BadRequest(
                f"{name}: must be {wanted}", param=what or name, code="invalid_type"
            )
        if isinstance(value, UploadFile):
            data = await value.read()
            if what == "image":
                pictures.append(data)
            elif mask is None:
                mask = data
            else:
                raise _twice(name)
        elif name in body:
            raise _twice(name)
        else:
            body[name] = _typed(name, value)
    return body, tuple(pictures), mask


def _twice(name: str) -> errors.BadRequest:
    return errors.BadRequest(f"{name}: given twice", param=name, code="invalid_value")


def _typed(name: str, text: str) -> Any:
    if name in _WHOLE:
        try:
            return int(text)
        except ValueError:
            pass  # left as text, which the check refuses by name
    return _FLAGS.get(text.lower(), text) if name == "stream" else text
