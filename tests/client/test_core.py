"""The core's decisions, without a wire: what is tried again, resumed, dropped, given up."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.client.streams import frame, numbered, response, text_events, wire

from heliograph import errors
from heliograph.client import Retries, Timeout
from heliograph.client._core._assembly import Assembly
from heliograph.client._core._course import Course
from heliograph.client._core._retries import Server, Tries, fault
from heliograph.client._transport import Call

OURS = {"x-response-id": "resp_1", "content-type": "text/event-stream"}
OTHERS = {"content-type": "text/event-stream"}
TEXT = text_events("The ", "fox", " — ", "狐")
BASE = "http://127.0.0.1/v1"


def call(method: str = "POST") -> Call:
    headers = {"idempotency-key": "k", "content-type": "application/json", "authorization": "x"}
    return Call(
        method=method,
        url=f"{BASE}/responses",
        headers=headers,
        timeout=Timeout(),
        body=b"{}" if method == "POST" else None,
    )


CUT = errors.TransportError("cut")
UNSENT = errors.TransportError("refused", sent=False)
LATE = errors.TransportTimeout("late")
LIMITED = errors.RateLimited("slow down")
BROKE = errors.RateLimited("pay", code="insufficient_quota")
BUSY = errors.ServerError("busy", status=503)
FAILED = errors.ServerError("failed", status=500)
BAD = errors.BadRequest("no")


# -- the policy -------------------------------------------------------------------------------


def test_waits_double_up_to_the_most_and_are_shortened_at_random() -> None:
    policy = Retries(attempts=5, wait_first=1, wait_most=6)
    assert [policy.wait(n, chance=0.0) for n in range(1, 7)] == [1, 2, 4, 6, 6, None]
    assert policy.wait(3, chance=1.0) == 2
    assert all(2 <= (policy.wait(3) or 0) <= 4 for _ in range(50))


def test_retry_after_counts_where_it_is_longer_and_ends_it_past_its_most() -> None:
    policy = Retries(wait_first=1, retry_after_most=30)
    assert policy.wait(1, 7.0, chance=0.0) == 7.0
    assert policy.wait(1, 0.2, chance=0.0) == 1.0
    assert policy.wait(1, 30.5) is None


def test_off_waits_for_nothing() -> None:
    assert Retries.off().wait(1) is None
    assert Retries(attempts=1000, wait_most=9).wait(900, chance=0.0) == 9


@pytest.mark.parametrize(
    "wrong", [{"attempts": -1}, {"wait_first": "1"}, {"repeat": "maybe"}, {"stall_least": None}]
)
def test_a_policy_that_cannot_be_names_its_field(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.UsageError, match=next(iter(wrong))):
        Retries(**wrong)


# -- one call ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UNSENT, "passing"),
        (LIMITED, "passing"),
        (BUSY, "passing"),
        (CUT, "unclear"),
        (LATE, "unclear"),
        (FAILED, "unclear"),
        (errors.ServerError("x", status=529), "unclear"),
        (errors.ServerError("x", status=501), "final"),
        (BROKE, "final"),
        (BAD, "final"),
        (errors.Conflict("x"), "final"),
        (errors.APIError("x", status=408), "final"),
        (errors.NotFound("x"), "final"),
        (errors.ProtocolError("x"), "final"),
    ],
)
def test_each_failure_is_one_of_three(error: errors.HeliographError, kind: str) -> None:
    assert fault(error) == kind


# What may be done twice; a POST with a key that is honoured; with one of which nothing is known;
# one that its key does not find again (store=False).
KINDS: dict[str, dict[str, Any]] = {
    "get": {"repeatable": True},
    "honoured": {"keyed": True, "honoured": True},
    "unknown": {"keyed": True},
    "unstored": {"honoured": True},
}
TABLE = {
    UNSENT: {"get": "again", "honoured": "again", "unknown": "again", "unstored": "again"},
    LIMITED: {"get": "again", "honoured": "again", "unknown": "again", "unstored": "again"},
    BUSY: {"get": "again", "honoured": "again", "unknown": "again", "unstored": "again"},
    CUT: {"get": "again", "honoured": "again", "unknown": "ask", "unstored": "raise"},
    FAILED: {"get": "again", "honoured": "again", "unknown": "ask", "unstored": "raise"},
    LATE: {"get": "raise", "honoured": "raise", "unknown": "raise", "unstored": "raise"},
    BAD: {"get": "raise", "honoured": "raise", "unknown": "raise", "unstored": "raise"},
}


def tries(kind: str, policy: Retries) -> Tries:
    told = dict(KINDS[kind])
    server = Server()
    server.keyed = told.pop("honoured", False)
    asked = call("GET" if kind == "get" else "POST")
    return Tries(policy, server, asked, **{"repeatable": False, **told})


@pytest.mark.parametrize(
    ("error", "kind"), list(itertools.product(TABLE, KINDS)), ids=lambda value: repr(value)[:24]
)
def test_what_a_failure_leads_to(error: errors.HeliographError, kind: str) -> None:
    one = tries(kind, Retries())
    if TABLE[error][kind] == "raise":
        with pytest.raises(type(error)) as caught:
            one.again(error)
        assert caught.value is error
    else:
        assert one.again(error) > 0
        method = "GET" if kind == "get" else "POST"
        assert one.call.method == ("HEAD" if TABLE[error][kind] == "ask" else method)
    off = tries(kind, Retries.off())
    with pytest.raises(type(error)):
        off.again(error)


@pytest.mark.parametrize("kind", ["honoured", "unknown", "unstored"])
def test_always_and_never_are_what_they_say(kind: str) -> None:
    one = tries(kind, Retries(repeat="always"))
    assert one.again(CUT) > 0
    assert one.call.method == "POST"
    with pytest.raises(errors.TransportError):
        tries(kind, Retries(repeat="never")).again(CUT)
    assert tries(kind, Retries(repeat="never")).again(LIMITED) > 0


def test_a_server_that_says_it_honours_keys_gets_the_post_again() -> None:
    one = tries("unknown", Retries())
    one.again(CUT)
    question = one.call
    assert (question.method, question.url, question.body) == ("HEAD", f"{BASE}/responses", None)
    assert "idempotency-key" not in question.headers
    assert question.headers["authorization"] == "x"
    assert not one.accepts(200, {"x-idempotency": "honoured"})
    assert one.again(errors.APIError("405", status=405)) == 0.0
    assert one.call == call()
    assert one.accepts(200, {})


def test_a_server_that_does_not_say_so_leaves_the_first_error() -> None:
    one = tries("unknown", Retries())
    one.again(FAILED)
    assert not one.accepts(200, {})
    with pytest.raises(errors.ServerError) as caught:
        one.again(errors.APIError("whatever"))
    assert caught.value is FAILED


def test_a_question_that_is_cut_is_asked_again_and_then_no_more() -> None:
    one = tries("unknown", Retries(attempts=3))
    for _ in range(3):
        assert one.again(CUT) > 0
        assert one.call.method == "HEAD"
    with pytest.raises(errors.TransportError):
        one.again(CUT)


def test_a_second_delete_that_finds_nothing_is_done() -> None:
    one = Tries(Retries(), Server(), call("DELETE"), repeatable=True)
    assert not one.accepts(404, {})
    one.again(CUT)
    assert one.accepts(404, {})


# -- one stream -------------------------------------------------------------------------------


class Line:
    """A course whose connections are fed by hand."""

    def __init__(self, policy: Retries | None = None, *, stored: bool = True, **more: Any) -> None:
        self.now = 0.0
        self.assembly = Assembly(
            max_frame=1 << 20,
            invalid=more.pop("invalid", "raise"),
            stored=stored,
            stall=(3.0, 1.0),
            clock=lambda: self.now,
            **more,
        )
        self.server = Server()
        self.course = Course(
            policy or Retries(),
            self.server,
            call(),
            self.assembly,
            base_url=BASE,
            include=("a.b",),
        )

    def open(self, headers: dict[str, str]) -> None:
        assert self.course.accepts(200, headers)

    def feed(self, *events: Any) -> list[int | None]:
        return self.bytes(b"".join(map(frame, events)))

    def bytes(self, data: bytes) -> list[int | None]:
        got = [getattr(event, "sequence_number", None) for event in self.assembly.take(data)]
        self.assembly.settle()
        return got


def test_a_cut_asks_for_what_comes_after_the_last_event() -> None:
    line = Line()
    line.open(OURS)
    assert line.feed(*TEXT[:4]) == [0, 1, 2, 3]
    line.bytes(frame(TEXT[4])[:30])
    assert line.course.cut(CUT) > 0
    asked = line.course.call
    assert asked.method == "GET"
    assert asked.url == (f"{BASE}/responses/resp_1?include%5B%5D=a.b&stream=true&starting_after=3")
    assert asked.headers == {"authorization": "x"}
    line.open(OURS)
    assert line.bytes(wire(TEXT[4:])) == list(range(4, len(TEXT)))
    assert line.assembly.ended
    assert line.assembly.final.output[0].content[0].text == "The fox — 狐"


def test_what_was_given_is_dropped_where_the_server_begins_anew() -> None:
    line = Line()
    line.open(OURS)
    line.feed(*TEXT[:6])
    line.course.cut(CUT)
    line.open(OURS)
    assert line.feed(*TEXT[:3]) == []
    assert line.feed(*TEXT[3:7]) == [6]
    assert line.feed(*TEXT[7:]) == list(range(7, len(TEXT)))
    snapshot = line.assembly.snapshot
    assert snapshot is not None
    assert snapshot.output[0].content[0].text == "The fox — 狐"


def test_before_any_event_the_head_is_enough() -> None:
    line = Line()
    line.open(OURS)
    line.course.cut(None)
    assert line.course.call.url.endswith("/responses/resp_1?include%5B%5D=a.b&stream=true")


def test_a_hole_is_asked_for_once_and_then_believed() -> None:
    line = Line()
    line.open(OURS)
    assert line.feed(*TEXT[:3], *TEXT[5:7]) == [0, 1, 2]
    assert line.assembly.done
    assert not line.assembly.ended
    line.course.cut(None)
    assert line.course.call.url.endswith("starting_after=2")
    line.open(OURS)
    assert line.feed(*TEXT[5:]) == list(range(5, len(TEXT)))
    assert line.assembly.ended


def test_a_hole_between_reads_is_seen_too_and_filled() -> None:
    line = Line()
    line.open(OURS)
    line.feed(*TEXT[:3])
    assert line.feed(TEXT[4]) == []
    line.course.cut(None)
    line.open(OURS)
    assert line.feed(*TEXT[3:]) == list(range(3, len(TEXT)))


def test_where_nothing_is_resumed_holes_are_let_be() -> None:
    line = Line(fill=False)
    line.open(OURS)
    assert line.feed(*TEXT[:2], *TEXT[4:]) == [0, 1, *range(4, len(TEXT))]
    assert line.assembly.ended


def test_elsewhere_numbers_are_the_servers_own_business() -> None:
    line = Line()
    line.open(OTHERS)
    strange = [
        {**event, "sequence_number": n} for event, n in zip(TEXT, (1, 1, 5, 3), strict=False)
    ]
    assert line.feed(*strange) == [1, 1, 5, 3]
    assert not line.assembly.done


@pytest.mark.parametrize("error", [BAD, errors.NotFound("x"), errors.ProtocolError("is JSON")])
def test_a_server_that_cannot_resume_interrupts(error: errors.HeliographError) -> None:
    line = Line()
    line.open(OTHERS)
    line.feed(*TEXT[:6])
    assert line.course.cut(CUT) > 0
    with pytest.raises(errors.StreamInterrupted) as caught:
        line.course.again(error)
    broken = caught.value
    assert (broken.response_id, broken.last_sequence, broken.resumable) == ("resp_1", 5, False)
    assert broken.snapshot.output[0].content[0].text == "The fox"
    assert broken.__cause__ is error
    assert "retrieve('resp_1')" in broken.advice


@pytest.mark.parametrize("error", [CUT, UNSENT, LATE, LIMITED, BUSY, FAILED])
def test_what_may_pass_at_the_reconnect_is_tried_again(error: errors.HeliographError) -> None:
    line = Line(Retries(attempts=3))
    line.open(OURS)
    line.feed(*TEXT[:6])
    line.course.cut(CUT)
    line.course.again(error)
    line.course.again(error)
    with pytest.raises(errors.StreamInterrupted) as caught:
        line.course.again(error)
    assert caught.value.resumable
    assert "resume('resp_1', starting_after=5)" in caught.value.advice


def test_attempts_count_anew_when_something_new_has_come() -> None:
    line = Line(Retries(attempts=1))
    for number, event in enumerate(TEXT[:6]):
        line.open(OURS)
        line.feed(event)
        line.course.cut(CUT)
        assert line.course.call.url.endswith(f"starting_after={number}")
    line.open(OURS)
    with pytest.raises(errors.StreamInterrupted):
        line.course.cut(CUT)


def test_where_nothing_is_kept_nothing_is_asked() -> None:
    line = Line(stored=False)
    line.open(OURS)
    line.feed(*TEXT[:3])
    with pytest.raises(errors.StreamInterrupted, match="store=True") as caught:
        line.course.cut(CUT)
    assert not caught.value.resumable


def test_events_without_numbers_cannot_be_gone_on_from() -> None:
    line = Line()
    line.open(OURS)
    bare = [{k: v for k, v in event.items() if k != "sequence_number"} for event in TEXT[:4]]
    assert len(line.feed(*bare)) == 4
    with pytest.raises(errors.StreamInterrupted, match="no numbers"):
        line.course.cut(CUT)


def test_without_an_id_the_post_is_repeated_where_keys_are_honoured() -> None:
    line = Line()
    line.open(OTHERS)
    line.course.cut(CUT)
    assert line.course.call.method == "HEAD"
    assert not line.course.accepts(405, {"x-idempotency": "honoured"})
    line.course.again(errors.APIError("405", status=405))
    assert line.course.call.method == "POST"
    line.open(OURS)
    assert line.bytes(wire(TEXT)) == list(range(len(TEXT)))


def test_without_an_id_and_without_keys_it_is_interrupted() -> None:
    line = Line()
    line.open(OTHERS)
    line.course.cut(CUT)
    assert not line.course.accepts(405, {})
    with pytest.raises(errors.StreamInterrupted, match="ask again") as caught:
        line.course.again(errors.APIError("405", status=405))
    assert caught.value.response_id is None


def test_the_streams_own_error_is_not_tried_again() -> None:
    line = Line()
    line.open(OURS)
    line.feed(*TEXT[:2], {"type": "error", "code": "x", "message": "it broke"})
    with pytest.raises(errors.ServerError, match="it broke"):
        line.course.cut(None)


def test_unknown_and_invalid_events_count_by_their_numbers() -> None:
    line = Line(invalid="give")
    line.open(OURS)
    strange = {"type": "response.hologram", "sequence_number": 2}
    broken = {"type": "response.output_text.delta", "sequence_number": 3, "delta": 5}
    line.feed(*TEXT[:2], strange, broken)
    assert line.assembly.last_sequence == 3
    line.course.cut(CUT)
    line.open(OURS)
    assert line.feed(*TEXT[:2], strange, broken, TEXT[4]) == [4]


def test_a_resumed_stream_drops_what_its_caller_has() -> None:
    line = Line(starting_after=2)
    line.open(OURS)
    assert line.feed(*TEXT[:5]) == [3, 4]


# -- stalls -----------------------------------------------------------------------------------

BEAT = b": keep-alive\n"


def test_silence_is_judged_only_where_keep_alives_were_shown() -> None:
    line = Line()
    line.open(OURS)
    line.feed(*TEXT[:2])
    line.now = 500.0
    line.feed(TEXT[2])
    assert line.assembly.silence is None


def test_the_time_between_two_keep_alives_is_what_counts() -> None:
    line = Line()
    line.open(OURS)
    line.now = 10.0
    line.feed(*TEXT[:2])
    line.now = 13.0
    line.bytes(BEAT)
    assert line.assembly.silence == 39.0  # the first bounds it: three times 13
    for line.now, expected in ((16.0, 9.0), (16.5, 9.0), (21.0, 13.5)):
        line.bytes(BEAT)
        assert line.assembly.silence == expected
    line.now = 60.0
    line.feed(TEXT[2])
    line.now = 63.0
    line.bytes(BEAT)  # there was an event in between: this measures nothing
    assert line.assembly.silence == 13.5


def test_there_is_a_least_and_a_new_connection_has_shown_nothing() -> None:
    line = Line()
    line.open(OURS)
    line.now = 0.1
    line.bytes(BEAT)
    assert line.assembly.silence == 1.0
    line.course.cut(LATE)
    line.open(OURS)
    assert line.assembly.silence is None


@pytest.mark.parametrize("background", [False, True])
def test_elsewhere_a_stall_is_judged_only_where_the_stream_is_kept(background: bool) -> None:
    line = Line()
    line.open(OTHERS)
    created = numbered({"type": "response.created", "response": response(background=background)})
    line.feed(*created)
    for line.now in (1.0, 2.0):
        line.bytes(BEAT)
    assert (line.assembly.silence is not None) == background
