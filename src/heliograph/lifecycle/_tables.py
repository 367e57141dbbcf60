"""What may follow what, as tables.

Theory of operation
===================
A stream is not one machine but a small tree of them. The *response* is the root; each output *item*
is a machine that lives while its item is open; each *part* of an item (content part, reasoning
summary, shell command, fusion panel member) is a machine inside its item; *audio* and its
transcript hang on the response, because their events name no item. One event moves one machine,
with three exceptions, which are in the engine (``_on_*.py``) and nowhere else:

1. An event that opens or closes a machine (``output_item.added``, ``content_part.added``, ...) is
   seen by the parent as well: the parent's table says whether it may have such a child now.
2. Every event but the response's own needs the response to be ``in_progress``.
3. A machine with open children does not close, and a response with open items does not end.

A table maps ``(state, event type)`` to the state that follows. What is not in the table is not
allowed. The first state of the first row is where the machine starts. States are ranked by where
they first stand as a row's own state, final ones last: after a violation the engine moves forward
along that rank, never back, so that one fault is reported once.

An item's last event is annotated with the status it bears: ``output_item.done`` on an item with
``status: failed`` is looked up as ``done("failed")``, and an item without a status as ``done("")``.
So "a failed picture has no ``completed`` event" is a row, not code.

Rules for whoever edits this next
=================================
1. Everything that says *what may follow what* stands here. Everything that compares *values*
   (numbers, texts, ids) is a rule in ``_rules.py`` and code in the engine.
2. A provider's habit is never a row here. It is a named tolerance in ``_dialects.py``, which adds
   rows.
3. A new item type with events of its own gets a table and a line in ``ITEM_TABLES``; one without
   gets nothing: ``PLAIN_ITEM`` holds.
4. Keep the rows in the order in which a good stream passes them: ranks and diagrams follow it.
5. ``docs/lifecycle.md`` is drawn from these tables. Run ``python
   docs/_tools/lifecycle_diagram.py``; a test fails while the page is stale.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Table: TypeAlias = dict[tuple[str, str], str]

ADDED: Final = "response.output_item.added"
DONE: Final = "response.output_item.done"
CREATED: Final = "response.created"
QUEUED: Final = "response.queued"
IN_PROGRESS: Final = "response.in_progress"
COMPLETED: Final = "response.completed"
INCOMPLETE: Final = "response.incomplete"
FAILED: Final = "response.failed"
ERROR: Final = "error"
DEBUG: Final = "response.debug"
KEEP_ALIVE: Final = "response.keep_alive"

#: The three events that end a response.
TERMINAL: Final = frozenset({COMPLETED, INCOMPLETE, FAILED})


def done(status: str) -> str:
    """The annotated name of ``output_item.done`` on an item whose status is ``status``."""
    return f"{DONE}:{status}"


# --- The response. Items, parts and audio come only while in_progress (exception 2). ----------
# A cancelled response is an incomplete one: no union knows a cancelled event.
RESPONSE: Final[Table] = {
    ("none", CREATED): "created",
    ("none", ERROR): "errored",
    ("created", DEBUG): "created",
    ("created", QUEUED): "queued",
    ("created", IN_PROGRESS): "in_progress",
    ("created", INCOMPLETE): "incomplete",
    ("created", FAILED): "failed",
    ("queued", DEBUG): "queued",
    ("queued", IN_PROGRESS): "in_progress",
    ("queued", INCOMPLETE): "incomplete",
    ("queued", FAILED): "failed",
    ("in_progress", DEBUG): "in_progress",
    ("in_progress", COMPLETED): "completed",
    ("in_progress", INCOMPLETE): "incomplete",
    ("in_progress", FAILED): "failed",
}

AUDIO: Final[Table] = {
    ("silent", "response.audio.delta"): "speaking",
    ("speaking", "response.audio.delta"): "speaking",
    ("speaking", "response.audio.done"): "silent",
}

TRANSCRIPT: Final[Table] = {
    ("silent", "response.audio.transcript.delta"): "speaking",
    ("speaking", "response.audio.transcript.delta"): "speaking",
    ("speaking", "response.audio.transcript.done"): "silent",
}

# --- Items. All start at ``added`` and end at ``done``. --------------------------------------
MESSAGE: Final[Table] = {
    ("added", "response.content_part.added"): "added",
    ("added", done("completed")): "done",
    ("added", done("incomplete")): "done",
}

REASONING: Final[Table] = {
    ("added", "response.reasoning_summary_part.added"): "added",
    ("added", "response.content_part.added"): "added",
    ("added", done("completed")): "done",
    ("added", done("incomplete")): "done",
    ("added", done("")): "done",
}

FUNCTION_CALL: Final[Table] = {
    ("added", "response.function_call_arguments.delta"): "writing",
    ("added", "response.function_call_arguments.done"): "written",
    ("added", done("incomplete")): "done",
    ("writing", "response.function_call_arguments.delta"): "writing",
    ("writing", "response.function_call_arguments.done"): "written",
    ("writing", done("incomplete")): "done",
    ("written", done("completed")): "done",
    ("written", done("incomplete")): "done",
    ("written", done("")): "done",
}

CUSTOM_TOOL_CALL: Final[Table] = {
    ("added", "response.custom_tool_call_input.delta"): "writing",
    ("added", "response.custom_tool_call_input.done"): "written",
    ("added", done("incomplete")): "done",
    ("writing", "response.custom_tool_call_input.delta"): "writing",
    ("writing", "response.custom_tool_call_input.done"): "written",
    ("writing", done("incomplete")): "done",
    ("written", done("completed")): "done",
    ("written", done("incomplete")): "done",
    ("written", done("")): "done",
}

# ``incomplete`` never stands on an image_generation_call; a failed one has no ``completed`` event.
IMAGE_CALL: Final[Table] = {
    ("added", "response.image_generation_call.in_progress"): "in_progress",
    ("added", done("failed")): "done",
    ("in_progress", "response.image_generation_call.generating"): "generating",
    ("in_progress", done("failed")): "done",
    ("generating", "response.image_generation_call.partial_image"): "generating",
    ("generating", "response.image_generation_call.completed"): "completed",
    ("generating", done("failed")): "done",
    ("completed", done("completed")): "done",
}

# OpenRouter's hosted item: the same events where the server has them, none where it has not; its
# status has no ``failed``, so ``incomplete`` says it.
IMAGE_SERVER_TOOL: Final[Table] = {
    ("added", "response.image_generation_call.in_progress"): "in_progress",
    ("added", done("completed")): "done",
    ("added", done("incomplete")): "done",
    ("in_progress", "response.image_generation_call.generating"): "generating",
    ("in_progress", done("incomplete")): "done",
    ("generating", "response.image_generation_call.partial_image"): "generating",
    ("generating", "response.image_generation_call.completed"): "completed",
    ("generating", done("incomplete")): "done",
    ("completed", done("completed")): "done",
}

WEB_SEARCH_CALL: Final[Table] = {
    ("added", "response.web_search_call.in_progress"): "in_progress",
    ("added", done("failed")): "done",
    ("added", done("incomplete")): "done",
    ("in_progress", "response.web_search_call.searching"): "searching",
    ("in_progress", done("failed")): "done",
    ("in_progress", done("incomplete")): "done",
    ("searching", "response.web_search_call.completed"): "completed",
    ("searching", done("failed")): "done",
    ("searching", done("incomplete")): "done",
    ("completed", done("completed")): "done",
}

FILE_SEARCH_CALL: Final[Table] = {
    ("added", "response.file_search_call.in_progress"): "in_progress",
    ("added", done("failed")): "done",
    ("added", done("incomplete")): "done",
    ("in_progress", "response.file_search_call.searching"): "searching",
    ("in_progress", done("failed")): "done",
    ("in_progress", done("incomplete")): "done",
    ("searching", "response.file_search_call.completed"): "completed",
    ("searching", done("failed")): "done",
    ("searching", done("incomplete")): "done",
    ("completed", done("completed")): "done",
}

CODE_INTERPRETER_CALL: Final[Table] = {
    ("added", "response.code_interpreter_call.in_progress"): "in_progress",
    ("added", done("failed")): "done",
    ("added", done("incomplete")): "done",
    ("in_progress", "response.code_interpreter_call_code.delta"): "writing",
    ("in_progress", "response.code_interpreter_call_code.done"): "written",
    ("in_progress", done("failed")): "done",
    ("in_progress", done("incomplete")): "done",
    ("writing", "response.code_interpreter_call_code.delta"): "writing",
    ("writing", "response.code_interpreter_call_code.done"): "written",
    ("writing", done("failed")): "done",
    ("writing", done("incomplete")): "done",
    ("written", "response.code_interpreter_call.interpreting"): "interpreting",
    ("written", done("failed")): "done",
    ("written", done("incomplete")): "done",
    ("interpreting", "response.code_interpreter_call.completed"): "completed",
    ("interpreting", done("failed")): "done",
    ("interpreting", done("incomplete")): "done",
    ("completed", done("completed")): "done",
}

MCP_CALL: Final[Table] = {
    ("added", "response.mcp_call.in_progress"): "in_progress",
    ("added", done("failed")): "done",
    ("added", done("incomplete")): "done",
    ("in_progress", "response.mcp_call_arguments.delta"): "writing",
    ("in_progress", "response.mcp_call_arguments.done"): "written",
    ("in_progress", "response.mcp_call.failed"): "failed",
    ("in_progress", done("incomplete")): "done",
    ("writing", "response.mcp_call_arguments.delta"): "writing",
    ("writing", "response.mcp_call_arguments.done"): "written",
    ("writing", "response.mcp_call.failed"): "failed",
    ("writing", done("incomplete")): "done",
    ("written", "response.mcp_call.completed"): "completed",
    ("written", "response.mcp_call.failed"): "failed",
    ("written", done("incomplete")): "done",
    ("completed", done("completed")): "done",
    ("completed", done("")): "done",
    ("failed", done("failed")): "done",
    ("failed", done("")): "done",
}

MCP_LIST_TOOLS: Final[Table] = {
    ("added", "response.mcp_list_tools.in_progress"): "in_progress",
    ("in_progress", "response.mcp_list_tools.completed"): "completed",
    ("in_progress", "response.mcp_list_tools.failed"): "failed",
    ("completed", done("")): "done",
    ("failed", done("")): "done",
}

SHELL_CALL: Final[Table] = {
    ("added", "response.shell_call_command.added"): "added",
    ("added", done("completed")): "done",
    ("added", done("incomplete")): "done",
}

# The output's events have no ``added``: a command's first delta or done opens its machine.
SHELL_CALL_OUTPUT: Final[Table] = {
    ("added", "response.shell_call_output_content.delta"): "added",
    ("added", "response.shell_call_output_content.done"): "added",
    ("added", done("completed")): "done",
    ("added", done("incomplete")): "done",
}

APPLY_PATCH_CALL: Final[Table] = {
    ("added", "response.apply_patch_call_operation_diff.delta"): "writing",
    ("added", "response.apply_patch_call_operation_diff.done"): "written",
    ("added", done("completed")): "done",  # a delete_file operation has no diff
    ("added", done("incomplete")): "done",
    ("writing", "response.apply_patch_call_operation_diff.delta"): "writing",
    ("writing", "response.apply_patch_call_operation_diff.done"): "written",
    ("writing", done("incomplete")): "done",
    ("written", done("completed")): "done",
    ("written", done("incomplete")): "done",
}

FUSION_CALL: Final[Table] = {
    ("added", "response.fusion_call.in_progress"): "in_progress",
    ("added", done("incomplete")): "done",
    ("in_progress", "response.fusion_call.panel.added"): "in_progress",
    ("in_progress", "response.fusion_call.analysis.in_progress"): "analysing",
    ("in_progress", "response.fusion_call.completed"): "completed",
    ("in_progress", done("incomplete")): "done",
    ("analysing", "response.fusion_call.analysis.completed"): "analysed",
    ("analysing", "response.fusion_call.completed"): "completed",
    ("analysing", done("incomplete")): "done",
    ("analysed", "response.fusion_call.completed"): "completed",
    ("analysed", done("incomplete")): "done",
    ("completed", done("completed")): "done",
    ("completed", done("incomplete")): "done",
}

COMPACTION: Final[Table] = {
    ("added", "response.compaction.compacting"): "compacting",
    ("added", done("")): "done",
    ("compacting", "response.compaction.compacting"): "compacting",
    ("compacting", done("")): "done",
}

# Items without events of their own (computer calls, outputs, approvals, server tools, ...).
PLAIN_ITEM: Final[Table] = {
    ("added", done("completed")): "done",
    ("added", done("incomplete")): "done",
    ("added", done("failed")): "done",
    ("added", done("")): "done",
}

ITEM_TABLES: Final[dict[str, Table]] = {
    "message": MESSAGE,
    "reasoning": REASONING,
    "function_call": FUNCTION_CALL,
    "custom_tool_call": CUSTOM_TOOL_CALL,
    "image_generation_call": IMAGE_CALL,
    "openrouter:image_generation": IMAGE_SERVER_TOOL,
    "web_search_call": WEB_SEARCH_CALL,
    "file_search_call": FILE_SEARCH_CALL,
    "code_interpreter_call": CODE_INTERPRETER_CALL,
    "mcp_call": MCP_CALL,
    "mcp_list_tools": MCP_LIST_TOOLS,
    "shell_call": SHELL_CALL,
    "shell_call_output": SHELL_CALL_OUTPUT,
    "apply_patch_call": APPLY_PATCH_CALL,
    "openrouter:fusion": FUSION_CALL,
    "compaction": COMPACTION,
}

#: Items that a response may end with still open: a suspended subagent is announced once and comes
#: back as a new item in a later response (OpenRouter's OpenAPI, ``subagent_id``).
MAY_STAY_OPEN: Final = frozenset({"openrouter:subagent"})

# --- Parts. All start at ``open`` and end at ``done``. ---------------------------------------
TEXT_PART: Final[Table] = {
    ("open", "response.output_text.delta"): "open",
    ("open", "response.output_text.annotation.added"): "open",
    ("open", "response.output_text.done"): "said",
    ("said", "response.output_text.annotation.added"): "said",
    ("said", "response.content_part.done"): "done",
}

REFUSAL_PART: Final[Table] = {
    ("open", "response.refusal.delta"): "open",
    ("open", "response.refusal.done"): "said",
    ("said", "response.content_part.done"): "done",
}

# Two spellings: reasoning_text is OpenAI's and OpenRouter's, reasoning is Open Responses'.
REASONING_PART: Final[Table] = {
    ("open", "response.reasoning_text.delta"): "open",
    ("open", "response.reasoning.delta"): "open",
    ("open", "response.reasoning_text.done"): "said",
    ("open", "response.reasoning.done"): "said",
    ("said", "response.content_part.done"): "done",
}

PLAIN_PART: Final[Table] = {
    ("open", "response.content_part.done"): "done",
}

SUMMARY_PART: Final[Table] = {
    ("open", "response.reasoning_summary_text.delta"): "open",
    ("open", "response.reasoning_summary_text.done"): "said",
    ("said", "response.reasoning_summary_part.done"): "done",
}

SHELL_COMMAND: Final[Table] = {
    ("open", "response.shell_call_command.delta"): "open",
    ("open", "response.shell_call_command.done"): "done",
}

SHELL_OUTPUT: Final[Table] = {
    ("open", "response.shell_call_output_content.delta"): "open",
    ("open", "response.shell_call_output_content.done"): "done",
}

FUSION_PANEL: Final[Table] = {
    ("open", "response.fusion_call.panel.reasoning.delta"): "open",
    ("open", "response.fusion_call.panel.delta"): "open",
    ("open", "response.fusion_call.panel.completed"): "done",
    ("open", "response.fusion_call.panel.failed"): "done",
}

#: Content part type -> its table. Types of no spec are not checked (an unknown part may hold
#: anything).
CONTENT_PART_TABLES: Final[dict[str, Table]] = {
    "output_text": TEXT_PART,
    "refusal": REFUSAL_PART,
    "reasoning_text": REASONING_PART,
}

#: Every table by the name that docs, diagrams and tolerances use.
TABLES: Final[dict[str, Table]] = {
    "response": RESPONSE,
    "audio": AUDIO,
    "transcript": TRANSCRIPT,
    **ITEM_TABLES,
    "item": PLAIN_ITEM,
    "output_text": TEXT_PART,
    "refusal": REFUSAL_PART,
    "reasoning_text": REASONING_PART,
    "content_part": PLAIN_PART,
    "summary_part": SUMMARY_PART,
    "shell_command": SHELL_COMMAND,
    "shell_output": SHELL_OUTPUT,
    "fusion_panel": FUSION_PANEL,
}
