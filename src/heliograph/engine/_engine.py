"""The engine: takes requests in, and runs the responses it can claim."""

from __future__ import annotations

import time

import msgspec

from heliograph import journal as journals
from heliograph import models, providers
from heliograph.engine._limits import Limits

__all__ = ["Engine", "Plan"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a checked request comes to."""

    model: str
    image_model: str | None
    capabilities: tuple[str, ...]
    store: bool
    background: bool
    stream: bool


class Engine:
    """Runs responses out of one journal with the providers of one catalog.

    ``echo_hosted_tools`` False leaves hosted tools out of the ``tools`` and ``tool_choice`` that the
    response repeats (``@openrouter/sdk`` 0.1.27 refuses them there).
    """

    def __init__(
        self,
        journal: journals.Journal,
        catalog: providers.Catalog,
        limits: Limits | None = None,
        *,
        worker: str | None = None,
        clock: journals.Clock = time.time,
        echo_hosted_tools: bool = True,
    ) -> None:
        self.journal = journal
        self.catalog = catalog
        self.limits = limits if limits is not None else Limits()

    async def start(self) -> None:
        """Begin to claim and run responses. The journal is started by its owner, before."""

    async def stop(self, grace: float) -> None:
        """Claim no more, let running responses finish within ``grace`` seconds, hand over the rest."""

    def check(self, request: models.ResponsesRequest) -> Plan:
        """What the request needs. Raises ``BadRequest`` or ``NotFound``; ``param`` names the field."""
        raise AssertionError("being built")

    async def submit(
        self,
        tenant: str,
        request: models.ResponsesRequest,
        body: bytes,
        plan: Plan,
        *,
        idempotency_key: str | None = None,
        expires_in: float | None = None,
    ) -> journals.Created:
        """Store the request (``body`` as it came) and queue it. Raises ``IdempotencyConflict``."""
        raise AssertionError("being built")

    async def current(self, tenant: str, response_id: str) -> journals.Entry:
        """The response object as it now stands, running or ended (``render`` gives its JSON).

        Raises ``UnknownResponse``.
        """
        raise AssertionError("being built")
