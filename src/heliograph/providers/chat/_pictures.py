"""Pictures that a chat model sends."""

from __future__ import annotations

import re

import pybase64

from heliograph import errors
from heliograph.pictures import media_type_of
from heliograph.providers._base import InlinePicture

__all__ = ["inline_picture"]

_DATA_URL = re.compile(r"data:([a-z0-9.+/-]*)(;[^;,]*)*?;base64,", re.IGNORECASE)


def inline_picture(model: str, url: str) -> InlinePicture:
    """The picture that a model sent as a data URL, or as bare base64.

    Raises ``ProviderError`` (``protocol``): a picture elsewhere on the net is not fetched.
    """
    match = _DATA_URL.match(url, 0, 200)
    if match is None and "://" in url[:16]:
        raise _bad(model, "a picture by address, which is not fetched")
    try:
        data = pybase64.b64decode(url[match.end() :] if match else url, validate=True)
    except ValueError:
        raise _bad(model, "a picture that is no base64") from None
    if not data:
        raise _bad(model, "an empty picture")
    given = match.group(1).lower() if match else ""
    return InlinePicture(data, given if given.startswith("image/") else media_type_of(data))


def _bad(model: str, what: str) -> errors.ProviderError:
    return errors.ProviderError(f"{model} sent {what}", kind="protocol")
