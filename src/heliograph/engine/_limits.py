"""Every bound the engine keeps, in one place."""

from __future__ import annotations

import msgspec

__all__ = ["Limits"]

MIB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's limits. Errors name the limit they come from; pass another value to raise it.

    - ``concurrency``: responses run at once by one engine; others wait in the queue. As many
      pictures are made at once for responses that other workers own.
    - ``takeover_reserve``: what another worker began and lost may exceed ``concurrency`` by so much
      of it, rounded down: a half leaves room for what one of three full workers ran. A worker of
      ``concurrency = 1`` never runs two; 0 for none.
    - ``max_queued``, ``max_queued_per_tenant``: with as many responses in the queue, of all and of
      one tenant, another foreground one that would have to wait is refused (429); 0 for none.
    - ``max_queued_background``, ``max_queued_background_per_tenant``: for a background one.
    - ``max_queued_seconds``, ``max_queued_background_seconds``: how long a foreground and a
      background response may wait until it is begun; else it ends ``failed``. 0 for as long as it
      takes.
    - ``lease_seconds``, ``renew_seconds``: how long a worker may be silent before its response may
      be taken over, and how often it says that it is alive.
    - ``claim_seconds``: longest single wait for a job.
    - ``foreground_grace_seconds``: how long a foreground response goes on without a reader.
    - ``wall_seconds``: how long one response may run, from its first start, takeovers included.
    - ``max_takeovers``: takeovers after which a response ends ``failed``.
    - ``max_steps``: turns asked of the chat model in one response.
    - ``max_tool_calls``: hosted calls in one response; a request's own ``max_tool_calls`` may only
      lower it.
    - ``max_calls_at_once``: pictures that one response has under way at a time, where its model
      called for several at once.
    - ``max_picture_bytes``: bytes of one picture or preview, before base64.
    - ``max_response_bytes``: bytes of JSON, pictures as base64, that one response may come to. Its
      terminal event carries all of it, so this stays under the client's bound of 64 MiB on a frame.
    - ``max_text_bytes``: bytes of JSON text that a response's words and arguments may come to. Its
      last frame holds them four times over, so this stays under a fourth of the journal's bound.
    - ``max_echo_bytes``: bytes of JSON of a request's tools, instructions and metadata, which every
      event with a response repeats.
    - ``max_prompt_bytes``: UTF-8 bytes of text in a request's input and instructions.
    - ``max_input_items``, ``max_tools``: entries of a request's ``input`` and ``tools``.
    - ``max_input_images``: pictures in a request's ``input``. ``max_image_pixels``: width times
      height of a picture that a request brings.
    - ``max_output_tokens``: what a request may ask a chat model for, and what is asked of it where
      the request does not say; 0 for no such limit.
    - ``max_chain_responses``: earlier responses that one may go on from, all links counted.
    - ``max_chain_bytes``, ``max_chain_picture_bytes``: bytes of JSON, pictures left out, and of the
      pictures, that the items of those may come to.
    - ``max_kept_text_bytes``, ``max_kept_picture_bytes``: bytes of the user's newest messages, and
      of the pictures in them, that a compaction leaves as they are; the last one always is.
    - ``max_summary_bytes``: UTF-8 bytes of what a compaction tells of all else.
    - ``max_sealed_bytes``: bytes that one compaction item holds, pictures included; as base64 they
      stay under the protocol's 10 MiB.
    - ``max_references``: pictures given to an image model with a call. Those of the request are all
      given; of earlier turns' the newest, as long as there is room.
    - ``max_pending_events``, ``max_pending_bytes``: events waiting for the commit under way; past
      either, the provider is not asked for more.
    """

    concurrency: int = 16
    takeover_reserve: float = 0.5
    max_queued: int = 5_000
    max_queued_per_tenant: int = 2_500
    max_queued_background: int = 20_000
    max_queued_background_per_tenant: int = 10_000
    max_queued_seconds: float = 300.0
    max_queued_background_seconds: float = 24 * 3600.0
    lease_seconds: float = 10.0
    renew_seconds: float = 3.0
    claim_seconds: float = 5.0
    foreground_grace_seconds: float = 30.0
    wall_seconds: float = 1800.0
    max_takeovers: int = 5
    max_steps: int = 32
    max_tool_calls: int = 16
    max_calls_at_once: int = 4
    max_picture_bytes: int = 32 * MIB
    max_response_bytes: int = 60 * MIB
    max_text_bytes: int = 8 * MIB
    max_echo_bytes: int = 4 * MIB
    max_prompt_bytes: int = 1 * MIB
    max_input_items: int = 1000
    max_tools: int = 128
    max_input_images: int = 200
    max_image_pixels: int = 64 * MIB
    max_output_tokens: int = 0
    max_chain_responses: int = 200
    max_chain_bytes: int = 8 * MIB
    max_chain_picture_bytes: int = 256 * MIB
    max_kept_text_bytes: int = 64 * 1024
    max_kept_picture_bytes: int = 8 * MIB
    max_summary_bytes: int = 64 * 1024
    max_sealed_bytes: int = 7 * MIB
    max_references: int = 16
    max_pending_events: int = 512
    max_pending_bytes: int = 1 * MIB
