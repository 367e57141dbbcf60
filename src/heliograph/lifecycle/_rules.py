"""The rules that ``check`` reports, by id.

``...-001`` of each family is the family's table: an event came where its table has no row for it.
The other rules compare values, which a table cannot. Ids are stable: a rule that goes away leaves
its number empty, a new one takes the next.

==========  =====================================================
``HG-EVT``  the event itself cannot be read
``HG-SSE``  the frames around the events
``HG-SEQ``  sequence numbers
``HG-RSP``  the response
``HG-ITM``  output items
``HG-PRT``  parts of items (content, summaries, commands, panels)
``HG-TXT``  text, refusals and annotations
``HG-FNC``  function calls
``HG-RSN``  reasoning
``HG-IMG``  image calls
``HG-CAL``  every other hosted or custom tool call
``HG-AUD``  audio
``HG-END``  how a stream ends
``HG-FLD``  fields that a spec requires
==========  =====================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RULES: Final[dict[str, str]] = {
    "HG-EVT-001": "every event decodes: known types have their fields, of the right JSON type",
    "HG-SSE-001": "the SSE event name equals the event's type",
    "HG-SSE-002": "data: [DONE] comes once, and nothing comes after it",
    "HG-SSE-003": "an SSE stream that ended a response closes with data: [DONE]",
    "HG-SEQ-001": "sequence_number starts at 0 and goes up by 1",
    "HG-SEQ-002": "every event has a sequence_number",
    "HG-RSP-001": "response events follow the response's table, response.created first",
    "HG-RSP-002": "the response's id stays the same",
    "HG-RSP-003": "response.status is the one that the event stands for",
    "HG-RSP-004": "the output is empty until items are added",
    "HG-RSP-005": "items, parts and audio come only while the response is in progress",
    "HG-RSP-006": "silence is no event: response.keep_alive stands in no spec",
    "HG-RSP-007": "usage is an object (zeros until known), never null",
    "HG-ITM-001": "output_index is new and the next one: 0, 1, 2, ...",
    "HG-ITM-002": "an event's item was added before and is not done yet",
    "HG-ITM-003": "item_id and output_index name the same item throughout",
    "HG-ITM-004": "an item's id is used once in a response",
    "HG-ITM-005": "the done item is the added one: same type, id, name and call_id",
    "HG-ITM-006": "an item is added unfinished: in_progress if it has a status, and empty",
    "HG-ITM-007": "an item is done with a final status that its type has",
    "HG-ITM-008": "all of an item's parts are done before the item is",
    "HG-ITM-009": "a message's content, when done, is the parts that were streamed",
    "HG-ITM-010": "an event fits the type of its item",
    "HG-PRT-001": "a part's events follow its table: added, deltas, done",
    "HG-PRT-002": "content_index, summary_index and command_index are the next one: 0, 1, 2, ...",
    "HG-PRT-003": "a part is done with the type it was added with",
    "HG-PRT-004": "a part is added empty",
    "HG-TXT-001": "text in a done event is its deltas, joined",
    "HG-TXT-002": "a content part, when done, holds the text of its done event",
    "HG-TXT-003": "annotation_index is the next one: 0, 1, 2, ...",
    "HG-TXT-004": "a content part, when done, holds the annotations that were added",
    "HG-FNC-001": "function call events follow their table",
    "HG-FNC-002": "arguments in a done event are their deltas, joined",
    "HG-FNC-003": "a function call, when done, has the arguments that were streamed",
    "HG-FNC-004": "function_call_arguments.done has the name of its item",
    "HG-RSN-001": "reasoning text and summary events follow their tables",
    "HG-RSN-002": "reasoning text in a done event is its deltas, joined",
    "HG-RSN-003": "a reasoning part, when done, holds the text of its done event",
    "HG-RSN-004": "a reasoning item, when done, holds the content and summary that were streamed",
    "HG-IMG-001": "image call events follow their table: in_progress, generating, partial images",
    "HG-IMG-002": "in_progress, generating and completed come once per image call",
    "HG-IMG-003": "partial_image_index goes up by 1 from 0",
    "HG-IMG-004": "no more partial images come than the tool asked for",
    "HG-IMG-005": "no partial image comes after completed",
    "HG-IMG-006": "an image call is done as completed only after its completed event",
    "HG-IMG-007": "a failed image call has no completed event",
    "HG-IMG-008": "status incomplete never stands on an image_generation_call",
    "HG-IMG-009": "a completed image call has its result",
    "HG-CAL-001": "tool call events follow their table",
    "HG-CAL-002": "code, input, arguments, diff or command in a done event is its deltas, joined",
    "HG-CAL-003": "a tool call, when done, has the code, input, arguments or diff as streamed",
    "HG-AUD-001": "audio and transcript events follow their tables: deltas, then done",
    "HG-END-001": "nothing comes after the event that ends the response",
    "HG-END-002": "a stream ends with response.completed, response.incomplete or response.failed",
    "HG-END-003": "the last event's status is completed, incomplete (or cancelled) or failed",
    "HG-END-004": "no item, part or audio is open when the response ends",
    "HG-END-005": "the last event's output is the items that were done, in order",
    "HG-END-006": "a failed response has an error, an incomplete one incomplete_details",
    "HG-END-007": "a stream that created a response does not end with an error event",
    "HG-FLD-001": "a field that a spec requires is there",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    ``rule`` is a key of ``RULES``; ``index`` the event's position in its stream, from 0 (for a rule
    about the stream's end, the number of events); ``message`` says what came; ``expected`` what
    would be right.
    """

    rule: str
    index: int
    message: str
    expected: str

    def __str__(self) -> str:
        return f"{self.rule} at event {self.index}: {self.message}; expected {self.expected}"
