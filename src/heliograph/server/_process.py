"""A process that works until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

__all__ = ["HAND_OVER_SECONDS", "run_process"]

HAND_OVER_SECONDS = 5.0
"""What a worker's handing over may take beyond its grace; then its leases are left to run out."""

Main = Callable[[asyncio.Event], Awaitable[None]]


def run_process(main: Main) -> None:
    """Run ``main`` in a loop of its own. SIGTERM or SIGINT set its event; a second signal ends the
    process at once."""
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if sys.platform != "win32":
        import uvloop

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_signalled(main))


async def _signalled(main: Main) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if asked.is_set():
            # The journal bears a sudden end: what was shown is in it, the rest is taken over.
            os._exit(128 + number)
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    await main(asked)
