"""The Responses API over HTTP: Starlette on uvicorn, streams out of the journal."""

from heliograph.server._app import create_app
from heliograph.server._blob_settings import S3Settings
from heliograph.server._doctor import diagnose
from heliograph.server._journal_settings import NatsSettings, SqliteSettings
from heliograph.server._key import Key
from heliograph.server._keys import Keyring
from heliograph.server._keys_shared import SharedKeyring, copy_keys
from heliograph.server._log import setup_logging
from heliograph.server._openapi import openapi_document
from heliograph.server._seen_settings import Log, MetricsPage, Otel
from heliograph.server._serve import Server, run
from heliograph.server._settings import FOLDER_FILES, Compat, Limits, Settings, load_settings
from heliograph.server._worker import Worker, run_worker

__all__ = [
    "FOLDER_FILES",
    "Compat",
    "Key",
    "Keyring",
    "Limits",
    "Log",
    "MetricsPage",
    "NatsSettings",
    "Otel",
    "S3Settings",
    "Server",
    "Settings",
    "SharedKeyring",
    "SqliteSettings",
    "Worker",
    "copy_keys",
    "create_app",
    "diagnose",
    "load_settings",
    "openapi_document",
    "run",
    "run_worker",
    "setup_logging",
]
