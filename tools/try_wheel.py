"""Build the wheel, install it where nothing else is, and draw with it.

The working tree can hold what the wheel forgot; this finds out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    """The command's standard output; its failure is ours."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", scratch, cwd=ROOT)
        (wheel,) = scratch.glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        assert "heliograph/py.typed" in names, "the wheel lacks py.typed"
        assert not [n for n in names if n.startswith("tests")], "the wheel carries tests"

        venv.create(scratch / "env", with_pip=True)
        python = scratch / "env" / "bin" / "python"
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, wheel, cwd=scratch)
        run(
            python,
            "-c",
            "import heliograph; heliograph.Heliograph(api_key='k', base_url='http://127.0.0.1:1/v1')",
            cwd=scratch,
        )
        lacking = subprocess.run(
            [python.with_name("heliograph"), "draw", "a fox"],
            cwd=scratch, check=False, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert lacking.returncode == 2, lacking
        assert "heliograph[local]" in lacking.stderr, lacking.stderr

        run(*pip, f"{wheel}[all]", cwd=scratch)
        command = python.with_name("heliograph")
        run(command, "draw", "a red fox", "--output", "fox.png", "--events", "e.jsonl", cwd=scratch)
        assert (scratch / "fox.png").read_bytes().startswith(b"\x89PNG\r\n"), "no picture"
        print(run(command, "check", "e.jsonl", cwd=scratch).strip())
    print("the wheel works alone")
    return 0


if __name__ == "__main__":
    sys.exit(main())
