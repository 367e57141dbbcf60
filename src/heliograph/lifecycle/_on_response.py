"""Handlers of events that move the response itself, and of those that name no item."""

from __future__ import annotations

from typing import Any, Final

from . import _tables as t
from ._core import Core
from ._whole import present

#: Event -> the statuses that its response may have.
_STATUSES: Final = {
    t.CREATED: ("in_progress", "queued"),
    t.QUEUED: ("queued",),
    t.IN_PROGRESS: ("in_progress",),
    t.COMPLETED: ("completed",),
    t.INCOMPLETE: ("incomplete", "cancelled"),
    t.FAILED: ("failed",),
}


def moved(m: Core, event: Any) -> None:
    """response.created, .queued, .in_progress."""
    kind, response = event.type, event.response
    state = m._response.next.get(kind)
    if state is None:
        state = _refuse(m, kind)
    _check_response(m, kind, response, "HG-RSP-003")
    if response.output:
        m._flag("HG-RSP-004", f"{kind} with {len(response.output)} items in its output", "none")
    if m._found and m._hold:
        return
    m._response = state
    if m._response_id is None:
        m._response_id = response.id
        m._limits = _partial_limits(response)


def _refuse(m: Core, kind: str) -> Any:
    state = m._response
    if state.final:
        m._flag("HG-END-001", f"{kind} after the response ended", "nothing more")
    elif kind == t.ERROR and state.name != "errored":
        m._flag("HG-END-007", "an error event after response.created", t.FAILED)
    elif state.name == "errored":
        m._flag("HG-END-001", f"{kind} after an error event", "nothing more")
    else:
        what = "first of all" if state.name == "none" else f"while the response is {state.name}"
        m._flag(
            "HG-RSP-001",
            f"{kind} {what}",
            t.CREATED if state.name == "none" else state.expects(),
        )
    return state.after_refusal(kind)


def _check_response(m: Core, kind: str, response: Any, rule: str) -> None:
    if m._response_id is not None and response.id != m._response_id:
        m._flag("HG-RSP-002", f"{kind} has response id {response.id!r}", repr(m._response_id))
    legal = _STATUSES[kind]
    if response.status not in legal:
        m._flag(rule, f"{kind} has status {response.status!r}", " or ".join(legal))
    if response.usage is None and "null-usage" not in m._dialect:
        m._flag("HG-RSP-007", f"{kind} has usage null", "an object, zeros until known")


def _partial_limits(response: Any) -> dict[str, int]:
    """Item type -> most partial images, where an echoed tool says so."""
    limits: dict[str, int] = {}
    for tool in present(response.tools) or ():
        item_type = "image_generation_call" if tool.type == "image_generation" else tool.type
        asked = getattr(tool, "partial_images", None)
        if item_type in t.ITEM_TABLES and isinstance(asked, int):
            limits[item_type] = max(asked, limits.get(item_type, 0))
    return limits


def ended(m: Core, event: Any) -> None:
    """response.completed, .incomplete, .failed."""
    kind, response = event.type, event.response
    state = m._response.next.get(kind)
    if state is None:
        was_final = m._response.final
        state = _refuse(m, kind)
        if was_final:
            return
    _check_response(m, kind, response, "HG-END-003")
    _check_closed(m, kind)
    if "output-differs" not in m._dialect:
        _check_output(m, kind, response.output)
    if (lack := unexplained(response, kind)) is not None:
        m._flag("HG-END-006", *lack)
    if m._found and m._hold:
        return
    m._response = state
    m._items.clear()
    m._done.clear()
    m._ids.clear()


def unexplained(response: Any, kind: str) -> tuple[str, str] | None:
    """What a response that went wrong does not say, and what it should."""
    if kind == t.FAILED and present(response.error) is None:
        return "response.failed without an error", "what went wrong"
    details = present(response.incomplete_details)
    if kind == t.INCOMPLETE and response.status != "cancelled" and details is None:
        return "response.incomplete without incomplete_details", "the reason"
    return None


def _check_closed(m: Core, kind: str) -> None:
    if kind != t.COMPLETED and "open-at-failure" in m._dialect:
        return
    # What nothing announced has been reported already.
    still = [i for i in m._items.values() if i.added and i.type not in t.MAY_STAY_OPEN]
    if still:
        m._flag(
            "HG-END-004",
            f"{kind} while {len(still)} items are open, the first at output_index {still[0].index}",
            f"{t.DONE} for each first",
        )
    elif m._audio.name != "silent" or m._transcript.name != "silent":
        m._flag("HG-END-004", f"{kind} while audio is open", "its done event first")


def _check_output(m: Core, kind: str, output: list[Any]) -> None:
    if len(output) != m._next_output:
        m._flag(
            "HG-END-005",
            f"{kind} has {len(output)} items in its output",
            f"the {m._next_output} that were added",
        )
        return
    if [*m._done] == [*range(len(output))] and [*m._done.values()] == output:
        return
    for index, item in sorted(m._done.items()):
        if 0 <= index < len(output) and item != output[index]:
            m._flag(
                "HG-END-005",
                f"output[{index}] of {kind} is not the item that was done there",
                "the item as it was done",
            )
            return


def error(m: Core, event: Any) -> None:
    """An error event: it may stand alone, before any response was created."""
    state = m._response.next.get(t.ERROR)
    if state is None:
        state = _refuse(m, t.ERROR)
        if state.name != "errored" and not state.final:
            state = state.landing[t.ERROR]
    if m._found and m._hold:
        return
    m._response = state
    m._items.clear()


def noted(m: Core, event: Any) -> None:
    """response.debug, response.keep_alive and unknown events: they move nothing."""
    if event.type in (t.DEBUG, t.KEEP_ALIVE):
        if m._response.next.get(event.type) is not None:
            return
        if event.type == t.KEEP_ALIVE and not m._response.final:
            m._flag("HG-RSP-006", t.KEEP_ALIVE, "an SSE comment, which is no event")
            return
        _refuse(m, event.type)
    elif m._response.name == "none" or m._response.final or m._response.name == "errored":
        _refuse(m, event.type)


def audio(m: Core, event: Any) -> None:
    kind = event.type
    if m._response.name != "in_progress" and not m._running(event):
        return
    spoken = "transcript" in kind
    before = m._transcript if spoken else m._audio
    state = before.next.get(kind)
    if state is None:
        m._flag("HG-AUD-001", f"{kind} while {before.table} is {before.name}", before.expects())
        return
    if m._found and m._hold:
        return
    if spoken:
        m._transcript = state
    else:
        m._audio = state
