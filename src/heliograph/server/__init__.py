"""The Responses API over HTTP: Starlette on uvicorn, streams out of the journal."""

from heliograph.server._app import create_app
from heliograph.server._keys import Key, Keyring
from heliograph.server._openapi import openapi_document
from heliograph.server._serve import Server, run
from heliograph.server._settings import Compat, Limits, Settings, load_settings

__all__ = [
    "Compat",
    "Key",
    "Keyring",
    "Limits",
    "Server",
    "Settings",
    "create_app",
    "load_settings",
    "openapi_document",
    "run",
]
