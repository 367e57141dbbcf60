"""`heliograph check`: what it says of a capture, and its exit status."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from tests.lifecycle import _streams as s

from heliograph import errors
from heliograph.cli import _check, main

GOOD = s.good()
PICTURE = GOOD["image, 2 partials"]
R = "response."


def lines(stream: list[s.Wire]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in stream)


def frames(stream: list[s.Wire], end: str = "data: [DONE]\n\n", name: str = "") -> bytes:
    text = "".join(
        f"event: {name or event['type']}\ndata: {json.dumps(event)}\n\n" for event in stream
    )
    return (text + end).encode()


def checked(tmp_path: Path, capture: bytes, dialect: str = "strict") -> tuple[int, list[str]]:
    file = tmp_path / "capture"
    file.write_bytes(capture)
    out = io.StringIO()
    status = _check.check_file(str(file), dialect, out)
    return status, out.getvalue().splitlines()


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("form", [lines, frames])
def test_a_good_capture_passes(tmp_path: Path, name: str, form: object) -> None:
    capture = lines(GOOD[name]) if form is lines else frames(GOOD[name])
    status, said = checked(tmp_path, capture)
    assert (status, said[-1]) == (0, "no rule broken (strict)")


def test_the_summary_counts_events_and_pictures(tmp_path: Path) -> None:
    status, said = checked(tmp_path, frames(PICTURE))
    assert status == 0
    assert said[0].endswith(
        "capture: 16 events, 1 picture, 2 partial images; the response is completed"
    )
    assert "      2 response.image_generation_call.partial_image" in said


def test_each_violation_is_a_line_with_rule_event_and_what_would_be_right(tmp_path: Path) -> None:
    stream = s.numbered([e for e in PICTURE if e.get("partial_image_index") != 0])
    status, said = checked(tmp_path, frames(stream))
    assert status == 1
    assert said[-2:] == [
        "HG-IMG-003 event 5: partial_image_index 1; right: 0",
        "1 violation (strict)",
    ]


def test_a_known_type_with_a_wrong_field_is_a_violation_with_the_field(tmp_path: Path) -> None:
    stream = [dict(event) for event in PICTURE]
    stream[4]["output_index"] = "zero"
    status, said = checked(tmp_path, lines(stream))
    assert status == 1
    (line,) = [line for line in said if line.startswith("HG-EVT-001")]
    assert "event 4" in line
    assert "output_index" in line


def test_an_event_of_no_spec_is_shown_as_such_and_no_fault(tmp_path: Path) -> None:
    status, said = checked(tmp_path, frames(GOOD["debug and unknown"]))
    assert status == 0
    assert "      1 acme.sparkle  (in no spec)" in said


def test_an_sse_name_that_is_not_the_type_is_reported(tmp_path: Path) -> None:
    wrong = frames(PICTURE[:3], end="") + frames(PICTURE[3:4], end="", name="other")
    status, said = checked(tmp_path, wrong + frames(PICTURE[4:]))
    assert status == 1
    assert [line.partition(":")[0] for line in said if line.startswith("HG-")] == [
        "HG-SSE-001 event 3"
    ]


@pytest.mark.parametrize("end", ["data: [DONE]\n\ndata: [DONE]\n\n", None])
def test_nothing_comes_after_done(tmp_path: Path, end: str | None) -> None:
    if end is None:
        capture = frames(PICTURE[:-1]) + frames(PICTURE[-1:], end="")
    else:
        capture = frames(PICTURE, end)
    status, said = checked(tmp_path, capture)
    assert status == 1
    assert [line.split()[0] for line in said if line.startswith("HG-")] == ["HG-SSE-002"]


def test_a_stream_that_ended_closes_with_done_but_for_a_tolerance(tmp_path: Path) -> None:
    status, said = checked(tmp_path, frames(PICTURE, end=""))
    assert status == 1
    assert [line.split()[0] for line in said if line.startswith("HG-")] == ["HG-SSE-003"]
    assert checked(tmp_path, frames(PICTURE, end=""), "no-done-marker")[0] == 0


@pytest.mark.parametrize("capture", [lines(PICTURE[:9]), frames(PICTURE[:9], end="")])
def test_a_capture_that_breaks_off_is_one_violation(tmp_path: Path, capture: bytes) -> None:
    status, said = checked(tmp_path, capture)
    assert status == 1
    assert [line.split()[0] for line in said if line.startswith("HG-")] == ["HG-END-002"]


@pytest.mark.parametrize(
    "capture",
    [
        b"\xef\xbb\xbf" + lines(PICTURE),
        b"\n\n" + lines(PICTURE).replace(b"\n", b"\r\n\r\n"),
        b": keep-alive\n\n" + frames(PICTURE),
        b"\xef\xbb\xbf" + frames(PICTURE).replace(b"\n", b"\r\n"),
        lines(PICTURE).rstrip(b"\n"),
    ],
)
def test_the_form_is_found_by_content(tmp_path: Path, capture: bytes) -> None:
    assert checked(tmp_path, capture)[0] == 0


def test_a_capture_of_many_pieces_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_check, "_PIECE", 7)
    assert checked(tmp_path, lines(PICTURE))[0] == 0
    assert checked(tmp_path, frames(PICTURE))[0] == 0


@pytest.mark.parametrize(
    ("capture", "message"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (b"<html>no</html>", "neither server-sent events"),
        (b"[1, 2]", "neither server-sent events"),
        (b"\x89PNG\r\n", "neither server-sent events"),
        (b'{"id": "resp_1"}\n', "line 1 is no event"),
        (b"{\n  'no': json\n}", "line 1 is no event"),
        (b": only\n\n: comments\n\n", "no event in it"),
    ],
)
def test_what_is_no_capture_is_a_usage_error(tmp_path: Path, capture: bytes, message: str) -> None:
    with pytest.raises(errors.UsageError, match=message):
        checked(tmp_path, capture)


def test_the_command_reads_a_file_or_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines(PICTURE))
    assert main(["check", str(file)]) == 0
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(frames(PICTURE[:5], end=""))))
    assert main(["check", "-"]) == 1
    assert "standard input: 5 events" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args", [["absent.sse"], ["."], ["/dev/null"], ["/dev/null", "--dialect", "bogus"]]
)
def test_bad_input_is_one_line_and_exit_2(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *args]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


def test_a_dialect_is_chosen_by_name(tmp_path: Path) -> None:
    stream = [dict(event) for event in GOOD["text"]]
    for event in stream:
        event.pop("logprobs", None)
    assert checked(tmp_path, lines(stream))[0] == 1
    status, said = checked(tmp_path, lines(stream), "no-logprobs,keep-alive")
    assert (status, said[-1]) == (0, "no rule broken (no-logprobs,keep-alive)")
