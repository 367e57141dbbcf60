"""Good streams of every kind, built as wire dicts: each builder gives one item's events,
unnumbered."""

from __future__ import annotations

import copy
import json
from typing import Any

from heliograph import models

Wire = dict[str, Any]
R = "response."


def response(status: str, output: list[Wire] | None = None, **more: Any) -> Wire:
    """A response with every field that some spec requires."""
    full: Wire = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_760_000_000,
        "completed_at": 1_760_000_009 if status == "completed" else None,
        "status": status,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "error": {"code": "server_error", "message": "it broke"} if status == "failed" else None,
        "model": "heliograph/direct",
        "previous_response_id": None,
        "instructions": None,
        "output": output or [],
        "output_text": "",
        "tools": [],
        "tool_choice": "auto",
        "truncation": "disabled",
        "parallel_tool_calls": True,
        "text": {"format": {"type": "text"}},
        "top_p": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "top_logprobs": 0,
        "temperature": 1.0,
        "reasoning": None,
        "usage": {
            "input_tokens": 0,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 0,
        },
        "max_output_tokens": None,
        "max_tool_calls": None,
        "store": True,
        "background": False,
        "service_tier": "auto",
        "metadata": {},
        "safety_identifier": None,
        "prompt_cache_key": None,
        "user": None,
    }
    return full | more


def _item(index: int, first: Wire, *between: Wire, last: Wire) -> list[Wire]:
    events = [{"type": R + "output_item.added", "item": first}]
    for event in between:
        unnamed = event["type"].startswith(R + "shell_call_command")
        events.append(event if unnamed else event | {"item_id": first["id"]})
    events.append({"type": R + "output_item.done", "item": last})
    return [event | {"output_index": index} for event in events]


# --- messages --------------------------------------------------------------------------------
CITATION: Wire = {
    "type": "url_citation", "start_index": 0, "end_index": 3, "title": "A fox",
    "url": "https://example.org/fox",
}  # fmt: skip


def message(index: int, *parts: list[Wire], status: str = "completed") -> list[Wire]:
    between, content = [], []
    for n, part in enumerate(parts):
        between += [event | {"content_index": n} for event in part]
        content.append(part[-1]["part"])
    base = {"type": "message", "id": f"msg_{index}", "role": "assistant"}
    return _item(
        index,
        base | {"status": "in_progress", "content": []},
        *between,
        last=base | {"status": status, "content": content},
    )


def text_part(*deltas: str, citations: int = 0) -> list[Wire]:
    text = "".join(deltas)
    empty: Wire = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    return [
        {"type": R + "content_part.added", "part": empty},
        *(
            {"type": R + "output_text.delta", "delta": d, "logprobs": []} for d in deltas
        ),
        *(
            {"type": R + "output_text.annotation.added", "annotation_index": n,
             "annotation": CITATION}
            for n in range(citations)
        ),
        {"type": R + "output_text.done", "text": text, "logprobs": []},
        {
            "type": R + "content_part.done",
            "part": empty | {"text": text, "annotations": [CITATION] * citations},
        },
    ]  # fmt: skip


def refusal_part(*deltas: str) -> list[Wire]:
    text = "".join(deltas)
    return [
        {"type": R + "content_part.added", "part": {"type": "refusal", "refusal": ""}},
        *({"type": R + "refusal.delta", "delta": d} for d in deltas),
        {"type": R + "refusal.done", "refusal": text},
        {"type": R + "content_part.done", "part": {"type": "refusal", "refusal": text}},
    ]


def odd_part() -> list[Wire]:
    """A part of a type that no spec names."""
    part = {"type": "hologram", "depth": 3}
    return [
        {"type": R + "content_part.added", "part": part},
        {"type": R + "content_part.done", "part": part},
    ]


# --- reasoning -------------------------------------------------------------------------------
def reasoning(
    index: int, summary: tuple[str, ...] = ("Think", "ing"), text: tuple[str, ...] = ("why",),
    spelling: str = "reasoning_text",
) -> list[Wire]:  # fmt: skip
    base = {"type": "reasoning", "id": f"rs_{index}"}
    between: list[Wire] = []
    final: Wire = {"summary": [], "content": []}
    if summary:
        whole = "".join(summary)
        between += [
            {"type": R + "reasoning_summary_part.added",
             "part": {"type": "summary_text", "text": ""}},
            *({"type": R + "reasoning_summary_text.delta", "delta": d} for d in summary),
            {"type": R + "reasoning_summary_text.done", "text": whole},
            {"type": R + "reasoning_summary_part.done",
             "part": {"type": "summary_text", "text": whole}},
        ]  # fmt: skip
        between = [event | {"summary_index": 0} for event in between]
        final["summary"] = [{"type": "summary_text", "text": whole}]
    if text:
        whole = "".join(text)
        part: Wire = {"type": "reasoning_text", "text": whole}
        spoken: list[Wire] = [
            {"type": R + "content_part.added", "part": part | {"text": ""}},
            *({"type": f"{R}{spelling}.delta", "delta": d} for d in text),
            {"type": f"{R}{spelling}.done", "text": whole},
            {"type": R + "content_part.done", "part": part},
        ]
        between += [event | {"content_index": 0} for event in spoken]
        final["content"] = [part]
    return _item(
        index,
        base | {"summary": [], "status": "in_progress"},
        *between,
        last=base | final | {"status": "completed"},
    )


# --- calls -----------------------------------------------------------------------------------
def _written(kind: str, field: str, deltas: tuple[str, ...], **more: Any) -> list[Wire]:
    return [
        *({"type": f"{R}{kind}.delta", "delta": d} for d in deltas),
        {"type": f"{R}{kind}.done", field: "".join(deltas)} | more,
    ]


def function_call(
    index: int, deltas: tuple[str, ...] = ('{"a"', ":1}"), status: str = "completed"
) -> list[Wire]:
    base = {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": "add"}
    return _item(
        index,
        base | {"arguments": "", "status": "in_progress"},
        *_written("function_call_arguments", "arguments", deltas, name="add"),
        last=base | {"arguments": "".join(deltas), "status": status},
    )


def custom_call(index: int) -> list[Wire]:
    base = {
        "type": "custom_tool_call",
        "id": f"ct_{index}",
        "call_id": f"call_{index}",
        "name": "sh",
    }
    return _item(
        index,
        base | {"input": "", "status": "in_progress"},
        *_written("custom_tool_call_input", "input", ("ls", " -l")),
        last=base | {"input": "ls -l", "status": "completed"},
    )


def image_call(
    index: int, partials: int = 0, kind: str = "image_generation_call", status: str = "completed"
) -> list[Wire]:
    base: Wire = {"type": kind, "id": f"ig_{index}", "result": None}
    name = R + "image_generation_call."
    partial = {"type": name + "partial_image", "partial_image_b64": "AAAA"}
    between: list[Wire] = [
        {"type": name + "in_progress"},
        {"type": name + "generating"},
        *(partial | {"partial_image_index": n} for n in range(partials)),
    ]
    final = base | {"status": status}
    if status == "completed":
        between.append({"type": name + "completed"})
        final["result"] = "AAAB"
    return _item(index, base | {"status": "in_progress"}, *between, last=final)


def failed_image(index: int, after: int = 2) -> list[Wire]:
    """A picture that failed after ``after`` of its call events."""
    events = image_call(index, status="failed")
    return events[: 1 + after] + events[-1:]


def _hosted(index: int, kind: str, status: str, *names: str, **fields: Any) -> list[Wire]:
    base = {"type": kind, "id": f"{kind[:2]}_{index}"} | fields
    return _item(
        index,
        base | {"status": "in_progress"},
        *({"type": f"{R}{kind}.{name}"} for name in names),
        last=base | {"status": status},
    )


def web_search(index: int, status: str = "completed") -> list[Wire]:
    names: tuple[str, ...] = ("in_progress", "searching", "completed")
    names = names if status == "completed" else names[:2]
    action = {"type": "search", "query": "fox", "queries": ["fox"]}
    return _hosted(index, "web_search_call", status, *names, action=action)


def file_search(index: int) -> list[Wire]:
    names = ("in_progress", "searching", "completed")
    return _hosted(index, "file_search_call", "completed", *names, queries=["fox"])


def code_interpreter(index: int) -> list[Wire]:
    base: Wire = {"type": "code_interpreter_call", "id": f"ci_{index}", "container_id": "cntr_1"}
    base |= {"outputs": None}
    name = R + "code_interpreter_call."
    return _item(
        index,
        base | {"code": "", "status": "in_progress"},
        {"type": name + "in_progress"},
        *_written("code_interpreter_call_code", "code", ("print", "(1)")),
        {"type": name + "interpreting"},
        {"type": name + "completed"},
        last=base | {"code": "print(1)", "status": "completed"},
    )


def mcp_call(index: int, failed: bool = False) -> list[Wire]:
    base = {"type": "mcp_call", "id": f"mcp_{index}", "name": "look", "server_label": "s"}
    end = "failed" if failed else "completed"
    return _item(
        index,
        base | {"arguments": "", "status": "in_progress"},
        {"type": R + "mcp_call.in_progress"},
        *_written("mcp_call_arguments", "arguments", ("{", "}")),
        {"type": R + "mcp_call." + end},
        last=base | {"arguments": "{}", "status": end},
    )


def mcp_list_tools(index: int, end: str = "completed") -> list[Wire]:
    base = {"type": "mcp_list_tools", "id": f"ml_{index}", "server_label": "s", "tools": []}
    names = ("in_progress", end)
    return _item(index, base, *({"type": f"{R}mcp_list_tools.{n}"} for n in names), last=base)


def shell_call(index: int) -> list[Wire]:
    base = {"type": "shell_call", "id": f"sh_{index}", "call_id": f"call_{index}"}
    empty: Wire = {"commands": [], "max_output_length": None, "timeout_ms": None}
    name = R + "shell_call_command."
    return _item(
        index,
        base | {"status": "in_progress", "action": empty},
        {"type": name + "added", "command": "", "command_index": 0},
        {"type": name + "delta", "delta": "l", "command_index": 0},
        {"type": name + "delta", "delta": "s", "command_index": 0},
        {"type": name + "done", "command": "ls", "command_index": 0},
        {"type": name + "added", "command": "pwd", "command_index": 1},
        {"type": name + "done", "command": "pwd", "command_index": 1},
        last=base | {"status": "completed", "action": empty | {"commands": ["ls", "pwd"]}},
    )


def shell_output(index: int) -> list[Wire]:
    base = {"type": "shell_call_output", "id": f"so_{index}", "call_id": f"call_{index}"}
    chunk = {"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}
    name = R + "shell_call_output_content."
    return _item(
        index,
        base | {"status": "in_progress", "output": []},
        {"type": name + "delta", "delta": {"stdout": "a"}, "command_index": 0},
        {"type": name + "done", "output": [chunk], "command_index": 0},
        {"type": name + "done", "output": [chunk], "command_index": 1},
        last=base | {"status": "completed", "output": [chunk, chunk]},
    )


def apply_patch(index: int) -> list[Wire]:
    base = {"type": "apply_patch_call", "id": f"ap_{index}", "call_id": f"call_{index}"}
    operation = {"type": "create_file", "path": "a.txt", "diff": ""}
    return _item(
        index,
        base | {"status": "in_progress", "operation": operation},
        *_written("apply_patch_call_operation_diff", "diff", ("+a", "\n+b")),
        last=base | {"status": "completed", "operation": operation | {"diff": "+a\n+b"}},
    )


def fusion(index: int, analysis: bool = True) -> list[Wire]:
    base = {"type": "openrouter:fusion", "id": f"fu_{index}"}
    name = R + "fusion_call."
    events: list[Wire] = [
        {"type": name + "in_progress"},
        {"type": name + "panel.added", "model": "a/a"},
        {"type": name + "panel.added", "model": "b/b"},
        {"type": name + "panel.reasoning.delta", "delta": "hm", "model": "a/a"},
        {"type": name + "panel.delta", "delta": "ye", "model": "a/a"},
        {"type": name + "panel.delta", "delta": "s", "model": "a/a"},
        {"type": name + "panel.failed", "error": "busy", "model": "b/b"},
        {"type": name + "panel.completed", "content": "yes", "model": "a/a"},
    ]
    if analysis:
        result: Wire = {
            "consensus": [], "contradictions": [], "partial_coverage": [], "unique_insights": [],
            "blind_spots": [],
        }  # fmt: skip
        events += [
            {"type": name + "analysis.in_progress", "judge_model": "c/c", "analyst_model": "c/c"},
            {"type": name + "analysis.completed", "analysis": result},
        ]
    events.append({"type": name + "completed"})
    return _item(
        index, base | {"status": "in_progress"}, *events, last=base | {"status": "completed"}
    )


def compaction(index: int) -> list[Wire]:
    base = {"type": "compaction", "id": f"cm_{index}", "encrypted_content": "x"}
    return _item(index, base, {"type": R + "compaction.compacting"}, last=base)


def plain(index: int, kind: str = "openrouter:datetime") -> list[Wire]:
    base = {
        "type": kind,
        "id": f"pl_{index}",
        "datetime": "2026-01-01T00:00:00Z",
        "timezone": "UTC",
    }
    return _item(index, base | {"status": "in_progress"}, last=base | {"status": "completed"})


def audio() -> list[Wire]:
    return [
        {"type": R + "audio.delta", "delta": "AAAA"},
        {"type": R + "audio.transcript.delta", "delta": "hi"},
        {"type": R + "audio.transcript.done"},
        {"type": R + "audio.done"},
    ]


# --- whole streams ---------------------------------------------------------------------------
def interleaved(*items: list[Wire]) -> list[Wire]:
    """Items in parallel: all added in order, then one event of each in turn."""
    events = [item[0] for item in items]
    rest = [list(item[1:]) for item in items]
    while any(rest):
        events += [item.pop(0) for item in rest if item]
    return events


def wires(*events: list[Wire], ending: str = "completed", queued: bool = False,
          status: str | None = None, **fields: Any) -> list[Wire]:  # fmt: skip
    """A whole stream: created, (queued,) in_progress, the events, the ending; numbered."""
    body = [copy.deepcopy(event) for group in events for event in group]
    done = [e for e in body if e["type"] == R + "output_item.done"]
    output = [e["item"] for e in sorted(done, key=lambda e: e["output_index"])]
    waiting = "queued" if queued else "in_progress"
    stream: list[Wire] = [{"type": R + "created", "response": response(waiting, **fields)}]
    if queued:
        stream.append({"type": R + "queued", "response": response("queued", **fields)})
    stream.append({"type": R + "in_progress", "response": response("in_progress", **fields)})
    stream += body
    stream.append({
        "type": R + ending,
        "response": response(status or ending, copy.deepcopy(output), **fields),
    })  # fmt: skip
    return numbered(stream)


def numbered(stream: list[Wire]) -> list[Wire]:
    return [event | {"sequence_number": n} for n, event in enumerate(stream)]


def decoded(stream: list[Wire]) -> list[models.StreamEvent]:
    return [
        models.decode_event(json.dumps(event).encode(), index) for index, event in enumerate(stream)
    ]


def image_tool(partial_images: int) -> list[Wire]:
    return [{"type": "image_generation", "partial_images": partial_images}]


def good() -> dict[str, list[Wire]]:
    """Every kind of good stream by name."""
    streams = {
        "empty": wires(),
        "text": wires(message(0, text_part("Hel", "lo ", "fox"))),
        "text without deltas": wires(message(0, text_part())),
        "two parts": wires(message(0, text_part("a", "b"), text_part("c"))),
        "citations": wires(message(0, text_part("fox", citations=2))),
        "refusal": wires(message(0, refusal_part("I ", "will not"))),
        "odd part": wires(message(0, odd_part())),
        "no parts": wires(message(0)),
        "incomplete text": wires(
            message(0, text_part("Once"), status="incomplete"), ending="incomplete"
        ),
        "reasoning": wires(reasoning(0), message(1, text_part("x"))),
        "reasoning, other spelling": wires(reasoning(0, spelling="reasoning")),
        "empty reasoning": wires(reasoning(0, (), ())),
        "function call": wires(function_call(0)),
        "incomplete function call": wires(
            function_call(0, ('{"a',), status="incomplete"), ending="incomplete"
        ),
        "custom call": wires(custom_call(0)),
        "failed image": wires(failed_image(0), message(1, text_part("sorry"))),
        "image failed at once": wires(failed_image(0, after=0)),
        "hosted image": wires(image_call(0, 1, kind="openrouter:image_generation")),
        "hosted image, bare": wires([*plain(0, "openrouter:image_generation")[:1],
            {"type": R + "output_item.done", "output_index": 0, "item": {
                "type": "openrouter:image_generation", "id": "pl_0", "status": "completed",
                "imageUrl": "https://example.org/a.png"}}]),
        "hosted image failed": wires(
            image_call(0, kind="openrouter:image_generation", status="incomplete")
        ),
        "web search": wires(web_search(0)),
        "failed web search": wires(web_search(0, "failed")),
        "file search": wires(file_search(0)),
        "code": wires(code_interpreter(0)),
        "mcp": wires(mcp_list_tools(0), mcp_call(1)),
        "mcp failed": wires(mcp_list_tools(0, "failed"), mcp_call(1, failed=True)),
        "shell": wires(shell_call(0), shell_output(1)),
        "patch": wires(apply_patch(0)),
        "fusion": wires(fusion(0), fusion(1, analysis=False)),
        "compaction": wires(compaction(0)),
        "plain": wires(plain(0)),
        "unknown item": wires(plain(0, "acme:hologram")),
        "audio": wires(audio()),
        "parallel": wires(interleaved(
            message(0, text_part("a", "b")), function_call(1), image_call(2, 2), reasoning(3),
        )),
        "cancelled": wires(failed_image(0), ending="incomplete", status="cancelled"),
        "failed": wires(message(0, text_part("Onc"), status="incomplete"), ending="failed"),
        "background": wires(image_call(0, 3), queued=True, background=True),
        "debug and unknown": wires(
            [{"type": R + "debug", "debug": {"echo_upstream_body": {}}}],
            message(0, text_part("a")),
            [{"type": "acme.sparkle", "glitter": 3}],
        ),
        "error alone": numbered([{
            "type": "error", "code": "rate_limit", "message": "later", "param": None,
        }]),
    }  # fmt: skip
    for n in range(4):
        streams[f"image, {n} partials"] = wires(
            image_call(0, n), message(1, text_part("Here")), tools=image_tool(n)
        )
    waiting = [
        {"type": R + "created", "response": response("queued")},
        {"type": R + "queued", "response": response("queued")},
        {"type": R + "incomplete", "response": response("cancelled")},
    ]
    streams["cancelled while queued"] = numbered(waiting)
    return streams
