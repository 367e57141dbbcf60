"""Takes the AI SDK's requests off the wire: ``python -m tests.interop.recording`` writes them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.interop.house import LOOK, MODEL, SEEN
from tests.interop.npm.install import find_node

from heliograph.testing import Call, FakeChat, Received, Say

HERE = Path(__file__).parent


def _act(request: Received) -> Say:
    body = request.json()
    if any(item.get("type") == "function_call_output" for item in body["input"]):
        return Say(text="Done.")
    if any(tool.get("name") == LOOK["name"] for tool in body.get("tools", ())):
        look = Call(name="look", arguments='{"window":"north"}')
        return Say(reasoning="Hm.", calls=(look,))
    return Say(text=json.dumps({"answer": SEEN}))


def record() -> dict[str, dict[str, Any]]:
    """Each body by its name: the call's label, which is its prompt, and a number."""
    found: dict[str, dict[str, Any]] = {}
    with FakeChat(_act) as fake:
        command = [str(find_node()), "requests.mjs", fake.url, MODEL]
        subprocess.run(
            command, cwd=HERE / "npm", check=True, capture_output=True, text=True, timeout=120
        )
        bodies = [request.json() for request in fake.requests]
    for body in bodies:
        (said,) = [item for item in body["input"] if item.get("role") == "user"]
        label = said["content"][0]["text"].replace(" ", "_").replace("-", "_")
        number = sum(name.startswith(f"{label}_") for name in found) + 1
        found[f"{label}_{number}"] = body
    return found


def main() -> None:
    """Write them to ``recorded/``."""
    packages = json.loads((HERE / "npm" / "package.json").read_text())["dependencies"]
    client = " ".join(
        f"{n} {packages[n]}" for n in ("ai", "@ai-sdk/open-responses", "@ai-sdk/openai")
    )
    for name, body in record().items():
        text = json.dumps({"client": client, "body": body}, indent=1, ensure_ascii=False)
        (HERE / "recorded" / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
