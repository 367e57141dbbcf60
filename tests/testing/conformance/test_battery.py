"""The battery against our own server, its selection, and its reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

import pytest
from tests.server.kit import Running
from tests.testing.conformance.changes import also, error, put, status, text
from tests.testing.conformance.endpoint import DIRECT, KEY, WORDS, endpoint
from tests.testing.conformance.twisting import Exchange, Twister, nothing

from heliograph import errors
from heliograph.lifecycle import DIALECTS
from heliograph.testing import conformance
from heliograph.testing.conformance import CASES, CaseResult, Target, Verdict

IDS = {case.id for case in CASES}

WRITES_NOT = {"format.json_schema", "tools.call", "tools.output", "tools.named", "tools.parallel",
              "tools.single"}  # fmt: skip


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    with endpoint() as it:
        yield it


def verdicts(results: list[CaseResult]) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for result in results:
        told.setdefault(str(result.verdict), set()).add(result.case.id)
    return told


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
def test_our_server_passes_every_case(here: Running, base: str) -> None:
    told = Target(base_url=here.url + base, model=WORDS, api_key=KEY,
                  image_model="heliograph/illustrator")  # fmt: skip
    seen: list[CaseResult] = []
    results = conformance.check_endpoint(told, CASES, seen.append)
    assert verdicts(results) == {"pass": IDS}, [r.findings for r in results if r.findings]
    assert seen == results


def test_what_is_no_language_model_says_what_it_lacks(here: Running) -> None:
    told = Target(base_url=f"{here.url}/v1", model=DIRECT, api_key=KEY)
    results = conformance.check_endpoint(told)
    assert verdicts(results) == {"pass": IDS - WRITES_NOT, "not supported": WRITES_NOT}
    assert all(result.note for result in results if result.verdict is Verdict.UNSUPPORTED)


def test_no_more_is_asked_than_is_announced(here: Running) -> None:
    pictures: dict[str, int] = {}
    polls: dict[str, int] = {}

    def count(x: Exchange) -> None:
        drawn = x.body.count(b'"type":"image_generation_call"') > 0 or b'"b64_json":"' in x.body
        pictures[x.case] = pictures.get(x.case, 0) + (drawn and x.method == "POST")
        waited = x.case in ("background.poll", "background.cancel") and x.method == "GET"
        polls[x.case] = polls.get(x.case, 0) + waited

    with Twister(here.url, nothing, count) as proxy:
        chosen = [case for case in CASES if case.id != "websocket"]
        told = Target(base_url=proxy.base_url, model=WORDS, api_key=KEY)
        results = conformance.check_endpoint(told, chosen)
    assert verdicts(results) == {"pass": IDS - {"websocket"}}
    for result in results:
        case = result.case
        sent = proxy.seen.get(case.id, 0) - polls.get(case.id, 0)
        assert (sent, result.requests) == (case.requests, case.requests), case.id
        assert pictures.get(case.id, 0) == case.pictures, case.id


def test_a_case_comes_after_those_it_needs_and_ids_are_unique() -> None:
    assert len(IDS) == len(CASES)
    seen: set[str] = set()
    for case in CASES:
        assert seen >= {*case.needs}
        seen.add(case.id)


def chosen(*only: str, skip: tuple[str, ...] = (), images: bool = True) -> list[str]:
    return [case.id for case in conformance.select(only, skip, images=images)]


def test_cases_are_chosen_with_what_they_need_and_left_out_with_what_needs_them() -> None:
    assert chosen("models") == ["models"]
    assert chosen("image.partials") == ["text", "image.stream", "image.partials"]
    assert not {"stored.retrieve", "stored.items", "stored.delete"} & {
        *chosen(skip=("stored.retrieve",))
    }
    without = {case.id for case in conformance.select(images=False)}
    assert not any(case.pictures for case in CASES if case.id in without)
    assert {"image.stream", "image.partials", "image.turn", "images.generate"} == IDS - without


@pytest.mark.parametrize(
    ("only", "skip", "says"),
    [
        (("tools.cal",), (), "no case is called 'tools.cal'; cases: text, "),
        ((), ("nothing",), "no case is called 'nothing'"),
        (("models",), ("models",), "no case is left"),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused(
    only: tuple[str, ...], skip: tuple[str, ...], says: str
) -> None:
    with pytest.raises(errors.UsageError, match=says):
        conformance.select(only, skip)


def test_what_needs_a_case_that_failed_is_skipped(here: Running) -> None:
    with Twister(
        here.url, nothing, lambda x: status(500)(x) if x.case == "stored.retrieve" else None
    ) as proxy:
        told = Target(base_url=proxy.base_url, model=WORDS, api_key=KEY)
        results = conformance.check_endpoint(told, conformance.select(["stored.delete"]))
    assert verdicts(results) == {
        "pass": {"text"}, "fail": {"stored.retrieve"}, "skipped": {"stored.delete"}
    }  # fmt: skip
    assert results[-1].note == "needs stored.retrieve, which failed"
    assert results[-1].requests == 0


def test_a_case_that_failed_in_a_detail_holds_nothing_up(here: Running) -> None:
    def no_truncation(x: Exchange) -> None:
        if x.case == "text":
            document = x.json
            del document["truncation"]
            x.json = document

    with Twister(here.url, nothing, no_truncation) as proxy:
        told = Target(base_url=proxy.base_url, model=WORDS, api_key=KEY)
        results = conformance.check_endpoint(told, conformance.select(["turns.input"]))
        lenient = Target(base_url=proxy.base_url, model=WORDS, dialect=DIALECTS["lenient"])
        allowed = conformance.check_endpoint(lenient, conformance.select(["turns.input"]))
    assert verdicts(results) == {"fail": {"text"}, "pass": {"turns.input"}}
    assert verdicts(allowed) == {"pass": {"text", "turns.input"}}


def test_what_is_not_stored_by_its_own_word_is_not_supported(here: Running) -> None:
    def stores_nothing(x: Exchange) -> None:
        if b'"store": true' in x.asked and x.method == "POST":
            document = x.json
            put("store", False)(document)
            x.json = document

    with Twister(here.url, nothing, stores_nothing) as proxy:
        told = Target(base_url=proxy.base_url, model=WORDS, api_key=KEY)
        chosen = conformance.select(["turns.previous", "stored.delete"])
        results = conformance.check_endpoint(told, chosen)
    assert verdicts(results) == {
        "pass": {"text"},
        "not supported": {"turns.previous", "stored.retrieve", "stored.delete"},
    }


def test_what_is_in_the_foreground_by_its_own_word_is_not_supported(here: Running) -> None:
    def stays(x: Exchange) -> None:
        if b'"background": true' in x.asked:
            x.body = x.body.replace(b'"background":true', b'"background":false')

    only = ["background.poll", "background.resume", "background.cancel"]
    with Twister(here.url, nothing, stays) as proxy:
        told = Target(base_url=proxy.base_url, model=WORDS, api_key=KEY)
        results = conformance.check_endpoint(told, conformance.select(only))
    assert verdicts(results) == {"pass": {"text"}, "not supported": {*only}}


def test_fields_that_only_our_server_promises_are_not_asked_of_others(here: Running) -> None:
    def plain(x: Exchange) -> None:
        if x.case == "models":
            kept = ("id", "object", "created", "owned_by")
            data = [{name: one[name] for name in kept} for one in x.json["data"]]
            x.json = {"object": "list", "data": data}
        if x.case == "images.generate":
            x.json = {"created": 1, "data": [{"b64_json": x.json["data"][0]["b64_json"]}]}

    with Twister(here.url, nothing, plain) as proxy:
        told = Target(base_url=proxy.base_url, model=WORDS, api_key=KEY)
        results = conformance.check_endpoint(
            told, conformance.select(["models", "images.generate"])
        )
    assert verdicts(results) == {"pass": {"text", "models", "images.generate"}}


def test_an_endpoint_that_is_silent_or_not_there_fails_in_time(here: Running) -> None:
    def stalls(x: Exchange) -> None:
        x.stall = 5.0

    with Twister(here.url, nothing, stalls) as proxy:
        told = Target(base_url=proxy.base_url, model=WORDS, timeout=0.3)
        results = conformance.check_endpoint(told, conformance.select(["text"]))
        gone = Target(base_url=proxy.base_url, model=WORDS, timeout=3)
    results += conformance.check_endpoint(gone, conformance.select(["text"]))
    assert [finding.rule for r in results for finding in r.findings] == ["HG-NET-001"] * 2


@pytest.fixture(scope="module")
def mixed(here: Running) -> tuple[Target, list[CaseResult]]:
    """A run with every verdict."""

    def answers(x: Exchange) -> None:
        if x.case == "instructions":
            error(400, "there are no instructions here \x1b", "instructions")(x)
        if x.case == "tools.call":
            also(status(500), text(b"\x1b[31m <&> \x00"))(x)

    with Twister(here.url, nothing, answers) as proxy:
        told = Target(base_url=proxy.base_url, model=WORDS, api_key=KEY)
        only = ["instructions", "tools.output"]
        return told, conformance.check_endpoint(told, conformance.select(only))


COUNTS = {"pass": 1, "fail": 1, "not supported": 1, "skipped": 1}


def test_the_json_says_it_all(mixed: tuple[Target, list[CaseResult]]) -> None:
    written = conformance.report_json(*mixed)
    told = json.loads(written)
    assert told["counts"] == conformance.counts(mixed[1]) == COUNTS
    assert (told["base_url"], told["model"]) == (mixed[0].base_url, WORDS)
    assert KEY not in written
    one = next(case for case in told["cases"] if case["id"] == "tools.call")
    assert one["verdict"] == "fail"
    assert one["findings"][0]["rule"] == "HG-API-001"
    assert one["findings"][0]["right"] == "200"
    assert one["fact"].startswith("Open Responses")
    assert {case["verdict"] for case in told["cases"]} == set(map(str, Verdict))


def test_the_junit_document_counts_and_names(mixed: tuple[Target, list[CaseResult]]) -> None:
    suite = Xml.fromstring(conformance.report_junit(*mixed).encode())
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "4", "failures": "1", "errors": "0", "skipped": "2"}
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    failure = cases["tools.call"].find("failure")
    assert failure is not None
    assert failure.get("type") == "HG-API-001"
    assert "HG-API-001" in (failure.text or "")
    skipped = cases["instructions"].find("skipped")
    assert skipped is not None
    assert (skipped.get("message") or "").startswith("not supported: POST /responses answers 400")
    assert [*cases["text"]] == []
