"""What a case finds wrong, by id; what a stream's events break has the ids of ``lifecycle.RULES``.

==========  ======================================================
``HG-NET``  the connection
``HG-API``  an answer as HTTP: its status, type, body, errors
``HG-SCH``  the published schemas
``HG-ANS``  a response against what was asked
``HG-USE``  function tools and their calls
``HG-PIC``  the pictures themselves
``HG-KEP``  what is kept: stored, resumed, repeated, cancelled
==========  ======================================================
"""

from __future__ import annotations

from typing import Final

__all__ = ["CHECK_RULES"]

CHECK_RULES: Final[dict[str, str]] = {
    "HG-NET-001": "an answer comes, whole, within the time allowed",
    "HG-API-001": "the status is the one that the answer's meaning has",
    "HG-API-002": "JSON is sent as application/json, a stream as text/event-stream",
    "HG-API-003": "a body is a JSON object",
    "HG-API-004": "an error has a message, and a type or a number for a code",
    "HG-API-005": "a refusal names the field that it is about, in param or in its message",
    "HG-SCH-001": "a body fits the published schemas",
    "HG-SCH-002": "an event fits the published schemas",
    "HG-ANS-001": "a response ends with the status that what was asked for leads to",
    "HG-ANS-002": "the output holds what was asked for",
    "HG-ANS-003": "a response repeats what it was asked with",
    "HG-ANS-004": "events folded together are the response that the last one has",
    "HG-ANS-005": "usage is an object whose total is input and output together",
    "HG-ANS-006": "text in a format asked for fits that format",
    "HG-ANS-007": "a list is an object with data, each entry with an id of its own",
    "HG-USE-001": "a call names a tool that was given and has a JSON object for arguments",
    "HG-USE-002": "tool_choice is obeyed",
    "HG-USE-003": "each call has an id and a call_id of its own",
    "HG-USE-004": "no more than one call is made where parallel_tool_calls is false",
    "HG-PIC-001": "a picture is base64 that decodes to a picture",
    "HG-PIC-002": "a picture has the size that was asked for",
    "HG-PIC-003": "a picture has the format that was asked for",
    "HG-PIC-004": "where partial images are asked for, one comes",
    "HG-PIC-005": "another turn makes another picture, in an item of its own",
    "HG-KEP-001": "a stored response is given as it was answered",
    "HG-KEP-002": "a stream taken up after an event gives just those that follow",
    "HG-KEP-003": "what was deleted, or not stored, is not found",
    "HG-KEP-004": "a request repeated with its Idempotency-Key makes no second response",
    "HG-KEP-005": "a response in the background comes to its end; cancelled, it stays so",
    "HG-KEP-006": "the items of a response's input are listed",
}
"""Ids are stable: a rule that goes away leaves its number empty, a new one takes the next."""
