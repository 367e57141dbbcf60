"""The way to a `Course`: what only streams need (lifecycle) is imported with the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from heliograph import errors
from heliograph.client._core._config import Config
from heliograph.client._core._retries import Server
from heliograph.client._transport import Call

if TYPE_CHECKING:
    from heliograph import lifecycle
    from heliograph.client._core._course import Course

Invalid = Literal["raise", "give"]


def tolerances(config: Config, server: Server) -> lifecycle.Dialect | None:
    """What strict mode forgives: what the caller names, or the server's dialect. None: all."""
    strict = config.reading.strict
    if not strict:
        return None
    from heliograph import lifecycle

    return lifecycle.Dialect.parse(strict if isinstance(strict, str) else server.dialect.tolerances)


def course(
    config: Config,
    server: Server,
    call: Call,
    *,
    invalid: Invalid,
    stored: bool,
    include: Sequence[str] | None = None,
    starting_after: int | None = None,
    messages: bool = False,
) -> Course:
    """A new stream's state."""
    from heliograph.client._core._assembly import Assembly
    from heliograph.client._core._course import Course

    policy = config.retries
    reading = config.reading
    if reading.strict and starting_after is not None:
        raise errors.UsageError(
            "starting_after: strict mode has to see a stream from its beginning; leave it out, or "
            "use client.with_options(strict=False)"
        )
    assembly = Assembly(
        max_frame=config.max_frame,
        invalid=invalid,
        stored=stored,
        starting_after=starting_after,
        stall=(policy.heartbeats if policy.attempts else 0.0, policy.stall_least),
        fill=policy.attempts > 0,
        messages=messages,
        resumes=server.dialect.resumes,
        tolerances=lambda: tolerances(config, server),
        unknown=reading.unknown,
        on_unknown=reading.on_unknown,
    )
    return Course(
        policy,
        server,
        call,
        assembly,
        base_url=config.base_url,
        include=include or (),
        messages=messages,
    )
