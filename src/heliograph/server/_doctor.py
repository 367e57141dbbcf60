"""``heliograph doctor``: a deployment, as this process sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from heliograph import errors
from heliograph.journal.checkup import Finding, Waiting, examine_folder, failed, fine, weak
from heliograph.providers.configured import ProviderSettings, unlisted
from heliograph.server._journal_settings import NatsSettings
from heliograph.server._settings import Settings

__all__ = ["PATIENCE_SECONDS", "diagnose"]

PATIENCE_SECONDS = 30.0
"""A queue whose oldest has waited for longer has nobody, or too few, who can do it."""

_ASK_SECONDS = 10.0


async def diagnose(settings: Settings, gateways: Sequence[str] = ()) -> AsyncIterator[Finding]:
    """Check what ``settings`` name, and the servers at the addresses ``gateways``."""
    try:
        settings.check()
        capabilities = settings.install().catalog.capabilities()
    except (errors.ConfigError, errors.MissingExtra) as exc:
        yield failed("configuration", exc)
        return
    yield fine("configuration", f"{len(capabilities)} models")
    found, waiting = await _journal(settings)
    for one in found:
        yield one
    for queue in waiting:
        yield judge_queue(queue, capabilities)
    told = (_provider(name, provider) for name, provider in settings.providers.items())
    for one in await asyncio.gather(*told, *(_gateway(url) for url in gateways)):
        yield one


async def _journal(settings: Settings) -> tuple[list[Finding], list[Waiting]]:
    if isinstance(settings.journal, NatsSettings):
        return await settings.journal.journal().examine()
    if settings.journal == "memory" or settings.data is None:
        said = "nothing is kept over a restart; set `data` to a folder"
        return [weak("journal", said)], []
    return await examine_folder(Path(settings.data))


def judge_queue(queue: Waiting, capabilities: Sequence[str]) -> Finding:
    """What it means that responses wait."""
    needs = ", ".join(queue.needs) or "nothing"
    said = f"{queue.count} that need {needs}, the oldest for {queue.seconds:.0f} s"
    foreign = [name for name in queue.needs if name not in capabilities]
    if foreign:
        name = foreign[0]
        return failed("queue", f"{said}: {name} is not served by this configuration; configure it")
    if queue.seconds < PATIENCE_SECONDS:
        return fine("queue", said)
    if queue.untaken:
        start = f"start one with --capability {','.join(queue.needs)}"
        return failed("queue", f"{said}, and no worker takes them; {start}")
    more = "more workers, or a higher limits.concurrency, would help"
    return weak("queue", f"{said}; {more}")


async def _provider(name: str, settings: ProviderSettings) -> Finding:
    what = f"provider {name}"
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            missing = await unlisted(name, settings)
    except TimeoutError:
        return failed(what, f"no answer in {_ASK_SECONDS:g} s; see providers.{name}.base_url")
    except errors.ProviderError as exc:
        if exc.kind == "auth":
            return failed(what, f"{exc}; see providers.{name}.api_key_env")
        if exc.kind == "protocol" or (exc.kind == "unavailable" and not exc.retryable):
            said = f"it is there, but: {exc}, asked for /models"
            return weak(what, f"{said}; see providers.{name}.base_url")
        return failed(what, f"{exc}; see providers.{name}.base_url")
    if missing:
        said = f"it does not list {', '.join(missing)}; see providers.{name}.models"
        return weak(what, said)
    return fine(what, "it is there and lists the models")


async def _gateway(url: str) -> Finding:
    what = f"gateway {urlsplit(url).netloc or url}"
    try:
        async with httpx2.AsyncClient(timeout=_ASK_SECONDS) as http:
            answer = await http.get(f"{url.rstrip('/')}/readyz")
    except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
        return failed(what, f"{exc}; is it started, does a firewall let this machine in?")
    if answer.status_code != 200:
        return failed(what, f"it answers /readyz with {answer.status_code}; see its log")
    return fine(what, "it is ready")
