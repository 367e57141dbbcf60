"""What an upstream does wrong, and what comes of it here: a row for every switch of the fakes.

``streamed`` is what a client of ours sees where the upstream streams, ``whole`` where it answers a
request for a stream with one body.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.server.faults.yard import CHATS, HASTE, TEXT

__all__ = ["Case", "Sees", "rows"]


class Sees(NamedTuple):
    """The end of the story: of the response for a chat wire, of the picture for an image wire.

    ``words`` is the text that stays, ``previews`` how many were shown, ``asked`` how often the
    upstream was.
    """

    status: str = "completed"
    code: str = ""
    says: str = ""
    words: str = TEXT
    previews: int = 2
    asked: int = 1


class Case(NamedTuple):
    """``alone``: it changes how the server treats the upstream from then on."""

    switches: dict[str, Any]
    streamed: Sees
    whole: Sees
    alone: bool = False

    @property
    def haste(self) -> str:
        """Which of the wire's models to ask: one that soon takes silence for a fault, or not."""
        return " in haste" if 60 in self.switches.values() else ""


WELL = Sees()
CUT = "the upstream cut its answer short"
SILENT = f"the upstream sent nothing within {HASTE:g} s"
STALLED = "the upstream went silent in the middle of its answer"
KEY = "the upstream refused this server's key (HTTP 401)"


def fails(code: str, says: str, **more: Any) -> Sees:
    return Sees("failed", code, says, **{"words": "", "previews": 0, **more})


def both(switches: dict[str, Any], sees: Sees, *, alone: bool = False) -> Case:
    return Case(switches, sees, sees, alone)


def rows(wire: str) -> dict[str, list[Case]]:
    """The wire's table: switch -> what was tried with it."""
    return _chat(wire) if wire in CHATS else _images()


def _chat(wire: str) -> dict[str, list[Case]]:
    first = 1 if wire == "chat completions" else 4  # the event that brings the first word
    shown = 2 if wire == "relay" else first  # the first one that a client is shown
    told = "the fake was told to answer"
    broken = {
        "chat completions": ("sent a chunk that is no chat completion: it is no JSON",) * 2,
        "responses": ("broke the protocol: event 0", "sent no response: $: not JSON"),
        "relay": ("broke the protocol: event 0", "sent no response: $: not JSON"),
    }[wire]
    wrong = {
        "chat completions": ("$.choices[0].delta.content", "$.choices[0].message.content"),
        "responses": ("sequence_number: expected an integer", "created_at: expected"),
        "relay": ("sequence_number: expected an integer", "created_at: expected"),
    }[wire]

    def server(says: str, **more: Any) -> Sees:
        return fails("server_error", says, **{"asked": 2, **more})

    return {
        "slow": [both({"slow": 0.02}, WELL)],
        "silent": [both({"silent": 0.3}, WELL), both({"silent": 60}, server(SILENT))],
        "stall": [both({"stall": 0.3}, WELL), Case({"stall": 60}, server(STALLED), WELL)],
        "cut": [
            both({"cut": 0}, server(CUT)),
            Case({"cut": shown}, server(CUT), server(CUT)),
            Case({"cut": first + 2}, server(CUT, words="One two", asked=1), server(CUT)),
        ],
        "status": [
            both({"status": 400}, fails("invalid_prompt", f"{told} 400")),
            both({"status": 401}, server(KEY, asked=1)),
            both({"status": 404}, server(f"{told} 404", asked=1)),
            both({"status": 429}, fails("rate_limit_exceeded", f"{told} 429", asked=2)),
            both({"status": 500}, server(f"{told} 500")),
            both({"status": 503}, server(f"{told} 503")),
        ],
        "retry_after": [
            both({"status": 429, "retry_after": 0.2, "times": 1}, Sees(asked=2)),
            both(
                {"status": 429, "retry_after": 600},
                fails("rate_limit_exceeded", f"{told} 429"),
                alone=True,
            ),
        ],
        "error": [
            both(
                {"status": 400, "error": {"code": "content_policy_violation", "message": "no, no"}},
                fails("invalid_prompt", "no, no"),
            ),
            both(
                {"status": 429, "error": {"code": "insufficient_quota", "message": "pay"}},
                server("pay", asked=1),
            ),
        ],
        "error_at": [
            Case({"error_at": 0}, server("the model went away"), WELL),
            Case({"error_at": shown}, server("the model went away"), WELL),
            Case(
                {"error_at": first + 3, "error": {"message": "out of memory"}},
                server("out of memory", words="One two three", asked=1),
                WELL,
            ),
        ],
        "bad_json": [Case({"bad_json": True}, server(broken[0]), server(broken[1]))],
        "wrong_types": [Case({"wrong_types": True}, server(wrong[0]), server(wrong[1]))],
        "no_stream": [
            both({"no_stream": True}, fails("invalid_prompt", "this server does not stream"))
        ],
        "ignore_stream": [both({"ignore_stream": True}, WELL)],
        "endless": [
            Case(
                {"endless": True},
                Sees("incomplete", "max_output_tokens", words=TEXT + "One two"),
                WELL,
            )
        ],
        "times": [
            both({"status": 500, "times": 1}, Sees(asked=2)),
            both({"status": 500, "times": 2}, server(f"{told} 500")),
            both({"cut": 0, "times": 1}, Sees(asked=2)),
            Case(
                {"cut": first + 2, "times": 1}, server(CUT, words="One two", asked=1), Sees(asked=2)
            ),
        ],
    }


def _images() -> dict[str, list[Case]]:
    told = "The fake was told to fail. (HTTP"
    drawn = Sees(previews=0)

    def server(says: str, **more: Any) -> Sees:
        """What failed before a preview was shown is tried once more."""
        asked = 1 if more.get("previews") else 2
        return fails("server_error", says, **{"asked": asked, **more})

    wrong = "the upstream's answer is not understood: "
    return {
        "slow": [Case({"slow": 0.02}, WELL, drawn)],
        "silent": [
            Case({"silent": 0.3}, WELL, drawn),
            both({"silent": 60}, server(SILENT)),
        ],
        "stall": [
            Case({"stall": 0.3}, WELL, drawn),
            Case({"stall": 60}, server(STALLED, previews=1), drawn),
        ],
        "cut": [
            both({"cut": 0}, server(CUT)),
            Case({"cut": 1}, server(CUT, previews=1), server(CUT)),
            Case({"cut": 2}, server(CUT, previews=2), server(CUT)),
        ],
        "status": [
            both({"status": 400}, fails("invalid_prompt", f"{told} 400)")),
            both({"status": 401}, server(KEY, asked=1)),
            both({"status": 404}, server(f"{told} 404)", asked=1)),
            both({"status": 429}, fails("rate_limit_exceeded", f"{told} 429)", asked=2)),
            both({"status": 500}, server(f"{told} 500)")),
            both({"status": 503}, server(f"{told} 503)")),
        ],
        "retry_after": [
            both({"status": 429, "retry_after": 0.2, "times": 1}, Sees(asked=2)),
            both(
                {"status": 429, "retry_after": 600},
                fails("rate_limit_exceeded", f"{told} 429)"),
                alone=True,
            ),
        ],
        "error": [
            both(
                {"status": 400, "error": {"code": "content_policy_violation", "message": "no, no"}},
                fails("image_content_policy_violation", "no, no"),
            )
        ],
        "error_at": [
            Case({"error_at": 0}, server("The picture could not be made."), drawn),
            Case(
                {"error_at": 1, "error": {"message": "out of memory"}},
                server("out of memory", previews=1),
                drawn,
            ),
            Case({"error_at": 2}, server("The picture could not be made.", previews=2), drawn),
        ],
        "bad_json": [both({"bad_json": True}, server(wrong))],
        "wrong_types": [
            Case({"wrong_types": True}, server(f"{wrong}b64_json"), server(f"{wrong}created"))
        ],
        "no_stream": [
            both({"no_stream": True}, Sees(previews=0, asked=2), alone=True),
        ],
        "ignore_stream": [both({"ignore_stream": True}, drawn)],
        "endless": [
            Case({"endless": True}, server("is over 2000 events", previews=2), drawn),
        ],
        "times": [
            both({"status": 500, "times": 1}, Sees(asked=2)),
            both({"status": 500, "times": 2}, server(f"{told} 500)")),
            Case({"cut": 0, "times": 1}, Sees(asked=2), Sees(previews=2, asked=2)),
            Case({"cut": 1, "times": 1}, server(CUT, previews=1), Sees(previews=2, asked=2)),
        ],
    }
