"""The Python of ``docs/tools.md`` runs as it stands, block after block, against a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.client.talking import talking

from heliograph.testing import Call, Received, Say

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tools.md"


def play(request: Received) -> Say:
    """A model that does what the page asks of it."""
    body = request.json()
    if "response_format" in body:
        assert body["response_format"]["json_schema"]["strict"] is True
        return Say(text='{"name": "Renard", "legs": 4}')
    last = body["messages"][-1]
    if last["role"] == "tool":
        return Say(text=f"There is {json.loads(last['content'])['weather']}.")
    city = "Bergen" if "Bergen" in last["content"] else "Oslo"
    arguments = json.dumps({"city": city, "unit": None})
    return Say(calls=(Call(name="weather", arguments=arguments),))


async def test_every_block_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    async with talking(play) as here:
        code = "".join(blocks).replace("http://127.0.0.1:8080", here.server.url)
        code = code.replace("house/talker", "test/talker")
        ran = subprocess.run(  # noqa: ASYNC221 - the server has a thread of its own
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
        )
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[:2] == ["Renard 4", "There is fog."]
    assert lines.count("1 response.completed") == lines.count("2 response.completed") == 1
