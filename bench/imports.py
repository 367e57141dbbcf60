"""What importing costs: CPU time inside a fresh process, from before the import to after it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import kit

NAME = "Imports"

CASES = {
    "import heliograph": ("ours", "import heliograph"),
    "import openai": ("peer", "import openai"),
    "import openrouter": ("peer", "import openrouter"),
    "from heliograph import Heliograph; Heliograph()": (
        "ours",
        "from heliograph import Heliograph; Heliograph()",
    ),
    "from openai import OpenAI; OpenAI()": ("peer", "from openai import OpenAI; OpenAI()"),
}
FRAME = "import time, json\nt = time.process_time()\n{code}\nprint(time.process_time() - t)\n"


def run(quick: bool) -> str:
    rounds = 5 if quick else 15
    found: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as folder:
        scripts = {}
        for number, (name, (_, code)) in enumerate(CASES.items()):
            scripts[name] = Path(folder) / f"case{number}.py"
            scripts[name].write_text(FRAME.format(code=code))
        for turn in range(rounds + 1):
            for name, (whose, _) in CASES.items():
                python = kit.OURS if whose == "ours" else kit.peer_python()
                seconds = kit.run_json(python, scripts[name])
                if turn:  # the first writes the compiled files
                    found[name].append(seconds * 1000)
    cost = {name: kit.middle(values) for name, values in found.items()}
    names = list(CASES)
    bare = cost[names[0]] / cost[names[1]]
    made = cost[names[3]] / cost[names[4]]
    rows = [[f"`{name}`", f"{value:.1f}"] for name, value in cost.items()]
    targets = [
        ["`import heliograph` of `import openai`", "0.10", f"{bare:.3f}", kit.verdict(bare <= 0.1)],
        ["a client, of openai's", "0.33", f"{made:.2f}", kit.verdict(made <= 1 / 3)],
    ]
    return (
        f"Median of {rounds} processes each, in turn.\n\n"
        + kit.table(["", "CPU milliseconds"], rows)
        + "\n\n"
        + kit.table(["target", "at most", "got", ""], targets)
    )
