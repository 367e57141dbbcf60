"""``make bench``: runs every section and writes ``bench/RESULTS.md``.

A section is a module here with ``NAME: str`` and ``run(quick: bool) -> str``, which gives the
section's Markdown. ``python bench/run.py [--quick] [section ...]``; with sections named, the others
keep what stands in the file.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
ORDER = ("streams", "limits", "imports", "journal", "e2e", "gateways")


def sections() -> list[str]:
    """Names of the modules that are sections, the known ones first."""
    found = [
        path.stem
        for path in sorted(HERE.glob("*.py"))
        if re.search(r"^def run\(quick: bool\) -> str:", path.read_text(), re.MULTILINE)
    ]
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else 99, name))


def kept() -> dict[str, str]:
    """The sections of the file as it stands, by module name."""
    if not RESULTS.is_file():
        return {}
    parts = re.split(r"^<!-- section: (\w+) -->\n", RESULTS.read_text(), flags=re.MULTILINE)
    return {name: body.rstrip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: rough figures")
    parser.add_argument("section", nargs="*")
    args = parser.parse_args()
    sys.path.insert(0, str(HERE.parent))
    names = sections()
    unknown = set(args.section) - set(names)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    from bench import kit

    bodies = kept()
    for name in args.section or names:
        module = importlib.import_module(f"bench.{name}")
        print(f"{name}: {module.NAME} ...", flush=True)
        started = time.monotonic()
        body = module.run(args.quick).rstrip()
        took = time.monotonic() - started
        note = f"{'Quick run, ' if args.quick else ''}{time.strftime('%Y-%m-%d')}, {took:.0f} s"
        bodies[name] = f"## {module.NAME}\n\n{note}; {kit.machine()}.\n\n{body}"
        print(body, flush=True)
        write(names, bodies)


def write(names: list[str], bodies: dict[str, str]) -> None:
    parts = [
        "# Benchmarks\n\nWritten by `make bench`. How each is measured stands in its module.\n"
    ]
    parts += [f"<!-- section: {name} -->\n{bodies[name]}\n" for name in names if name in bodies]
    RESULTS.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
