"""Writes docs/protocol.md: the cluster's protocol from its tables, and what was explored of it.

Run ``python docs/_tools/protocol.py`` after a change of ``heliograph/journal/_nats`` or of
``tests/journal/model`` (half a minute). ``tests/journal/model/test_explored.py`` explores again,
and fails where the page says otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "protocol.md"
sys.path.insert(0, str(ROOT))

from tests.journal.model.explore import Explored, explore  # noqa: E402
from tests.journal.model.scenarios import SCENARIOS  # noqa: E402

from heliograph.journal._nats._commit import FINAL, TRANSITIONS  # noqa: E402

_HEAD = """\
# The cluster's protocol

<!-- Written by docs/_tools/protocol.py. Do not edit. -->

A response on NATS JetStream is one log: a subject whose records are written by compare-and-set
only. This page shows how one record is written, what the records are, and what was checked.
[promises.md](promises.md) says what all of it is for.

## One record

| state | what comes | then |
| --- | --- | --- |
"""

_RECORDS = """
A row that ends in a verdict rests on an answer, never on silence. Each record has a random nonce,
so that one's own is known again.

## The records of a log

| record | epoch | runs after it | written by |
| --- | --- | --- | --- |
| `create` | 0, or 1 where it is claimed as it is made | only if claimed | the gateway |
| `claim` | the last + 1 | yes | a worker, where nobody holds the response |
| `frame` | the newest claim's | yes | the holder |
| `release` | the newest claim's | no | the holder |
| `end` | the newest claim's | no | the holder |
| `tomb` | the last + 1 | no | whoever deletes; nothing follows it for a day |

## What is explored

`tests/journal/model` runs the journal's own code, from `create` down to one request on the wire,
against a model of JetStream. A process is a function from the answers it has heard to its next
request, so that every order of requests can be tried. Each exploration is exhaustive within its
bounds.

- A *fault* is a write that is lost, a write whose answer is lost, a write that arrives late, a look
  that fails, or the death of a process. It may come at every step.
- A *lapse* is 20 seconds passing at once: every lease runs out.
- A *drop* is a republished record that the reader does not hear.

| exploration | processes | faults | lapses | drops | states | steps | longest | ends |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""

_TAIL = """
In every state:

- **P1** The log has no gap and no duplicate. What was acknowledged is in it. What it took is still
  there unless the response was deleted. What a reader has seen is a prefix of it.
- **P2** No record of an epoch below the newest claim is accepted. None is accepted after the end
  but a tombstone, and none after a tombstone.
- **An end** From each state where no further step is possible within the bounds, time passes, the
  sweeper looks and a worker works; the response is over, and no job or live record is left of it.
  Every state reaches such a state.

The checks can fail. `test_mutations.py` breaks the code (no fence, 10071 taken for one's own,
silence taken for consent, no tombstone, `finish` that leaves the queue before it appends, no
sweeper), and each is found. `test_machine.py` takes longer random runs with more workers and more
faults. `tests/journal/nats/test_invariants.py` checks the same on a real server, through a way that
loses answers and cuts connections; `test_broker.py` asks the model and a real server the same.

## What is assumed

- JetStream compares and sets one subject atomically and keeps what it acknowledged. The model
  of it is exact for the requests that the journal makes, and does not deduplicate.
- A read through the leader sees every write that was acknowledged. Reads from replicas that are
  behind are not in the model.
- Reads that are asked together are answered one after the other, in either order.
- Processes agree on the time. Records fit into a message. Idempotency keys, blobs, cancels and
  expiry are not in the model, nor are turns: a worker is shown the one job there is, and takes it.
"""


def page(found: dict[str, Explored]) -> str:
    """The whole page."""
    text = _HEAD
    for (state, outcome), after in TRANSITIONS.items():
        verdict = f"**{after.value}**" if after in FINAL else after.value
        text += f"| {state.value} | {outcome.value} | {verdict} |\n"
    text += _RECORDS
    for name, scenario in SCENARIOS.items():
        left = msgspec.structs.asdict(found[name]).values()
        cells = [f"`{name}`", scenario.says, *map(str, scenario.left), *map(str, left)]
        text += f"| {' | '.join(cells)} |\n"
    return text + _TAIL


def figures_on(text: str) -> dict[str, Explored]:
    """What a page says was explored, by name."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 9 and cells[0].startswith("`"):
            found[cells[0].strip("`")] = Explored(*map(int, cells[5:]))
    return found


def main() -> int:
    """Explore, and write."""
    PAGE.write_text(page({name: explore(one) for name, one in SCENARIOS.items()}), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
