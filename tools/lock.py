"""Write requirements/dev.lock: every development dependency, pinned, with hashes.

Names no index, so that it installs from whichever one pip is configured for.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "dev.lock"


def wanted() -> list[str]:
    """The requirements of the project, its extras and its dev group, without the project itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        project["dependency-groups"]["dev"],
    ]
    return sorted({r for group in groups for r in group if not r.startswith("heliograph[")})


def main() -> int:
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--universal",
        "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header",
        "--no-emit-index-url", "--no-emit-find-links", "--output-file", str(LOCK),
    ]  # fmt: skip
    return subprocess.run(command, input="\n".join(wanted()), text=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
