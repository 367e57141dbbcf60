"""The model of JetStream says what a real nats-server says, request for request."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from tests.contract.journal.support import Clock
from tests.journal.model.broker import Broker, Request
from tests.journal.nats.raw import connected
from tests.nats_servers import PREFIX, cluster, empty, nats_journal

STREAMS = {0: f"{PREFIX.upper()}_EV_00", 1: f"{PREFIX.upper()}_JOBS"}
LOG, LIVE = f"{PREFIX}.ev.00.r.log", f"{PREFIX}.ev.00.r.live"
JOB = f"{PREFIX}.jobs.n.1.1.any.t.0-1.r"


def some(rng: random.Random, last: int) -> Request:
    """A request as the journal makes them; ``last`` is near the stream's last sequence."""
    subject = rng.choice([LOG, LIVE, JOB])
    stream = STREAMS[int(subject == JOB)]
    seq = max(0, last - rng.randrange(4))
    headers = [("Nats-Expected-Last-Subject-Sequence", str(rng.choice([0, seq, last])))]
    if subject == LIVE:
        headers.append(("Nats-Rollup", "sub"))
    kind = rng.choice(["write", "write", "write", "write", "last", "next", "purge", "delete"])
    if kind == "write":
        return Request(subject, b"%d" % rng.randrange(1000), tuple(headers))
    verb, body = {
        "last": ("STREAM.MSG.GET", {"last_by_subj": subject}),
        "next": ("STREAM.MSG.GET", {"next_by_subj": subject, "seq": max(1, seq)}),
        "purge": (
            "STREAM.PURGE",
            {"filter": rng.choice([subject, subject[:-3] + "*" if subject == LOG else subject])}
            | ({"seq": seq} if seq and rng.random() < 0.5 else {}),
        ),
        "delete": ("STREAM.MSG.DELETE", {"seq": max(1, seq)}),
    }[kind]
    return Request(f"$JS.API.{verb}.{stream}", msgspec.json.encode(body))


def gist(answer: dict[str, Any]) -> object:
    """What the journal takes from an answer."""
    if "error" in answer:
        # How a real one says that there is no such sequence depends on the store.
        code = answer["error"]["err_code"]
        return "gone" if code in (10043, 10057) else code
    if "message" in answer:
        message = answer["message"]
        return message["subject"], message["seq"], message.get("data", "")
    return answer.get("seq"), answer.get("purged"), answer.get("success")


@pytest.mark.parametrize("seed", range(4))
async def test_it_answers_as_a_real_server_does(seed: int) -> None:
    await empty(cluster(1).urls)
    journal = nats_journal(1, Clock())
    await journal.start()
    await journal.stop()
    rng = random.Random(seed)
    async with connected(cluster(1).urls) as client:
        await empty(cluster(1).urls)
        last = []
        for name in STREAMS.values():
            answer = await client.request(f"$JS.API.STREAM.INFO.{name}", b"", timeout=5)
            last.append(msgspec.json.decode(answer.data)["state"]["last_seq"])
        broker = Broker(last=tuple(last))
        for _ in range(150):
            request = some(rng, broker.last[rng.randrange(2)])
            real = await client.request(
                request.subject, request.data, timeout=5, headers=dict(request.headers) or None
            )
            broker, model = broker.answer(request)
            assert gist(msgspec.json.decode(model)) == gist(msgspec.json.decode(real.data)), request
